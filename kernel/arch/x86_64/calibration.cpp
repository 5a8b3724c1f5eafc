// How fast the cycle counter and the local APIC's timer run, measured against a timer whose rate is known.
#include "arch/interface.hpp"
#include "arch/x86_64/apic.hpp"
#include "arch/x86_64/cpu_features.hpp"
#include "arch/x86_64/ports.hpp"

namespace exo::arch {

namespace {

constexpr u64 SECOND = 1'000'000'000;
constexpr u32 MAX_POLLS = 1'000'000;  // a dead timer must not hang the boot

/// A free-running counter of known rate.
struct Reference {
    u64 hertz;
    u32 mask;
    u32 (*read)(u16 port);
    u16 port;
};

u32 read_pm_timer(u16 port) { return port_read32(port); }

/// Channel 2 of the 8254, counting down from 65536 (Intel 8254, "latch command"); turned into counting up.
u32 read_pit(u16) {
    port_write8(0x43, 0x80);
    const u32 low = port_read8(0x42);
    const u32 high = port_read8(0x42);
    return 0x10000 - (high << 8 | low);
}

void start_pit() {
    port_write8(0x61, static_cast<u8>((port_read8(0x61) & ~2U) | 1U));  // gate on, speaker off
    port_write8(0x43, 0xb4);  // channel 2, both bytes, rate generator
    port_write8(0x42, 0);
    port_write8(0x42, 0);
}

/// Cycles that `reference` needs for a millisecond; 0 if it does not run.
u64 measure(const Reference& reference) {
    const u32 wanted = static_cast<u32>(reference.hertz / 1000);
    const u32 first = reference.read(reference.port);
    u32 start = first;
    // Begin at a tick, so that the error is one read and not one tick.
    for (u32 polls = 0; start == first; ++polls) {
        if (polls == MAX_POLLS) return 0;
        start = reference.read(reference.port);
    }
    const u64 cycles_at_start = cycle_counter();
    start_apic_timer_count();
    u32 elapsed = 0;
    for (u32 polls = 0; elapsed < wanted; ++polls) {
        if (polls == MAX_POLLS) return 0;
        elapsed = (reference.read(reference.port) - start) & reference.mask;
    }
    const u64 cycles = cycle_counter() - cycles_at_start;
    const u32 apic_ticks = apic_timer_counted();
    const u64 nanoseconds = elapsed * SECOND / reference.hertz;
    set_apic_timer_rate(apic_ticks, nanoseconds);
    return cycles * SECOND / nanoseconds;
}

/// CPUID 0x15: crystal frequency and ratio, where the CPU gives both (Intel SDM vol. 3, 19.7.3).
u64 cycle_counter_from_cpuid() {
    if (cpuid(0).eax < 0x15) return 0;
    const CpuidResult leaf = cpuid(0x15);
    if (leaf.eax == 0 || leaf.ebx == 0 || leaf.ecx == 0) return 0;
    return static_cast<u64>(leaf.ecx) * leaf.ebx / leaf.eax;
}

}  // namespace

u64 measure_cycle_counter(u16 pm_timer_port) {
    u64 hertz = 0;
    if (pm_timer_port != 0) hertz = measure({3'579'545, 0xffffff, &read_pm_timer, pm_timer_port});
    if (hertz == 0) {
        start_pit();
        hertz = measure({1'193'182, 0xffff, &read_pit, 0});
    }
    if (const u64 exact = cycle_counter_from_cpuid(); exact != 0) return exact;
    return hertz != 0 ? hertz : SECOND;
}

}  // namespace exo::arch
