// The share of a CPU's time that realtime threads may take while others wait (sched(7), "Limiting the CPU usage of real-time and
// deadline processes").
//
// LINUX: a CPU whose realtime threads have used up their share idles if it has no other thread. Here they go on: nobody
// gains by their wait.
#pragma once

#include <algorithm>
#include <atomic>

#include "time/clock.hpp"
#include "utils/result.hpp"

namespace exo::scheduler {

using time::Nanoseconds;

/// /proc/sys/kernel/sched_rt_period_us and sched_rt_runtime_us.
class RealtimeLimit {
  public:
    static constexpr i64 UNLIMITED = -1;
    i64 period_us() const { return period_us_.load(std::memory_order_relaxed); }
    i64 runtime_us() const { return runtime_us_.load(std::memory_order_relaxed); }
    /// LINUX: sched_rt_global_validate. Errors: Einval (a period that is not positive, a runtime longer than the period).
    Result<> set_period_us(i64 period);
    Result<> set_runtime_us(i64 runtime);
    Nanoseconds period() const { return static_cast<u64>(period_us()) * time::MICROSECOND; }
    /// ~0: unlimited.
    Nanoseconds runtime() const {
        const i64 runtime = runtime_us();
        return runtime < 0 ? ~0ULL : static_cast<u64>(runtime) * time::MICROSECOND;
    }

  private:
    std::atomic<i64> period_us_{1'000'000};
    std::atomic<i64> runtime_us_{950'000};
};

extern constinit RealtimeLimit REALTIME_LIMIT;

/// One CPU's account: how long realtime threads ran in the current period. The lock of its run queue guards it.
///
/// LINUX: what a run exceeds its share by is taken from the next period. Here a run is charged to each period with its own
/// part, and each period begins with a whole share: realtime threads that were alone for an hour owe nothing.
class RealtimeBudget {
  public:
    /// Counts a run that ends now.
    void charge(Nanoseconds ran, Nanoseconds now) {
        advance(now);
        used_ += now > began_ ? std::min(ran, now - began_) : 0;
    }
    /// Whether the share of this period is used up.
    bool is_spent(Nanoseconds now) { return left(now) == 0; }
    /// How long realtime threads may still run before they have to give way; ~0: for ever.
    Nanoseconds left(Nanoseconds now) {
        advance(now);
        const Nanoseconds share = REALTIME_LIMIT.runtime();
        if (share == ~0ULL) return share;
        return used_ >= share ? 0 : share - used_;
    }
    Nanoseconds period_end() const { return began_ + REALTIME_LIMIT.period(); }

  private:
    void advance(Nanoseconds now) {
        const Nanoseconds period = REALTIME_LIMIT.period();
        if (now < began_ + period) return;
        began_ += (now - began_) / period * period;
        used_ = 0;
    }

    Nanoseconds began_ = 0;
    Nanoseconds used_ = 0;
};

}  // namespace exo::scheduler
