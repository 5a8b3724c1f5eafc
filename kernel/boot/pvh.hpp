// The PVH boot protocol: QEMU -kernel, Firecracker, Cloud Hypervisor.
#pragma once

#include "boot/boot_information.hpp"

namespace exo::boot {

/// hvm_start_info. On entry %ebx contains its physical address (Xen, public/arch-x86/hvm/start_info.h).
struct HvmStartInfo {
    static constexpr u32 MAGIC = 0x336ec578;

    u32 magic;
    u32 version;
    u32 flags;
    u32 module_count;
    u64 module_list;
    u64 command_line;
    u64 rsdp;
    // Fields of version 1 and later:
    u64 memory_map;
    u32 memory_map_entries;
    u32 reserved;
};
static_assert(sizeof(HvmStartInfo) == 56);

struct HvmModule {
    u64 start;
    u64 size;
    u64 command_line;
    u64 reserved;
};
static_assert(sizeof(HvmModule) == 32);

struct HvmMemoryMapEntry {
    u64 start;
    u64 size;
    u32 type;
    u32 reserved;
};
static_assert(sizeof(HvmMemoryMapEntry) == 24);

/// Fills `information` from the hvm_start_info at `start_info`. Version 0 has no memory map, so the map stays
/// empty.
/// Errors: Einval (missing or wrong magic, impossible range), Efault (an invalid pointer), Enospc (too many
/// entries).
Result<> read_pvh(const PhysicalReader& memory, u64 start_info, BootInformation& information);

}  // namespace exo::boot
