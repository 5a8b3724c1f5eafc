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

#if defined(EXO_DEBUG)
/// The preemption watchdog (see above). Each stay in the kernel begins at an entry, a point or a switch to the thread.
namespace watchdog {
/// 0: off.
void set_limit(time::Nanoseconds limit);
void begin_stay();
/// Reports a stay that was too long, and begins the next. `place`: an address in the code that has come so far.
void end_stay(u64 place);
/// A whole stay, of a system call or an exception.
class Stay {
  public:
    explicit Stay(u64 place) : place_(place) { begin_stay(); }
    ~Stay() { end_stay(place_ + 1); }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;

  private:
    u64 place_;
};
}  // namespace watchdog
#endif

/// Lets others run whose turn it is.
[[gnu::always_inline]] inline void preempt_point() {
    sync::assert_may_sleep();
#if defined(EXO_DEBUG)
    watchdog::end_stay(reinterpret_cast<u64>(__builtin_return_address(0)));
#endif
    const auto* self = static_cast<const sync::ThreadHeader*>(arch::current_thread());
    constexpr u32 RESCHEDULE = std::to_underlying(Work::Reschedule);
    if (self != nullptr && (self->work.load(std::memory_order_relaxed) & RESCHEDULE) != 0) [[unlikely]]
        SCHEDULER.give_way();
}

/// A point that also ends what may end early. Errors: RestartSys (what `mode` admits: a signal, or that the thread is to die).
[[gnu::always_inline]] inline Result<> preempt_point(WaitMode mode) {
    preempt_point();
    if (arch::current_thread() == nullptr) return {};
    return check_interrupted(mode);
}

}  // namespace exo::scheduler
