// Preemption points: where long work of the kernel lets others run.
//
//     for (Area& area : areas) {
//         release(area);
//         preempt_point();
//     }
//
// Kernel code is not preempted by itself. Every loop whose length a user chooses passes a point at least every 100,000
// instructions. A point may switch to another thread: interrupts are on, no spin lock is held, faults are not disabled; locks
// that sleep may be held. Debug builds that are told `preempt_watchdog=NANOSECONDS` report who stays longer without one.
#pragma once

#include "scheduler/parking.hpp"
#include "scheduler/scheduler.hpp"

namespace exo::scheduler {

/// The preemption watchdog (see above). Each stay in the kernel begins at an entry (a call, a fault, a timer in user mode), a
/// point, a switch to the thread, or where the idle thread goes on after an interrupt. Nothing in a release build.
namespace watchdog {
#if defined(EXO_DEBUG)
/// 0: off.
void set_limit(time::Nanoseconds limit);
void begin_stay();
/// Reports a stay that was too long, and begins the next. `place`: an address in the code that has come so far.
void end_stay(u64 place);
#else
inline void set_limit(time::Nanoseconds /*limit*/) {}
inline void begin_stay() {}
inline void end_stay(u64 /*place*/) {}
#endif
/// A whole stay, of a system call or an exception.
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
/// Whether the current thread has any of `work` to do; the boot, before there are threads, has none.
[[gnu::always_inline]] inline bool has_any(Work work) {
    sync::assert_may_sleep();
    watchdog::end_stay(reinterpret_cast<u64>(__builtin_return_address(0)));
    const auto* self = static_cast<const sync::ThreadHeader*>(arch::current_thread());
    return self != nullptr && (self->work.load(std::memory_order_relaxed) & std::to_underlying(work)) != 0;
}
}  // namespace detail

/// Lets others run whose turn it is.
[[gnu::always_inline]] inline void preempt_point() {
    if (detail::has_any(Work::Reschedule)) [[unlikely]]
        SCHEDULER.give_way();
}

/// A point that also ends what may end early. Errors: RestartSys (what `mode` admits: a signal, or that the thread is to die).
[[gnu::always_inline]] inline Result<> preempt_point(WaitMode mode) {
    if (detail::has_any(Work::Reschedule | interrupting(mode))) [[unlikely]]
        return SCHEDULER.give_way(mode);
    return {};
}

}  // namespace exo::scheduler
