// KVM's clock: nanoseconds that the hypervisor derives from the cycle counter, and corrects when its rate changes.
//
// UNTESTED on KVM: only the arithmetic was tested (tests/unit/drivers). It is used only if the command line
// names it (clocksource=kvm-clock).
#pragma once

#include "memory/dma_buffer.hpp"
#include "time/counter.hpp"

namespace exo::drivers {

/// The record that the hypervisor writes. Source: Linux, Documentation/virt/kvm/x86/msr.rst,
/// MSR_KVM_SYSTEM_TIME_NEW.
struct KvmClockRecord {
    u32 version;  ///< Odd while it is being written.
    u32 padding;
    u64 cycles;       ///< The cycle counter's value when the record was made.
    u64 nanoseconds;  ///< The time when the record was made.
    u32 multiplier;   ///< Nanoseconds per (shifted) cycle, times 2^32.
    i8 shift;         ///< Cycles are first shifted left by it, or right if it is negative.
    u8 flags;
    u8 padding_2[2];
};
static_assert(sizeof(KvmClockRecord) == 32);

/// The time in nanoseconds when the cycle counter is at `cycles`.
u64 kvm_clock_time(const KvmClockRecord& record, u64 cycles);

/// The clock of the first CPU. Each further CPU would need a record of its own.
class KvmClock final : public time::Counter {
  public:
    /// Errors: Enodev (this is not KVM, or it has no such clock), Enomem.
    static Result<KvmClock> start();

    std::string_view name() const override { return "kvm-clock"; }
    u64 hertz() const override { return time::SECOND; }
    u32 bits() const override { return 64; }
    u64 read() override;

  private:
    explicit KvmClock(memory::DmaBuffer memory) : memory_(std::move(memory)) {}
    memory::DmaBuffer memory_;
};

}  // namespace exo::drivers
