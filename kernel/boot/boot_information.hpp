// boot: what firmware and boot loaders hand over, parsed and checked.
//
// Pure functions over bytes: no globals, no allocation (it runs before there is a heap), no access to
// memory but through PhysicalReader. Nothing that a table says is believed: lengths and checksums are
// checked, loops are bounded, and a bad table is an Error, never a panic.
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
    /// Usable ranges are whole pages. The loader's own structures and the modules are not taken out.
    MemoryMap memory;
    /// The initial ramdisks, in the order in which they are to be unpacked.
    FixedVector<PhysicalRange, MODULE_CAPACITY> modules;
    /// Borrowed from the loader's memory, without the NUL.
    std::string_view command_line;
    /// The physical address of ACPI's root pointer; 0: the loader named none.
    u64 rsdp = 0;
};

}  // namespace exo::boot
