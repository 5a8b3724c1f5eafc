#include "scheduler/realtime_budget.hpp"

namespace exo::scheduler {

constinit RealtimeLimit REALTIME_LIMIT;

Result<> RealtimeLimit::set_period_us(i64 period) {
    if (period <= 0 || period > INT32_MAX || runtime_us() > period) return Error::Einval;
    period_us_.store(period, std::memory_order_relaxed);
    return {};
}

Result<> RealtimeLimit::set_runtime_us(i64 runtime) {
    if (runtime < UNLIMITED || runtime > period_us()) return Error::Einval;
    runtime_us_.store(runtime, std::memory_order_relaxed);
    return {};
}

}  // namespace exo::scheduler
