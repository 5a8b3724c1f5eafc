#include "time/clock.hpp"

#include <atomic>

#include "arch/interface.hpp"
#include "utils/bits.hpp"

namespace exo::time {

namespace {
constinit CycleScale scale;
constinit u64 counter_hertz = SECOND;
constinit u64 cycles_at_start = 0;
constinit std::atomic<Nanoseconds> realtime_offset{0};
}  // namespace

void start_clock(u64 cycle_counter_hertz) {
    counter_hertz = cycle_counter_hertz;
    scale = CycleScale::from_hertz(cycle_counter_hertz);
    cycles_at_start = arch::cycle_counter();
}

CycleScale cycle_scale() { return scale; }

u64 cycle_counter_hertz() { return counter_hertz; }

Nanoseconds monotonic() { return scale.nanoseconds(arch::cycle_counter() - cycles_at_start); }

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
