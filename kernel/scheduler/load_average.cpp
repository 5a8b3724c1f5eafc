#include "scheduler/load_average.hpp"

namespace exo::scheduler {

namespace {
/// 2048 / e^(5 s / 1, 5, 15 min)
constexpr std::array<u64, 3> FACTORS = {1884, 2014, 2037};
}  // namespace

u64 LoadAverage::decay(u64 load, u64 factor, u64 active) {
    u64 next = load * factor + active * (ONE - factor);
    if (active >= load) next += ONE - 1;  // rounds up while rising, so that the average reaches its goal
    return next / ONE;
}

/// Applies many idle intervals at once: multiplies the load by the factor to the power of `intervals`.
u64 LoadAverage::decay_idle(u64 load, u64 factor, u64 intervals) {
    u64 power = ONE;
    for (; intervals > 0 && power > 0; intervals /= 2) {
        if (intervals % 2 != 0) power = (power * factor + ONE / 2) / ONE;
        factor = (factor * factor + ONE / 2) / ONE;
    }
    return decay(load, power, 0);
}

void LoadAverage::advance(time::Nanoseconds now, u64 active) {
    if (!is_due(now)) return;
    const u64 intervals = (now - last_) / INTERVAL;
    for (usize i = 0; i < loads_.size(); ++i)
        loads_[i] = decay(decay_idle(loads_[i], FACTORS[i], intervals - 1), FACTORS[i], active * ONE);
    last_ += intervals * INTERVAL;
}

LoadAverage::Loads LoadAverage::read(time::Nanoseconds now) const {
    Loads loads = loads_;
    const u64 intervals = now > last_ ? (now - last_) / INTERVAL : 0;
    for (usize i = 0; i < loads.size(); ++i) loads[i] = decay_idle(loads[i], FACTORS[i], intervals);
    return loads;
}

}  // namespace exo::scheduler
