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

void detect(CpuFeatures& found) {
    const CpuidResult vendor = cpuid(0);
    store_text(found.vendor, vendor.ebx);
    store_text(found.vendor + 4, vendor.edx);
    store_text(found.vendor + 8, vendor.ecx);
    const CpuidResult basic = cpuid(1);
    found.signature = basic.eax;
    found.hwcap = basic.edx;
    found.has_machine_check = bit(basic.edx, 7);
    found.has_xsave = bit(basic.ecx, 26);
    found.has_x2apic = bit(basic.ecx, 21);
    found.has_rdrand = bit(basic.ecx, 30);
    found.is_virtual = bit(basic.ecx, 31);
    if (vendor.eax >= 7) {
        const CpuidResult structured = cpuid(7);
        found.has_fsgsbase = bit(structured.ebx, 0);
        found.has_smep = bit(structured.ebx, 7);
        found.has_rdseed = bit(structured.ebx, 18);
        found.has_smap = bit(structured.ebx, 20);
        found.has_umip = bit(structured.ecx, 2);
        found.has_protection_keys = bit(structured.ecx, 3);
    }
    const u32 last_extended = cpuid(0x80000000).eax;
    const CpuidResult extended = cpuid(0x80000001);
    found.has_nx = bit(extended.edx, 20);
    found.has_1gib_pages = bit(extended.edx, 26);
    found.has_rdtscp = bit(extended.edx, 27);
    if (last_extended >= 0x80000004) {
        for (u32 part = 0; part < 3; ++part) {
            const CpuidResult brand = cpuid(0x80000002 + part);
            store_text(found.brand + part * 16, brand.eax);
            store_text(found.brand + part * 16 + 4, brand.ebx);
            store_text(found.brand + part * 16 + 8, brand.ecx);
            store_text(found.brand + part * 16 + 12, brand.edx);
        }
    }
    if (last_extended >= 0x80000007) found.has_invariant_tsc = bit(cpuid(0x80000007).edx, 8);
    const u32 physical_bits = last_extended >= 0x80000008 ? cpuid(0x80000008).eax & 0xff : 36;
    found.physical_address_mask = (1ULL << physical_bits) - 1;
}

void enable_xsave(CpuFeatures& found) {
    const CpuidResult leaf = cpuid(0xd, 0);
    const u64 supported = static_cast<u64>(leaf.edx) << 32 | leaf.eax;
    found.xsave_components = supported & (XSAVE_X87_SSE | XSAVE_AVX | XSAVE_PKRU);
    if ((supported & XSAVE_AVX512) == XSAVE_AVX512) found.xsave_components |= XSAVE_AVX512;
    asm volatile("xsetbv"
                 :
                 : "c"(0), "a"(static_cast<u32>(found.xsave_components)),
                   "d"(static_cast<u32>(found.xsave_components >> 32)));
    found.xsave_size = cpuid(0xd, 0).ebx;  // for what XCR0 now enables
    const u32 extensions = cpuid(0xd, 1).eax;
    found.has_xsaveopt = bit(extensions, 0);
    found.has_supervisor_states = bit(extensions, 3);
    found.has_feature_disable = bit(extensions, 4);
    found.has_protection_keys = found.has_protection_keys && (supported & XSAVE_PKRU) != 0;
    if (found.has_protection_keys) found.pkru_offset = cpuid(0xd, 9).ebx;
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

namespace {

/// Completes what `found` says about the extended state. XCR0 can be read and set only with OSXSAVE; it decides about
/// protection keys.
void detect_extended_state(CpuFeatures& found) {
    asm volatile("mov %0, %%cr4" : : "r"(wanted_cr4() & ~CR4_PKE) : "memory");
    if (found.has_xsave)
        enable_xsave(found);
    else
        found.xsave_size = 512;
    found.has_protection_keys = found.has_protection_keys && found.has_xsave;
}

}  // namespace

void enable_cpu_features() {
    detect(features);
    detect_extended_state(features);
    asm volatile("mov %0, %%cr4" : : "r"(wanted_cr4()) : "memory");
    if (!features.has_smap) remove_smap_instructions();
}

bool adopt_cpu_features() {
    CpuFeatures own;
    std::memset(&own, 0, sizeof(own));  // padding too: the two are compared as bytes
    detect(own);
    // What wanted_cr4 sets for the first CPU must be there before it is set here.
    if (own.has_xsave != features.has_xsave || own.has_smap != features.has_smap ||
        own.has_smep != features.has_smep || own.has_umip != features.has_umip ||
        own.has_fsgsbase != features.has_fsgsbase || own.has_machine_check != features.has_machine_check)
        return false;
    detect_extended_state(own);
    if (std::memcmp(&own, &features, sizeof(own)) != 0) return false;
    asm volatile("mov %0, %%cr4" : : "r"(wanted_cr4()) : "memory");
    return true;
}

}  // namespace exo::arch
