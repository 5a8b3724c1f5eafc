// The High Precision Event Timer's main counter. Its comparators are not used: the local APIC has a timer.
#pragma once

#include "memory/mmio.hpp"
#include "time/counter.hpp"

namespace exo::drivers {

/// Source: IA-PC HPET specification 1.0a, section 2.3. It is read 32 bits at a time, because not every
/// machine supports 64.
class HpetCounter final : public time::Counter {
  public:
    static constexpr u64 REGISTERS_SIZE = 1024;

    /// Checks the device's capabilities and starts it.
    /// Errors: Enodev (no such device, or an impossible rate).
    static Result<HpetCounter> start(memory::MmioRegion registers);

    std::string_view name() const override { return "hpet"; }
    u64 hertz() const override { return hertz_; }
    u32 bits() const override { return 32; }
    u64 read() override;

  private:
    HpetCounter(memory::MmioRegion registers, u64 hertz) : registers_(registers), hertz_(hertz) {}
    memory::MmioRegion registers_;
    u64 hertz_;
};

}  // namespace exo::drivers
