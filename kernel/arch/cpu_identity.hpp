// The CPU's identification by CPUID, for /proc/cpuinfo.
#pragma once

#include "utils/types.hpp"

namespace exo::arch {

struct CpuIdentity {
    char vendor[13] = {};
    char brand[49] = {};
    u32 family = 0;
    u32 model = 0;
    u32 stepping = 0;
    u32 highest_leaf = 0;
    u32 cache_line_bytes = 0;
    u32 physical_bits = 36;
    u32 virtual_bits = 48;
    // Feature words, as CPUID returns them.
    u32 leaf1_edx = 0;
    u32 leaf1_ecx = 0;
    u32 leaf7_ebx = 0;
    u32 leaf7_ecx = 0;
    u32 extended_edx = 0;  ///< Leaf 0x80000001.
    u32 extended_ecx = 0;
};
CpuIdentity cpu_identity();

struct CpuidWords {
    u32 eax, ebx, ecx, edx;
};

/// Identifies a CPU by the leaves that `leaf` returns. cpu_identity asks the CPU itself. Source: Intel SDM vol. 2A, CPUID.
template <class Leaf> CpuIdentity identify_cpu(Leaf&& leaf) {
    const auto put = [](char* to, u32 word) {
        for (u32 i = 0; i < 4; ++i) to[i] = static_cast<char>(word >> i * 8 & 0xff);
    };
    CpuIdentity cpu;
    const CpuidWords basic = leaf(0U);
    cpu.highest_leaf = basic.eax;
    put(cpu.vendor, basic.ebx);
    put(cpu.vendor + 4, basic.edx);
    put(cpu.vendor + 8, basic.ecx);
    const CpuidWords version = leaf(1U);
    const u32 family = version.eax >> 8 & 0xf;
    cpu.family = family == 0xf ? family + (version.eax >> 20 & 0xff) : family;
    cpu.model = version.eax >> 4 & 0xf;
    if (family == 6 || family == 0xf) cpu.model |= (version.eax >> 16 & 0xf) << 4;
    cpu.stepping = version.eax & 0xf;
    cpu.cache_line_bytes = (version.ebx >> 8 & 0xff) * 8;
    cpu.leaf1_edx = version.edx;
    cpu.leaf1_ecx = version.ecx;
    if (basic.eax >= 7) {
        const CpuidWords features = leaf(7U);
        cpu.leaf7_ebx = features.ebx;
        cpu.leaf7_ecx = features.ecx;
    }
    const u32 highest_extended = leaf(0x8000'0000U).eax;
    if (highest_extended >= 0x8000'0001U) {
        const CpuidWords extended = leaf(0x8000'0001U);
        cpu.extended_edx = extended.edx;
        cpu.extended_ecx = extended.ecx;
    }
    for (u32 i = 0; i < 3 && highest_extended >= 0x8000'0004U; ++i) {
        const CpuidWords text = leaf(0x8000'0002U + i);
        put(cpu.brand + i * 16, text.eax);
        put(cpu.brand + i * 16 + 4, text.ebx);
        put(cpu.brand + i * 16 + 8, text.ecx);
        put(cpu.brand + i * 16 + 12, text.edx);
    }
    if (highest_extended >= 0x8000'0008U) {
        const u32 sizes = leaf(0x8000'0008U).eax;
        cpu.physical_bits = sizes & 0xff;
        cpu.virtual_bits = sizes >> 8 & 0xff;
    }
    return cpu;
}

}  // namespace exo::arch
