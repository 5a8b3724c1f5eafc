// ACPI's power-management timer.
#pragma once

#include "drivers/ports.hpp"
#include "time/counter.hpp"

namespace exo::drivers {

/// Source: ACPI 6.4, section 4.8.3.3.
class PmTimer final : public time::Counter {
  public:
    /// `bits` is 24 or 32, as the FADT says.
    constexpr PmTimer(Ports& ports, u16 port, u32 bits) : ports_(&ports), port_(port), bits_(bits) {}

    std::string_view name() const override { return "acpi_pm"; }
    u64 hertz() const override { return 3'579'545; }
    u32 bits() const override { return bits_; }
    u64 read() override { return ports_->read32(port_); }

  private:
    Ports* ports_;
    u16 port_;
    u32 bits_;
};

}  // namespace exo::drivers
