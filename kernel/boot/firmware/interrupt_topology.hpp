// Processors and interrupt controllers, from ACPI's MADT or the MP table.
#pragma once

#include "utils/fixed_vector.hpp"
#include "utils/types.hpp"

namespace exo::boot {

struct LocalApic {
    enum class Status : u8 { Enabled, OnlineCapable };
    u32 apic_id = 0;
    Status status = Status::Enabled;
};

struct IoApic {
    u8 id = 0;
    u32 address = 0;
    /// The global interrupt number of its first pin.
    u32 first_interrupt = 0;
};

enum class Polarity : u8 { BusDefault, ActiveHigh, ActiveLow };
enum class Trigger : u8 { BusDefault, Edge, Level };

/// The ISA interrupt `isa_irq` arrives as `global_interrupt`, not as the global interrupt with its own
/// number.
struct InterruptOverride {
    u8 isa_irq = 0;
    u32 global_interrupt = 0;
    Polarity polarity = Polarity::BusDefault;
    Trigger trigger = Trigger::BusDefault;
};

struct InterruptTopology {
    static constexpr usize CPU_CAPACITY = 256;

    u64 local_apic_address = 0xfee00000;
    /// Processors beyond the capacity are ignored.
    FixedVector<LocalApic, CPU_CAPACITY> local_apics;
    FixedVector<IoApic, 16> io_apics;
    FixedVector<InterruptOverride, 64> overrides;
    /// There are two 8259 controllers, which must be masked.
    bool has_legacy_pic = true;

    const InterruptOverride* find_override(u8 isa_irq) const {
        for (const InterruptOverride& item : overrides) {
            if (item.isa_irq == isa_irq) return &item;
        }
        return nullptr;
    }
};

/// The polarity in an MPS INTI flags word, which MADT and MP table share (ACPI 6.4, table 5.26).
constexpr Polarity polarity_of(u16 flags) {
    const u16 bits = flags & 3;
    return bits == 1 ? Polarity::ActiveHigh : bits == 3 ? Polarity::ActiveLow : Polarity::BusDefault;
}
constexpr Trigger trigger_of(u16 flags) {
    const u16 bits = (flags >> 2) & 3;
    return bits == 1 ? Trigger::Edge : bits == 3 ? Trigger::Level : Trigger::BusDefault;
}

}  // namespace exo::boot
