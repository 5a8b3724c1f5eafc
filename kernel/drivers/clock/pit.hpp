// The 8254 interval timer, as something to calibrate by: too short a round, and too slow to read, for a clock.
#pragma once

#include "drivers/ports.hpp"
#include "time/counter.hpp"

namespace exo::drivers {

/// Channel 2, which no interrupt hangs on. Source: Intel 8254, "Control Word Format" and "Counter Latch Command".
class Pit final : public time::Counter {
  public:
    explicit constexpr Pit(Ports& ports) : ports_(&ports) {}
    /// Lets the channel count down from 65536, again and again.
    void start();

    std::string_view name() const override { return "pit"; }
    u64 hertz() const override { return 1'193'182; }
    u32 bits() const override { return 16; }
    u64 read() override;

  private:
    Ports* ports_;
};

}  // namespace exo::drivers
