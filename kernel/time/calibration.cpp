#include "time/calibration.hpp"

#include "arch/interface.hpp"

namespace exo::time {

namespace {

constexpr u32 MAX_POLLS = 1'000'000;  // a dead reference must not hang the boot
constexpr u64 MAX_FIRST_ERROR = 10;   // the first measurement is good to a tenth, at the very worst
constexpr u64 MAX_DRIFT = 1000;       // one part in a thousand between the halves is no even counter

u64 multiply_divide(u64 value, u64 by, u64 divisor) {
    return static_cast<u64>(static_cast<unsigned __int128>(value) * by / divisor);
}

u64 difference(u64 a, u64 b) { return a > b ? a - b : b - a; }

}  // namespace

/// The closest of a few tries: a hypervisor may take the CPU away between the readings.
Calibration::Sample Calibration::sample() const {
    constexpr int TRIES = 4;
    Sample best{0, 0, ~0ULL};
    for (int i = 0; i < TRIES; ++i) {
        const u64 before = arch::cycle_counter();
        const u64 ticks = reference_->read() & reference_->mask();
        const u64 gap = arch::cycle_counter() - before;
        if (gap < best.uncertainty || i == 0) best = {ticks, before + gap / 2, gap};
    }
    return best;
}

/// The reference may have wrapped several times. How often is known from the cycle counter: its first figure is good
/// enough over a few rounds, and a reference that takes seconds for one has not wrapped at all.
Calibration::Interval Calibration::between(const Sample& start, const Sample& end) const {
    Interval interval{(end.ticks - start.ticks) & reference_->mask(), end.cycles - start.cycles,
                      start.uncertainty + end.uncertainty};
    if (reference_->bits() >= 64) return interval;
    const u64 round = reference_->mask() + 1;
    const u64 expected = multiply_divide(interval.cycles, reference_->hertz(), hertz_);
    if (expected > interval.ticks) interval.ticks += (expected - interval.ticks + round / 2) / round * round;
    return interval;
}

void Calibration::set_timer_rate(u64 hertz) const {
    arch::set_timer_rate(timer_ticks_, multiply_divide(timer_cycles_, SECOND, hertz));
}

Result<u64> Calibration::measure(Counter& reference) {
    reference_ = &reference;
    const u64 wanted = reference.hertz() / 1000;
    start_ = sample();
    const u64 timer_start = arch::cycle_counter();
    arch::start_timer_count();
    u64 elapsed = 0;
    for (u32 polls = 0; elapsed < wanted; ++polls) {
        if (polls == MAX_POLLS) break;
        elapsed = (reference.read() - start_.ticks) & reference.mask();
    }
    timer_ticks_ = arch::timer_counted();
    timer_cycles_ = arch::cycle_counter() - timer_start;
    const Sample end = sample();
    const u64 ticks = (end.ticks - start_.ticks) & reference.mask();
    hertz_ = ticks != 0 && elapsed >= wanted
                 ? multiply_divide(end.cycles - start_.cycles, reference.hertz(), ticks)
                 : 0;
    if (hertz_ == 0) {
        reference_ = nullptr;
        return Error::Enodev;
    }
    set_timer_rate(hertz_);
    return hertz_;
}

void Calibration::note_middle() {
    if (reference_ != nullptr) middle_ = sample();
}

bool Calibration::is_even(const Interval& first, const Interval& second) const {
    if (first.ticks == 0 || second.ticks == 0) return false;
    const u64 expected = multiply_divide(first.cycles, second.ticks, first.ticks);
    // The uncertainty of the readings, the resolution of the reference, and a small margin.
    const u64 open = multiply_divide(first.uncertainty, second.ticks, first.ticks) + second.uncertainty;
    const u64 grain = 2 * (hertz_ / reference_->hertz() + 1);
    return difference(expected, second.cycles) <= open + grain + expected / MAX_DRIFT;
}

Calibration::Outcome Calibration::finish() {
    if (reference_ == nullptr) return {Verdict::Unknown, 0};
    const Sample end = sample();
    const Interval whole = between(start_, end);
    if (!is_even(between(start_, middle_), between(middle_, end))) return {Verdict::Uneven, 0};
    const u64 hertz = multiply_divide(whole.cycles, reference_->hertz(), whole.ticks);
    if (hertz == 0 || difference(hertz, hertz_) > hertz_ / MAX_FIRST_ERROR) return {Verdict::Uneven, 0};
    set_timer_rate(hertz);
    return {Verdict::Even, hertz};
}

}  // namespace exo::time
