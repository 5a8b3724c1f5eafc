// boot: parses and checks the data of firmware and boot loaders.
//
// The functions have no side effects: no globals, no allocation (they run before there is a heap), and no
// memory access except through PhysicalReader. No table is trusted: lengths and checksums are checked, loops
// are bounded, and a bad table is an Error, never a panic.
//   BootInformation     all that a boot protocol says: memory, initrds, command line, RSDP
//   read_pvh, read_multiboot2                     fill it in
//   AcpiTables, read_madt, read_fadt, read_hpet, read_mp_table   the machine beyond the boot protocol
//   CommandLine, InitHandover                     the words of the command line, for us and for init
// Below it: utils, arch's interface. It has no locks: callers run it on one CPU, or on their own data.
#pragma once

#include <string_view>

#include "boot/firmware/physical_reader.hpp"
#include "boot/memory_map.hpp"
#include "utils/fixed_vector.hpp"

namespace exo::boot {

/// Longer command lines are refused. Linux's COMMAND_LINE_SIZE on x86 is 2048.
inline constexpr usize COMMAND_LINE_LIMIT = 64 * KIB;

enum class BootProtocol : u8 { None, Pvh, Multiboot2 };

struct BootInformation {
    static constexpr usize MODULE_CAPACITY = 32;

    BootProtocol protocol = BootProtocol::None;
    /// Usable ranges are whole pages. They still contain the loader's own structures and the modules.
    MemoryMap memory;
    /// The initial ramdisks, in the order in which they are unpacked.
    FixedVector<PhysicalRange, MODULE_CAPACITY> modules;
    /// Refers to the loader's memory. Without the NUL.
    std::string_view command_line;
    /// The physical address of ACPI's root pointer; 0: the loader gave none.
    u64 rsdp = 0;
};

}  // namespace exo::boot
