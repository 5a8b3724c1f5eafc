#include "net/link/chores.hpp"

#include "net/link/activity.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/wait_queue.hpp"

namespace exo::net {

using time::Nanoseconds;

/// The thread, and the list of all chores that ever were to run; it only grows, by a few.
struct ChoreThread {
    static constinit std::atomic<Chore*> first;
    static constinit std::atomic<bool> has_news;
    [[clang::no_destroy]] static constinit scheduler::WaitQueue news;

    static void list(Chore& chore) {
        if (chore.is_listed_.exchange(true, std::memory_order_acq_rel)) return;
        Chore* before = first.load(std::memory_order_relaxed);
        do {
            chore.next_.store(before, std::memory_order_relaxed);
        } while (!first.compare_exchange_weak(before, &chore, std::memory_order_release));
    }

    /// Runs what is due, and returns when the next one is; 0: none.
    static Nanoseconds run_due() {
        Nanoseconds next = 0;
        for (Chore* chore = first.load(std::memory_order_acquire); chore != nullptr;
             chore = chore->next_.load(std::memory_order_relaxed)) {
            Nanoseconds due = chore->due_.load(std::memory_order_acquire);
            if (due == 0) continue;
            const Nanoseconds now = time::monotonic();
            if (due <= now) {
                chore->due_.store(0, std::memory_order_release);
                const Activity activity;
                if (const Nanoseconds again = chore->run_(now); again != 0) chore->run_at(again);
                due = chore->due_.load(std::memory_order_acquire);
                if (due == 0) continue;
            }
            if (next == 0 || due < next) next = due;
        }
        return next;
    }

    [[noreturn]] static void run(void*) {
        while (true) {
            has_news.store(false, std::memory_order_seq_cst);
            const Nanoseconds next = run_due();
            (void)news.wait(
                scheduler::WaitMode::Uninterruptible, [] { return has_news.load(std::memory_order_seq_cst); },
                next == 0 ? time::Deadline::never() : time::Deadline{next});
        }
    }
};
constinit std::atomic<Chore*> ChoreThread::first{nullptr};
constinit std::atomic<bool> ChoreThread::has_news{false};
constinit scheduler::WaitQueue ChoreThread::news;

void Chore::run_at(Nanoseconds when) {
    ChoreThread::list(*this);
    Nanoseconds due = due_.load(std::memory_order_relaxed);
    do {
        if (due != 0 && due <= when) return;
    } while (!due_.compare_exchange_weak(due, when, std::memory_order_acq_rel));
    ChoreThread::has_news.store(true, std::memory_order_seq_cst);
    ChoreThread::news.wake_all_atomically();
}

Result<> start_chores() {
    const Ref<scheduler::Thread> thread = TRY(scheduler::Thread::create(
        "net-chores", &ChoreThread::run, nullptr, scheduler::ThreadPriority::Normal));
    scheduler::SCHEDULER.start_thread(thread);
    return {};
}

}  // namespace exo::net
