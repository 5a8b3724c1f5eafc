// The features of this CPU, and the values of control registers that depend on them.
#pragma once

#include "utils/types.hpp"

namespace exo::arch {

struct CpuFeatures {
    bool has_smep, has_smap, has_umip, has_fsgsbase, has_nx, has_1gib_pages, has_xsave, has_xsaveopt;
    bool has_protection_keys;  ///< PKU, and XSAVE with support for PKRU.
    u32 pkru_offset;           ///< The offset in an XSAVE area.
    bool has_rdrand, has_rdseed, has_invariant_tsc, has_x2apic, is_virtual;
    bool has_machine_check, has_rdtscp;
    bool has_supervisor_states;  ///< XSAVES is there, and so is MSR XSS.
    bool has_feature_disable;    ///< MSR XFD.
    u64 physical_address_mask;
    u64 xsave_components;  ///< XCR0: x87, SSE, and AVX, AVX-512, PKRU where present.
    u32 xsave_size;
    u32 signature;  ///< CPUID 1 EAX.
    u32 hwcap;      ///< CPUID 1 EDX: AT_HWCAP.
    char vendor[13];
    char brand[49];
};

struct CpuidResult {
    u32 eax, ebx, ecx, edx;
};
CpuidResult cpuid(u32 leaf, u32 subleaf = 0);

u64 read_msr(u32 number);
void write_msr(u32 number, u64 value);

/// Valid after enable_cpu_features on the first CPU.
const CpuFeatures& cpu_features();

/// The value of CR4 for this CPU's features.
u64 wanted_cr4();

/// Detects the features, sets CR4 and XCR0, and removes stac/clac from the code if there is no SMAP. Called
/// on the first CPU.
void enable_cpu_features();
/// Sets CR4 and XCR0 of a further CPU. Returns false, and leaves CR4 as it may be, if its features differ from those of the
/// first.
bool adopt_cpu_features();

}  // namespace exo::arch
