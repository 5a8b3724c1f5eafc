// The share of a CPU's time that realtime threads may take while others wait (sched(7), "Limiting the CPU usage of real-time and
// deadline processes").
//
// LINUX: a CPU whose realtime threads have used up their share idles if it has no other thread. Here they go on: nobody
// gains by their wait.
#pragma once

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

/// One CPU's account. The lock of its run queue guards it.
class RealtimeBudget {
  public:
    void charge(Nanoseconds ran, Nanoseconds now) {
        advance(now);
        used_ += ran;
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
    /// LINUX: do_sched_rt_period_timer: each period that has passed pays for one share.
    void advance(Nanoseconds now) {
        const Nanoseconds period = REALTIME_LIMIT.period();
        if (now - began_ < period) return;
        const u64 periods = (now - began_) / period;
        began_ += periods * period;
        const Nanoseconds share = REALTIME_LIMIT.runtime();
        used_ = share > used_ / periods ? 0 : used_ - periods * share;
    }

    Nanoseconds began_ = 0;
    Nanoseconds used_ = 0;
};

}  // namespace exo::scheduler
