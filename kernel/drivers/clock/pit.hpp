// The 8254 interval timer, for calibration. It wraps too soon, and is too slow to read, to be a clock.
#pragma once

#include "drivers/ports.hpp"
#include "time/counter.hpp"

namespace exo::drivers {

/// Channel 2, which raises no interrupts. Source: Intel 8254, "Control Word Format" and "Counter Latch
/// Command".
class Pit final : public time::Counter {
  public:
    explicit constexpr Pit(Ports& ports) : ports_(&ports) {}
    /// Makes the channel count down from 65536 repeatedly.
    void start();

    std::string_view name() const override { return "pit"; }
    u64 hertz() const override { return 1'193'182; }
    u32 bits() const override { return 16; }
    u64 read() override;

  private:
    Ports* ports_;
};

}  // namespace exo::drivers
