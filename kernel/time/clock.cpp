#include "time/clock.hpp"

#include <atomic>
#include <iterator>

#include "abi/exo/clock_page.hpp"
#include "arch/interface.hpp"
#include "sync/spin_lock.hpp"
#include "time/counter.hpp"
#include "utils/assert.hpp"
#include "utils/bits.hpp"

namespace exo::time {

namespace {

/// From `reading` of the source on, at which it was `nanoseconds` o'clock, time runs at `scale`.
struct Line {
    LongCounter* source =
        nullptr;            ///< Null: the cycle counter, read in place because everyone does all the time.
    CounterScale scale{0};  ///< Time stands still before the clock is started.
    u64 reading = 0;
    Nanoseconds nanoseconds = 0;

    /// Also of a reading before the line's: a CPU whose counter is a little behind must not see time jump.
    Nanoseconds at(u64 value) const {
        return nanoseconds + scale.nanoseconds(static_cast<i64>(value - reading));
    }
};

/// The line from the boot, and those after it. INVARIANT: each is written once, before `line_in_force` names it, so
/// readers take no lock.
constinit Line lines[3];
constinit std::atomic<const Line*> line_in_force{&lines[0]};
constinit LongCounter counter_in_force;
constinit std::atomic<u64> cycles_per_second{SECOND};
constinit std::atomic<Nanoseconds> realtime_offset{0};

/// The last coarse time: seconds above 30 bits of nanoseconds, so that it is one word, and the cycle counter's value when it
/// was taken. It is good for `coarse_window` cycles; 0 while the clock is another counter.
constinit std::atomic<u64> coarse_time{0};
constinit std::atomic<u64> coarse_cycles{0};
constinit std::atomic<u64> coarse_window{0};
constexpr u32 NANOSECOND_BITS = 30;

constexpr WallTime unpack(u64 word) {
    return {word >> NANOSECOND_BITS, static_cast<u32>(word & ((1U << NANOSECOND_BITS) - 1))};
}

[[gnu::noinline, gnu::cold]] WallTime renew_coarse_time(u64 cycles) {
    const Nanoseconds now = realtime();
    const u64 fresh = now / SECOND << NANOSECOND_BITS | now % SECOND;
    u64 known = coarse_time.load(std::memory_order_relaxed);
    // Another CPU may have been here with a later time.
    while (known < fresh && !coarse_time.compare_exchange_weak(known, fresh, std::memory_order_relaxed)) {
    }
    coarse_cycles.store(cycles, std::memory_order_release);  // publishes the time
    return unpack(known < fresh ? fresh : known);
}

// acquire: pairs with the release in draw_line
const Line& current_line() { return *line_in_force.load(std::memory_order_acquire); }

/// Out of the way of the usual case, which is as short as it can be: its callers keep their registers.
[[gnu::noinline, gnu::cold, clang::preserve_most]] Nanoseconds now_by_counter(const Line& line) {
    return line.at(line.source->read());
}

/// The page before publish_clock. No program reads it.
constinit abi::ClockPage unpublished{};
constinit std::atomic<abi::ClockPage*> published{&unpublished};

/// A writer first makes the page's number odd, which excludes other writers. A reader repeats its read if the
/// number is odd, or has changed. Interrupt handlers may call it too.
template <class Change> void write_page(Change change) {
    const sync::InterruptsOff no_interrupts;
    abi::ClockPage& page = *published.load(std::memory_order_acquire);
    u32 sequence = page.sequence.load(std::memory_order_relaxed) & ~1U;
    // acquire: pairs with the release at the end of the writer before
    while (!page.sequence.compare_exchange_weak(sequence, sequence + 1, std::memory_order_acquire)) {
        sequence &= ~1U;
        arch::relax();
    }
    std::atomic_thread_fence(std::memory_order_release);  // what follows is not seen before the odd number
    change(page);
    page.sequence.store(sequence + 2, std::memory_order_release);
}

void write_line(abi::ClockPage& page, const Line& line) {
    page.counts_cycles.store(line.source == nullptr ? 1 : 0, std::memory_order_relaxed);
    page.reading.store(line.reading, std::memory_order_relaxed);
    page.multiplier.store(line.scale.multiplier, std::memory_order_relaxed);
    page.nanoseconds.store(line.nanoseconds, std::memory_order_relaxed);
}

/// From now on time runs at the source's rate, without a step.
void draw_line(LongCounter* source, u64 hertz) {
    const usize next = static_cast<usize>(&current_line() - lines) + 1;
    ASSERT(next < std::size(lines));
    Line& line = lines[next];
    coarse_window.store(source == nullptr ? hertz / 1000 : 0, std::memory_order_relaxed);
    line.source = source;
    line.scale = CounterScale::from_hertz(hertz);
    // One reading of the counter is a point of both lines, so that neither is behind the other.
    line.reading = source == nullptr ? arch::cycle_counter() : source->read();
    const Line& old = current_line();
    line.nanoseconds = source == old.source ? old.at(line.reading) : monotonic();
    write_page([&](abi::ClockPage& page) {
        line_in_force.store(&line, std::memory_order_release);  // publishes the line
        write_line(page, line);
    });
}

}  // namespace

void start_clock(u64 cycle_counter_hertz) {
    cycles_per_second.store(cycle_counter_hertz, std::memory_order_relaxed);
    coarse_window.store(cycle_counter_hertz / 1000, std::memory_order_relaxed);
    lines[0] = {nullptr, CounterScale::from_hertz(cycle_counter_hertz), arch::cycle_counter(), 0};
}

void refine_clock(u64 cycle_counter_hertz) {
    cycles_per_second.store(cycle_counter_hertz, std::memory_order_relaxed);
    if (current_line().source == nullptr) draw_line(nullptr, cycle_counter_hertz);
}

void use_counter(Counter& counter) {
    ASSERT(counter_in_force.counter() == nullptr);
    counter_in_force.start(counter);
    draw_line(&counter_in_force, counter.hertz());
}

void publish_clock(abi::ClockPage& page) {
    const sync::InterruptsOff no_interrupts;  // a handler may draw a line
    published.store(&page, std::memory_order_release);
    write_page([&](abi::ClockPage& to) {
        write_line(to, current_line());
        to.realtime_offset.store(realtime_offset.load(std::memory_order_relaxed), std::memory_order_relaxed);
        to.zone.store(unpublished.zone.load(std::memory_order_relaxed), std::memory_order_relaxed);
    });
}

void publish_zone(u64 zone) {
    write_page([&](abi::ClockPage& page) { page.zone.store(zone, std::memory_order_relaxed); });
}

Nanoseconds longest_silence() {
    const LongCounter* source = current_line().source;
    if (source == nullptr || source->counter()->bits() >= 64) return ~0ULL;
    return source->counter()->round() / 4;
}

std::string_view clock_source() {
    const LongCounter* source = current_line().source;
    return source == nullptr ? "tsc" : source->counter()->name();
}

u64 cycle_counter_hertz() { return cycles_per_second.load(std::memory_order_relaxed); }

Nanoseconds monotonic() {
    const Line& line = current_line();
    if (line.source != nullptr) [[unlikely]]
        return now_by_counter(line);
    return line.at(arch::cycle_counter());
}

Nanoseconds realtime() { return monotonic() + realtime_offset.load(std::memory_order_relaxed); }

void set_realtime(Nanoseconds since_epoch) {
    // Wraps when the wall clock is set before the boot: unsigned arithmetic undoes it in realtime().
    const Nanoseconds offset = since_epoch - monotonic();
    write_page([&](abi::ClockPage& page) {
        realtime_offset.store(offset, std::memory_order_relaxed);
        page.realtime_offset.store(offset, std::memory_order_relaxed);
    });
    coarse_time.store(0, std::memory_order_relaxed);
    coarse_cycles.store(0, std::memory_order_release);
}

WallTime coarse_realtime() {
    const u64 cycles = arch::cycle_counter();
    // acquire: pairs with the release in renew_coarse_time. A CPU whose counter is behind sees a huge difference.
    if (cycles - coarse_cycles.load(std::memory_order_acquire) <
        coarse_window.load(std::memory_order_relaxed)) [[likely]]
        return unpack(coarse_time.load(std::memory_order_relaxed));
    return renew_coarse_time(cycles);
}

Deadline Deadline::after(Nanoseconds from_now) {
    const auto at = checked_add(monotonic(), from_now);
    return at ? Deadline{*at} : never();
}

bool Deadline::has_passed() const { return !is_never() && monotonic() >= at; }

}  // namespace exo::time
