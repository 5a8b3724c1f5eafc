// CUBIC congestion control (RFC 9438) with slow start (RFC 5681) from ten segments (RFC 6928). Windows are in segments, as in Linux.
#pragma once

#include <algorithm>
#include <bit>

#include "net/tcp/control/rtt.hpp"

namespace exo::net::tcp {

class Cubic {
  public:
    static constexpr u32 INITIAL_WINDOW = 10;
    static constexpr u32 INFINITE = 0x7fffffff;
    static constexpr u32 MOST_WINDOW = 1 << 20;

    u32 window() const { return window_; }
    u32 threshold() const { return threshold_; }
    bool is_in_slow_start() const { return window_ < threshold_; }
    void set_window(u32 segments) { window_ = std::clamp<u32>(segments, 1, MOST_WINDOW); }
    void set_threshold(u32 segments) { threshold_ = std::max<u32>(segments, 2); }

    /// Grows the window: `acknowledged` segments arrived.
    void acknowledged(u32 acknowledged, Nanoseconds round_trip, Nanoseconds now) {
        if (is_in_slow_start()) {
            const u32 step = std::min(acknowledged, threshold_ - window_);
            set_window(window_ + step);
            acknowledged -= step;
            if (acknowledged == 0) return;
        }
        avoid_congestion(acknowledged, round_trip, now);
    }
    /// Segments were lost: remembers where, and lowers the threshold, which is returned.
    u32 reduce() {
        epoch_ = 0;
        // Fast convergence: a flow that has to shrink below its last maximum leaves more room to others.
        last_maximum_ = window_ < last_maximum_ ? window_ * (BETA_SCALE + BETA) / (2 * BETA_SCALE) : window_;
        previous_window_ = window_;
        threshold_ = std::max<u32>(window_ * BETA / BETA_SCALE, 2);
        return threshold_;
    }
    /// The connection was idle: the curve begins anew at the present window.
    void restart() { epoch_ = 0; }

  private:
    static constexpr u32 BETA_SCALE = 1024;
    static constexpr u32 BETA = 717;   ///< 0.7
    static constexpr u32 ALPHA = 542;  ///< 3 (1 - beta) / (1 + beta), in the same scale.

    static u32 cube_root(u64 value) {
        u64 root = 0;
        for (int bit = 20; bit >= 0; --bit) {
            const u64 larger = root | 1ULL << bit;
            if (larger * larger * larger <= value) root = larger;
        }
        return static_cast<u32>(root);
    }

    void begin_epoch(Nanoseconds now) {
        epoch_ = std::max<Nanoseconds>(now, 1);
        friendly_scaled_ = u64{window_} * BETA_SCALE;
        remainder_ = 0;
        if (last_maximum_ <= window_) {
            origin_ = window_;
            delay_ms_ = 0;
        } else {
            origin_ = last_maximum_;
            // K = cubic root of (maximum - window) / C, with C = 0.4, in milliseconds.
            delay_ms_ = cube_root(u64{last_maximum_ - window_} * 2'500'000'000);
        }
    }

    void avoid_congestion(u32 acknowledged, Nanoseconds round_trip, Nanoseconds now) {
        if (epoch_ == 0) begin_epoch(now);
        const u64 elapsed_ms = std::min<u64>((now - epoch_ + round_trip) / MILLISECOND, 1 << 20);
        const bool is_past = elapsed_ms > delay_ms_;
        const u64 offset = is_past ? elapsed_ms - delay_ms_ : delay_ms_ - elapsed_ms;
        // C (t - K)^3 with t in ms: 0.4 / 10^9.
        const u64 change = std::min<u64>(static_cast<u64>(static_cast<unsigned __int128>(offset * offset) *
                                                          offset * 4 / 10'000'000'000ULL),
                                         MOST_WINDOW);
        u64 target = is_past ? origin_ + change : (origin_ > change ? origin_ - change : 1);
        target = std::clamp<u64>(target, window_, u64{window_} * 3 / 2);

        // The window that Reno would have (section 4.3): alpha until it is back where it was, then one segment a round trip.
        const u32 alpha = friendly_scaled_ / BETA_SCALE >= previous_window_ ? BETA_SCALE : ALPHA;
        friendly_scaled_ += u64{acknowledged} * alpha / window_;
        target = std::max(target, friendly_scaled_ / BETA_SCALE);
        // LINUX: at least one segment in a hundred windows.
        const u64 step = std::max<u64>(target - window_, target == window_ ? 0 : 1);
        remainder_ += step * acknowledged;
        if (target == window_) {
            idle_remainder_ += acknowledged;
            if (idle_remainder_ >= 100ULL * window_) {
                idle_remainder_ = 0;
                set_window(window_ + 1);
            }
        }
        if (remainder_ >= window_) {
            const u64 grown = remainder_ / window_;
            remainder_ %= window_;
            set_window(static_cast<u32>(std::min<u64>(window_ + grown, target)));
        }
    }

    u32 window_ = INITIAL_WINDOW;
    u32 threshold_ = INFINITE;
    u32 last_maximum_ = 0;
    u32 previous_window_ = 0;
    u32 origin_ = 0;
    u64 delay_ms_ = 0;
    Nanoseconds epoch_ = 0;  ///< When the present growth began; 0: it has not.
    u64 friendly_scaled_ = 0;
    u64 remainder_ = 0;
    u64 idle_remainder_ = 0;
};

}  // namespace exo::net::tcp
