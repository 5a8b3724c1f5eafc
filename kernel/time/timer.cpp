#include "time/timer.hpp"

#include <atomic>
#include <utility>

#include "arch/upcalls.hpp"
#include "sync/handler_context.hpp"
#include "sync/per_cpu.hpp"
#include "sync/spin_lock.hpp"

namespace exo::time {

struct TimerQueue {
    struct KeyOf {
        static const Timer::Key& key(const Timer& timer) { return timer.key_; }
    };
    Tree<Timer, &Timer::link_, KeyOf> armed;
    Nanoseconds interrupt_at = ~0ULL;  ///< What the hardware is set to.

    void set_hardware(Nanoseconds at) {
        if (at >= interrupt_at) return;
        interrupt_at = at;
        const Nanoseconds now = monotonic();
        arch::arm_timer(at > now ? at - now : 1);
    }
    /// Its time has come, and it is in no queue any more.
    void run(Timer& timer) {
        timer.callback_(timer);
        const Nanoseconds delay = std::exchange(timer.again_after_, 0);
        if (delay == 0) return;
        timer.key_.deadline = Deadline::after(delay).at;
        armed.insert(timer);
    }
};

namespace {
using Queue = sync::SpinLocked<TimerQueue, sync::LockRank::Timer, sync::IrqOff>;
constinit sync::PerCpu<Queue> queues;
constinit std::atomic<void (*)()> tick_hook{nullptr};  // set by each CPU that starts, always to the same
}  // namespace

void Timer::insert(Deadline deadline) {
    is_armed_ = true;
    const sync::InterruptsOff no_interrupts;  // or the thread could move to another CPU between the two lines
    cpu_ = arch::cpu_index();
    auto queue = queues.of(cpu_).lock_without_interrupts();
    key_.deadline = deadline.at;
    queue->armed.insert(*this);
    queue->set_hardware(deadline.at);
}

void Timer::remove() {
    is_armed_ = false;
    // Callbacks run under the queue's lock, so holding it means that ours is not running.
    auto queue = queues.of(cpu_).lock();
    if (link_.is_linked()) queue->armed.remove(*this);
}

Deadline next_timer() {
    auto queue = queues.mine().lock();
    const Timer* first = queue->armed.first();
    return first != nullptr ? Deadline{TimerQueue::KeyOf::key(*first).deadline} : Deadline::never();
}

void request_interrupt_by(Deadline deadline) {
    if (!deadline.is_never()) queues.mine().lock()->set_hardware(deadline.at);
}

void run_due_timers() {
    auto queue = queues.mine().lock();
    queue->interrupt_at = ~0ULL;
    while (Timer* timer = queue->armed.first()) {
        const Nanoseconds due = TimerQueue::KeyOf::key(*timer).deadline;
        if (due > monotonic()) {
            queue->set_hardware(due);
            return;
        }
        queue->armed.remove(*timer);
        queue->run(*timer);
    }
}

void set_tick_hook(void (*hook)()) { tick_hook.store(hook, std::memory_order_relaxed); }

}  // namespace exo::time

void exo::upcalls::timer_tick(InterruptedMode mode) {
    sync::thread_header().was_in_user_mode = mode == InterruptedMode::User;
    const sync::HandlerContext context;
    time::run_due_timers();
    if (auto* const hook = time::tick_hook.load(std::memory_order_relaxed); hook != nullptr) hook();
}
