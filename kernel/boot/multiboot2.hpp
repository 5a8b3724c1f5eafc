// The Multiboot2 boot protocol: GRUB, under BIOS and UEFI.
#pragma once

#include "boot/boot_information.hpp"

namespace exo::boot {

/// The value of %eax on entry.
inline constexpr u32 MULTIBOOT2_BOOTLOADER_MAGIC = 0x36d76289;

/// Fills `information` from the Multiboot2 structure at `address` (%ebx on entry): memory map, modules,
/// command line, and the address of the RSDP's copy (that of ACPI 2.0 if there are both).
/// Errors: Einval (an impossible length), Efault (an invalid pointer), Enospc (too many entries).
/// Source: Multiboot2 Specification version 2.0, section 3.6.
Result<> read_multiboot2(const PhysicalReader& memory, u64 address, BootInformation& information);

}  // namespace exo::boot
