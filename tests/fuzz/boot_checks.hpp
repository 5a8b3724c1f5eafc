// What must hold of a BootInformation and an InterruptTopology, whatever bytes they were read from.
#pragma once

#include "boot/boot_information.hpp"
#include "boot/firmware/interrupt_topology.hpp"
#include "fuzz.hpp"
#include "utils/bits.hpp"

namespace exo::fuzz {

inline void check(const boot::BootInformation& information) {
    u64 end = 0;
    for (const boot::MemoryRange& range : information.memory.ranges()) {
        FUZZ_CHECK(range.start >= end && range.start < range.end &&
                   range.end <= boot::MemoryMap::PHYSICAL_END);
        end = range.end;
        if (range.kind == boot::MemoryKind::Usable)
            FUZZ_CHECK(is_aligned(range.start, PAGE_SIZE) && is_aligned(range.end, PAGE_SIZE));
    }
    for (const boot::PhysicalRange& module : information.modules) FUZZ_CHECK(module.start < module.end);
    FUZZ_CHECK(!information.command_line.contains('\0'));
}

inline void check(const boot::InterruptTopology& topology) {
    for (usize i = 0; i < topology.local_apics.size(); ++i) {
        for (usize j = 0; j < i; ++j)
            FUZZ_CHECK(topology.local_apics[i].apic_id != topology.local_apics[j].apic_id);
    }
}

}  // namespace exo::fuzz
