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

/// The reference and the cycle counter, read together.
struct Sample {
    u32 ticks;
    u64 cycles;
};

/// The closest of a few tries: a hypervisor may take the CPU away between the two reads.
Sample sample(const Reference& reference) {
    constexpr int TRIES = 4;
    Sample best{};
    u64 best_gap = ~0ULL;
    for (int i = 0; i < TRIES; ++i) {
        const u64 before = cycle_counter();
        const u32 ticks = reference.read(reference.port);
        const u64 gap = cycle_counter() - before;
        if (gap < best_gap) best = {ticks, before + gap / 2};
        best_gap = gap < best_gap ? gap : best_gap;
    }
    return best;
}

/// What the first measurement saw; the second one goes on from there.
struct Calibration {
    Reference reference = {};  ///< `read` is null: nothing to refine.
    Sample start = {};
    u64 hertz = 0;
    u64 apic_ticks = 0;
    u64 apic_cycles = 0;
};
constinit Calibration calibration;

u64 multiply_divide(u64 value, u64 by, u64 divisor) {
    return static_cast<u64>(static_cast<unsigned __int128>(value) * by / divisor);
}

/// Lets `reference` run for a millisecond. Returns the cycle counter's rate; 0 if the reference does not run.
u64 measure(const Reference& reference) {
    const u32 wanted = static_cast<u32>(reference.hertz / 1000);
    const Sample start = sample(reference);
    const u64 apic_start = cycle_counter();
    start_apic_timer_count();
    u32 elapsed = 0;
    for (u32 polls = 0; elapsed < wanted; ++polls) {
        if (polls == MAX_POLLS) return 0;
        elapsed = (reference.read(reference.port) - start.ticks) & reference.mask;
    }
    const u64 apic_ticks = apic_timer_counted();
    const u64 apic_cycles = cycle_counter() - apic_start;
    const Sample end = sample(reference);
    const u64 ticks = (end.ticks - start.ticks) & reference.mask;
    if (ticks == 0) return 0;
    const u64 hertz = multiply_divide(end.cycles - start.cycles, reference.hertz, ticks);
    if (hertz == 0) return 0;
    set_apic_timer_rate(apic_ticks, multiply_divide(apic_cycles, SECOND, hertz));
    calibration = {reference, start, hertz, apic_ticks, apic_cycles};
    return hertz;
}

/// Ticks of the reference since the first measurement. It has wrapped several times: how often is known from the
/// cycle counter, whose first figure is good to far less than one round.
u64 ticks_since_start(const Sample& now) {
    const Reference& reference = calibration.reference;
    const u64 round = u64{reference.mask} + 1;
    const u64 seen = (now.ticks - calibration.start.ticks) & reference.mask;
    const u64 expected =
        multiply_divide(now.cycles - calibration.start.cycles, reference.hertz, calibration.hertz);
    return expected > seen ? (expected - seen + round / 2) / round * round + seen : seen;
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
    if (const u64 exact = cycle_counter_from_cpuid(); exact != 0) {
        calibration.reference.read = nullptr;
        return exact;
    }
    return hertz != 0 ? hertz : SECOND;
}

u64 refine_cycle_counter() {
    if (calibration.reference.read == nullptr) return 0;
    const Sample now = sample(calibration.reference);
    const u64 ticks = ticks_since_start(now);
    if (ticks == 0) return 0;
    const u64 hertz =
        multiply_divide(now.cycles - calibration.start.cycles, calibration.reference.hertz, ticks);
    // The first figure is good to a few parts in a hundred. Further off, one of the two does not count evenly.
    const u64 difference = hertz > calibration.hertz ? hertz - calibration.hertz : calibration.hertz - hertz;
    if (hertz == 0 || difference > calibration.hertz / 10) return 0;
    set_apic_timer_rate(calibration.apic_ticks, multiply_divide(calibration.apic_cycles, SECOND, hertz));
    calibration.reference.read = nullptr;
    return hertz;
}

}  // namespace exo::arch
