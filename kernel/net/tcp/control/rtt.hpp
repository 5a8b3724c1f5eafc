// The round-trip time and the retransmission timeout (RFC 6298), with Linux's limits.
#pragma once

#include <algorithm>

#include "time/clock.hpp"

namespace exo::net::tcp {

using time::MILLISECOND;
using time::Nanoseconds;
using time::SECOND;

/// LINUX: TCP_RTO_MIN, TCP_RTO_MAX, TCP_TIMEOUT_INIT.
inline constexpr Nanoseconds LEAST_TIMEOUT = 200 * MILLISECOND;
inline constexpr Nanoseconds MOST_TIMEOUT = 120 * SECOND;
inline constexpr Nanoseconds FIRST_TIMEOUT = SECOND;

class RoundTrip {
  public:
    bool has_sample() const { return smoothed_ != 0; }
    Nanoseconds smoothed() const { return smoothed_; }
    Nanoseconds variation() const { return variation_; }
    /// The least sample of the last five minutes; ~0: there is none.
    Nanoseconds least() const { return least_; }

    void add(Nanoseconds sample, Nanoseconds now) {
        sample = std::max<Nanoseconds>(sample, 1);
        if (sample <= least_ || now - least_at_ > LEAST_WINDOW) {
            least_ = sample;
            least_at_ = now;
        }
        if (smoothed_ == 0) {
            smoothed_ = sample;
            variation_ = sample / 2;
            return;
        }
        const Nanoseconds error = sample > smoothed_ ? sample - smoothed_ : smoothed_ - sample;
        variation_ = variation_ - variation_ / 4 + error / 4;
        smoothed_ = smoothed_ - smoothed_ / 8 + sample / 8;
        smoothed_ = std::max<Nanoseconds>(smoothed_, 1);
    }
    /// Without backing off. LINUX: the least timeout is added to the round-trip time, in place of four variations.
    Nanoseconds timeout() const {
        if (smoothed_ == 0) return FIRST_TIMEOUT;
        return std::min(smoothed_ + std::max(4 * variation_, LEAST_TIMEOUT), MOST_TIMEOUT);
    }

  private:
    static constexpr Nanoseconds LEAST_WINDOW = 300 * SECOND;

    Nanoseconds smoothed_ = 0;
    Nanoseconds variation_ = 0;
    Nanoseconds least_ = ~Nanoseconds{0};
    Nanoseconds least_at_ = 0;
};

}  // namespace exo::net::tcp
