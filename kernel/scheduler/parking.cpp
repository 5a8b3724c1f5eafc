#include "scheduler/parking.hpp"

#include "scheduler/scheduler.hpp"
#include "scheduler/thread_registry.hpp"

namespace exo::scheduler {

namespace {

constexpr u8 EMPTY = 0;
constexpr u8 PARKED = 1;
constexpr u8 NOTIFIED = 2;

/// Ends a park at a deadline.
struct WakeTimer : time::Timer {
    explicit WakeTimer(Thread& to_wake)
        : Timer([](Timer& timer) { unpark(static_cast<WakeTimer&>(timer).thread); }),
          thread(to_wake) {}
    Thread& thread;
};

}  // namespace

Result<> check_interrupted(WaitMode mode) {
    if (current_thread().has_work(interrupting(mode))) return Error::RestartSys;
    return {};
}

Result<> park(WaitMode mode, Deadline deadline) {
    sync::assert_may_sleep();
    Thread& self = current_thread();
    TRY(check_interrupted(mode));
    if (!deadline.is_never() && deadline.has_passed()) return Error::Etimedout;
    // A token that came since the caller's last look: look again.
    if (self.token_.exchange(EMPTY) == NOTIFIED) return {};

    self.wait_mode_.store(mode, std::memory_order_relaxed);
    const auto wait_for_token = [&self] {
        {
            // No handler may run between the announcement and the switch: its unpark would make a running thread runnable.
            const sync::InterruptsOff no_interrupts;
            u8 expected = EMPTY;
            // seq_cst, as all accesses to the token: pairs with the exchange in unpark
            if (self.token_.compare_exchange_strong(expected, PARKED))
                SCHEDULER.switch_away(ThreadState::Blocked);
        }
        // Not a store: it must see what whoever left the last token wrote before.
        (void)self.token_.exchange(EMPTY);
    };
    if (deadline.is_never()) [[likely]] {
        wait_for_token();
        return {};
    }
    WakeTimer timer(self);
    timer.arm(deadline);
    wait_for_token();
    timer.cancel();
    return {};
}

void unpark(Thread& thread) {
    if (thread.token_.exchange(NOTIFIED) == PARKED) SCHEDULER.make_runnable(thread);
}

void interrupt(Thread& thread, Work work) {
    thread.add_work(work);
    unpark(thread);
    SCHEDULER.prod(thread);
}

Result<> sleep_until(Deadline deadline, WaitMode mode) {
    while (!deadline.has_passed()) {
        const Result<> result = park(mode, deadline);
        if (!result && result.error() == Error::Etimedout) return {};
        TRY(result);
    }
    return {};
}

Result<> Scheduler::unblock_thread(ThreadId id) {
    Ref<Thread> thread = THREADS.find(id);
    if (!thread) return Error::Esrch;
    unpark(*thread);
    return {};
}

}  // namespace exo::scheduler
