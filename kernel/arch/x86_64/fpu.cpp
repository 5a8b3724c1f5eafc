// Extended state: XSAVE where the CPU has it, FXSAVE otherwise (Intel SDM vol. 1, chapter 13).
#include <algorithm>
#include <array>
#include <cstring>

#include "arch/interface.hpp"
#include "arch/x86_64/cpu_features.hpp"
#include "utils/kasan.hpp"

extern "C" bool exo_xsave_to_user(exo::u64 address, exo::u64 components);
extern "C" bool exo_xrstor_from_user(exo::u64 address, exo::u64 components);

namespace exo::arch {

namespace {

// Offsets in the legacy region and the XSAVE header.
constexpr usize FCW = 0;
constexpr usize MXCSR = 24;
constexpr usize MXCSR_MASK = 28;
constexpr usize LEGACY_SIZE = 512;
constexpr usize XSTATE_BV = LEGACY_SIZE;
constexpr usize XCOMP_BV = 520;
constexpr usize HEADER_END = 576;
constexpr u64 PKRU_COMPONENT = 1 << 9;
/// LINUX: init_pkru: what has no key is free, what has one is closed.
constexpr u32 FIRST_PKRU = 0x55555554;

template <class T> T load(const void* area, usize offset) {
    T value;
    std::memcpy(&value, static_cast<const u8*>(area) + offset, sizeof(value));
    return value;
}

template <class T> void store(void* area, usize offset, T value) {
    std::memcpy(static_cast<u8*>(area) + offset, &value, sizeof(value));
}

u32 read_pkru() {
    u32 value;
    asm volatile("rdpkru" : "=a"(value) : "c"(0) : "edx");
    return value;
}

void write_pkru(u32 value) { asm volatile("wrpkru" : : "a"(value), "c"(0), "d"(0) : "memory"); }

void restore(const void* area, u64 components) {
    asm volatile("xrstor64 (%0)"
                 :
                 : "r"(area), "a"(static_cast<u32>(components)), "d"(static_cast<u32>(components >> 32))
                 : "memory");
}

}  // namespace

bool has_protection_keys() { return cpu_features().has_protection_keys; }

bool key_denies(u32 key, bool is_write) {
    constexpr u32 NO_ACCESS = 1;
    constexpr u32 NO_WRITE = 2;
    return has_protection_keys() &&
           (read_pkru() >> 2 * key & (is_write ? NO_ACCESS | NO_WRITE : NO_ACCESS)) != 0;
}

usize fpu_area_size() { return cpu_features().xsave_size; }

u64 fpu_components() { return cpu_features().has_xsave ? cpu_features().xsave_components : 3; }

void fpu_initialise(void* area) {
    // An empty XSTATE_BV says that all is as after a reset; MXCSR counts all the same (Intel SDM vol. 1, 13.8.1).
    std::memset(area, 0, std::min<usize>(HEADER_END, fpu_area_size()));
    store<u16>(area, FCW, 0x37f);
    store<u32>(area, MXCSR, 0x1f80);
    if (!has_protection_keys()) return;
    store<u64>(area, XSTATE_BV, PKRU_COMPONENT);
    store<u64>(area, cpu_features().pkru_offset, FIRST_PKRU);
}

void fpu_reset() {
    alignas(64) static constexpr auto FRESH = [] {
        std::array<u8, HEADER_END> area{};
        area[FCW] = 0x7f;
        area[FCW + 1] = 0x03;
        area[MXCSR] = 0x80;
        area[MXCSR + 1] = 0x1f;
        return area;
    }();
    if (!has_protection_keys()) {
        fpu_restore(FRESH.data());
        return;
    }
    // PKRU by itself, and only if it changes: to write it is slow.
    restore(FRESH.data(), cpu_features().xsave_components & ~PKRU_COMPONENT);
    if (read_pkru() != FIRST_PKRU) write_pkru(FIRST_PKRU);
}

bool fpu_save_to_user(u64 address) {
    if (!cpu_features().has_xsave) return false;
    // XSAVE leaves the header's other words as they are.
    if (zero_user(address + XSTATE_BV, HEADER_END - XSTATE_BV) != 0) return false;
    return exo_xsave_to_user(address, cpu_features().xsave_components);
}

bool fpu_restore_from_user(u64 address) {
    return cpu_features().has_xsave && exo_xrstor_from_user(address, cpu_features().xsave_components);
}

void fpu_save(void* area) {
    kasan::check_write(area, fpu_area_size());
    const u64 components = cpu_features().xsave_components;
    const u32 low = static_cast<u32>(components);
    const u32 high = static_cast<u32>(components >> 32);
    if (cpu_features().has_xsaveopt)
        asm volatile("xsaveopt64 (%0)" : : "r"(area), "a"(low), "d"(high) : "memory");
    else if (cpu_features().has_xsave)
        asm volatile("xsave64 (%0)" : : "r"(area), "a"(low), "d"(high) : "memory");
    else
        asm volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

void fpu_restore(const void* area) {
    kasan::check_read(area, LEGACY_SIZE);  // more of it only for the components that it says it holds
    if (cpu_features().has_xsave)
        restore(area, cpu_features().xsave_components);
    else
        asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

Result<> fpu_validate(void* area, usize size) {
    if (size < fpu_area_size()) return Error::Einval;
    // Reserved MXCSR bits and header fields would make XRSTOR fault.
    const u32 mask = load<u32>(area, MXCSR_MASK);
    store<u32>(area, MXCSR, load<u32>(area, MXCSR) & (mask != 0 ? mask & 0xffff : 0xffbf));
    if (!cpu_features().has_xsave) return {};
    if ((load<u64>(area, XSTATE_BV) & ~cpu_features().xsave_components) != 0) return Error::Einval;
    for (usize offset = XCOMP_BV; offset < HEADER_END; offset += 8)
        if (load<u64>(area, offset) != 0) return Error::Einval;
    return {};
}

SegmentSelectors user_selectors() {
    SegmentSelectors selectors;
    asm volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
                 : "=r"(selectors.ds), "=r"(selectors.es), "=r"(selectors.fs), "=r"(selectors.gs));
    return selectors;
}

// A selector that a program could load is still valid, because the descriptor table never changes.
void set_user_selectors(const SegmentSelectors& selectors) {
    asm volatile("mov %0, %%ds; mov %1, %%es; mov %2, %%fs; swapgs; mov %3, %%gs; swapgs"
                 :
                 : "r"(selectors.ds), "r"(selectors.es), "r"(selectors.fs), "r"(selectors.gs)
                 : "memory");
}

u64 user_fs_base() {
    if (!cpu_features().has_fsgsbase) return read_msr(0xc0000100);
    u64 base;
    asm volatile("rdfsbase %0" : "=r"(base));
    return base;
}

void set_user_fs_base(u64 base) {
    if (cpu_features().has_fsgsbase)
        asm volatile("wrfsbase %0" : : "r"(base));
    else
        write_msr(0xc0000100, base);
}

// While the kernel runs, the user's GS base is in KERNEL_GS_BASE; swapgs twice with interrupts off is cheaper than the MSR.
u64 user_gs_base() {
    if (!cpu_features().has_fsgsbase) return read_msr(0xc0000102);
    u64 base;
    asm volatile("swapgs; rdgsbase %0; swapgs" : "=r"(base) : : "memory");
    return base;
}

void set_user_gs_base(u64 base) {
    if (cpu_features().has_fsgsbase)
        asm volatile("swapgs; wrgsbase %0; swapgs" : : "r"(base) : "memory");
    else
        write_msr(0xc0000102, base);
}

Result<u64> hardware_random() {
    u64 value = 0;
    bool ok = false;
    for (u32 attempt = 0; attempt < 10 && !ok; ++attempt) {
        if (cpu_features().has_rdseed)
            asm volatile("rdseed %0" : "=r"(value), "=@ccc"(ok));
        else if (cpu_features().has_rdrand)
            asm volatile("rdrand %0" : "=r"(value), "=@ccc"(ok));
    }
    if (!ok) return Error::Enodev;
    return value;
}

}  // namespace exo::arch
