#include "time/clock.hpp"

#include <atomic>

#include "arch/interface.hpp"
#include "utils/assert.hpp"
#include "utils/bits.hpp"

namespace exo::time {

namespace {

/// From `cycles` on, at which it was `nanoseconds` o'clock, time runs at `scale`.
struct Line {
    u64 hertz = SECOND;
    CycleScale scale{};
    u64 cycles = 0;
    Nanoseconds nanoseconds = 0;

    Nanoseconds at(u64 counter) const {
        // A CPU whose counter is a little behind the one that drew the line must not see time jump.
        return counter >= cycles ? nanoseconds + scale.nanoseconds(counter - cycles)
                                 : nanoseconds - scale.nanoseconds(cycles - counter);
    }
};

/// The line from the boot and the refined one. INVARIANT: each is written once, before `line_in_force` names it, so
/// readers take no lock.
constinit Line lines[2];
constinit std::atomic<u32> line_in_force{0};
constinit std::atomic<Nanoseconds> realtime_offset{0};

// acquire: pairs with the release in refine_clock
const Line& current_line() { return lines[line_in_force.load(std::memory_order_acquire)]; }

}  // namespace

void start_clock(u64 cycle_counter_hertz) {
    lines[0] = {cycle_counter_hertz, CycleScale::from_hertz(cycle_counter_hertz), arch::cycle_counter(), 0};
}

void refine_clock(u64 cycle_counter_hertz) {
    ASSERT(line_in_force.load(std::memory_order_relaxed) == 0);
    const u64 now = arch::cycle_counter();
    lines[1] = {cycle_counter_hertz, CycleScale::from_hertz(cycle_counter_hertz), now, lines[0].at(now)};
    line_in_force.store(1, std::memory_order_release);  // publishes the line
}

CycleScale cycle_scale() { return current_line().scale; }

u64 cycle_counter_hertz() { return current_line().hertz; }

Nanoseconds monotonic() { return current_line().at(arch::cycle_counter()); }

Nanoseconds realtime() { return monotonic() + realtime_offset.load(std::memory_order_relaxed); }

void set_realtime(Nanoseconds since_epoch) {
    // Wraps when the wall clock is set before the boot: unsigned arithmetic undoes it in realtime().
    realtime_offset.store(since_epoch - monotonic(), std::memory_order_relaxed);
}

Deadline Deadline::after(Nanoseconds from_now) {
    const auto at = checked_add(monotonic(), from_now);
    return at ? Deadline{*at} : never();
}

bool Deadline::has_passed() const { return !is_never() && monotonic() >= at; }

}  // namespace exo::time
