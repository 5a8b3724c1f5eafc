#include "arch/x86_64/cpu_features.hpp"

#include <cstring>

#include "arch/interface.hpp"

extern "C" {
extern const exo::u64 exo_smap_sites_start[];
extern const exo::u64 exo_smap_sites_end[];
}

namespace exo::arch {

namespace {

constinit CpuFeatures features{};

// Intel SDM vol. 3, 2.5 and 13.
constexpr u64 CR4_PAE = 1 << 5;
constexpr u64 CR4_MCE = 1 << 6;
constexpr u64 CR4_PGE = 1 << 7;
constexpr u64 CR4_OSFXSR = 1 << 9;
constexpr u64 CR4_OSXMMEXCPT = 1 << 10;
constexpr u64 CR4_UMIP = 1 << 11;
constexpr u64 CR4_FSGSBASE = 1 << 16;
constexpr u64 CR4_OSXSAVE = 1 << 18;
constexpr u64 CR4_SMEP = 1 << 20;
constexpr u64 CR4_SMAP = 1 << 21;
constexpr u64 CR4_PKE = 1 << 22;
constexpr u64 XSAVE_X87_SSE = 3;
constexpr u64 XSAVE_AVX = 4;
constexpr u64 XSAVE_AVX512 = 0xe0;
constexpr u64 XSAVE_PKRU = 0x200;

bool bit(u32 word, u32 number) { return (word >> number & 1) != 0; }

void store_text(char* out, u32 word) { std::memcpy(out, &word, sizeof(word)); }

void detect() {
    const CpuidResult vendor = cpuid(0);
    store_text(features.vendor, vendor.ebx);
    store_text(features.vendor + 4, vendor.edx);
    store_text(features.vendor + 8, vendor.ecx);
    const CpuidResult basic = cpuid(1);
    features.signature = basic.eax;
    features.hwcap = basic.edx;
    features.has_machine_check = bit(basic.edx, 7);
    features.has_xsave = bit(basic.ecx, 26);
    features.has_x2apic = bit(basic.ecx, 21);
    features.has_rdrand = bit(basic.ecx, 30);
    features.is_virtual = bit(basic.ecx, 31);
    if (vendor.eax >= 7) {
        const CpuidResult structured = cpuid(7);
        features.has_fsgsbase = bit(structured.ebx, 0);
        features.has_smep = bit(structured.ebx, 7);
        features.has_rdseed = bit(structured.ebx, 18);
        features.has_smap = bit(structured.ebx, 20);
        features.has_umip = bit(structured.ecx, 2);
        features.has_protection_keys = bit(structured.ecx, 3);
    }
    const u32 last_extended = cpuid(0x80000000).eax;
    const CpuidResult extended = cpuid(0x80000001);
    features.has_nx = bit(extended.edx, 20);
    features.has_1gib_pages = bit(extended.edx, 26);
    features.has_rdtscp = bit(extended.edx, 27);
    if (last_extended >= 0x80000004) {
        for (u32 part = 0; part < 3; ++part) {
            const CpuidResult brand = cpuid(0x80000002 + part);
            store_text(features.brand + part * 16, brand.eax);
            store_text(features.brand + part * 16 + 4, brand.ebx);
            store_text(features.brand + part * 16 + 8, brand.ecx);
            store_text(features.brand + part * 16 + 12, brand.edx);
        }
    }
    if (last_extended >= 0x80000007) features.has_invariant_tsc = bit(cpuid(0x80000007).edx, 8);
    const u32 physical_bits = last_extended >= 0x80000008 ? cpuid(0x80000008).eax & 0xff : 36;
    features.physical_address_mask = (1ULL << physical_bits) - 1;
}

void enable_xsave() {
    const CpuidResult leaf = cpuid(0xd, 0);
    const u64 supported = static_cast<u64>(leaf.edx) << 32 | leaf.eax;
    features.xsave_components = supported & (XSAVE_X87_SSE | XSAVE_AVX | XSAVE_PKRU);
    if ((supported & XSAVE_AVX512) == XSAVE_AVX512) features.xsave_components |= XSAVE_AVX512;
    asm volatile("xsetbv"
                 :
                 : "c"(0), "a"(static_cast<u32>(features.xsave_components)),
                   "d"(static_cast<u32>(features.xsave_components >> 32)));
    features.xsave_size = cpuid(0xd, 0).ebx;  // for what XCR0 now enables
    const u32 extensions = cpuid(0xd, 1).eax;
    features.has_xsaveopt = bit(extensions, 0);
    features.has_supervisor_states = bit(extensions, 3);
    features.has_feature_disable = bit(extensions, 4);
    features.has_protection_keys = features.has_protection_keys && (supported & XSAVE_PKRU) != 0;
    if (features.has_protection_keys) features.pkru_offset = cpuid(0xd, 9).ebx;
}

/// Writes a three-byte NOP over each stac and clac. Before the text is made read-only.
void remove_smap_instructions() {
    static constexpr u8 NOP[3] = {0x0f, 0x1f, 0x00};
    for (const u64* site = exo_smap_sites_start; site != exo_smap_sites_end; ++site) {
        // SAFETY: the assembler recorded the address of a three-byte instruction of ours.
        std::memcpy(reinterpret_cast<void*>(*site), NOP, sizeof(NOP));
    }
}

}  // namespace

CpuidResult cpuid(u32 leaf, u32 subleaf) {
    CpuidResult result;
    asm volatile("cpuid"
                 : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                 : "a"(leaf), "c"(subleaf));
    return result;
}

u64 read_msr(u32 number) {
    u32 low;
    u32 high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return static_cast<u64>(high) << 32 | low;
}

void write_msr(u32 number, u64 value) {
    asm volatile("wrmsr"
                 :
                 : "c"(number), "a"(static_cast<u32>(value)), "d"(static_cast<u32>(value >> 32))
                 : "memory");
}

const CpuFeatures& cpu_features() { return features; }

u64 wanted_cr4() {
    u64 cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    if (features.has_machine_check) cr4 |= CR4_MCE;
    if (features.has_umip) cr4 |= CR4_UMIP;
    if (features.has_fsgsbase) cr4 |= CR4_FSGSBASE;
    if (features.has_smep) cr4 |= CR4_SMEP;
    if (features.has_smap) cr4 |= CR4_SMAP;
    if (features.has_xsave) cr4 |= CR4_OSXSAVE;
    if (features.has_protection_keys) cr4 |= CR4_PKE;
    return cr4;
}

void enable_cpu_features() {
    detect();
    // XCR0 can be read and set only with OSXSAVE; it decides about protection keys.
    asm volatile("mov %0, %%cr4" : : "r"(wanted_cr4() & ~CR4_PKE) : "memory");
    if (features.has_xsave)
        enable_xsave();
    else
        features.xsave_size = 512;
    features.has_protection_keys = features.has_protection_keys && features.has_xsave;
    asm volatile("mov %0, %%cr4" : : "r"(wanted_cr4()) : "memory");
    if (!features.has_smap) remove_smap_instructions();
}

}  // namespace exo::arch
