// Preemption points: the places where long-running kernel code lets other threads run.
//
//     for (Area& area : areas) {
//         release(area);
//         preempt_point();
//     }
//
// Kernel code is not preempted anywhere else. Every loop whose length a user chooses passes a point at least
// every 100,000 instructions. A point may switch to another thread, so interrupts must be on, no spin lock
// may be held, and faults must not be disabled. Sleeping locks may be held. Debug builds with
// `preempt_watchdog=NANOSECONDS` on the command line report code that runs longer without a point.
#pragma once

#include "scheduler/parking.hpp"
#include "scheduler/scheduler.hpp"

namespace exo::scheduler {

/// The preemption watchdog. It measures stays: a stay begins when the thread enters the kernel (a call, a
/// fault, a timer in user mode), at a point, at a switch to the thread, and when the idle thread continues
/// after an interrupt. Empty in release builds.
namespace watchdog {
#if defined(EXO_DEBUG)
/// Sets the longest permitted stay; 0: no limit.
void set_limit(time::Nanoseconds limit);
void begin_stay();
/// Ends a stay, reports it if it was too long, and begins the next. `place`: an address in the code that
/// ended it.
void end_stay(u64 place);
#else
inline void set_limit(time::Nanoseconds /*limit*/) {}
inline void begin_stay() {}
inline void end_stay(u64 /*place*/) {}
#endif
/// A whole stay: that of a system call or of an exception.
class Stay {
  public:
    explicit Stay(u64 place) : place_(place) { begin_stay(); }
    ~Stay() { end_stay(place_ + 1); }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;

  private:
    [[maybe_unused]] u64 place_;
};
}  // namespace watchdog

namespace detail {
/// Whether the current thread has any of the bits of `work` set. False during boot, before there are threads.
[[gnu::always_inline]] inline bool has_any(Work work) {
    sync::assert_may_sleep();
    watchdog::end_stay(reinterpret_cast<u64>(__builtin_return_address(0)));
    const auto* self = static_cast<const sync::ThreadHeader*>(arch::current_thread());
    return self != nullptr && (self->work.load(std::memory_order_relaxed) & std::to_underlying(work)) != 0;
}
}  // namespace detail

/// A preemption point: lets other threads run if it is their turn.
[[gnu::always_inline]] inline void preempt_point() {
    if (detail::has_any(Work::Reschedule)) [[unlikely]]
        SCHEDULER.give_way();
}

/// A preemption point that may also end the work. Errors: RestartSys (an event that `mode` admits: a signal,
/// or the thread is being killed).
[[gnu::always_inline]] inline Result<> preempt_point(WaitMode mode) {
    if (detail::has_any(Work::Reschedule | interrupting(mode))) [[unlikely]]
        return SCHEDULER.give_way(mode);
    return {};
}

}  // namespace exo::scheduler
