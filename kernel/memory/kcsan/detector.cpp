// Watchpoints: one for each CPU, because a CPU waits while it watches.
#include "memory/kcsan/detector.hpp"

#if defined(EXO_KCSAN)

#include <algorithm>
#include <bit>

#include "log/log.hpp"
#include "memory/layout.hpp"
#include "sync/cpu_requests.hpp"
#include "sync/held_locks.hpp"
#include "sync/spin_lock.hpp"
#include "time/clock.hpp"

namespace exo::kcsan {

constinit sync::PerCpu<CpuState> cpu_states;
constinit std::atomic<bool> is_on{false};
constinit std::atomic<u64> watching_cpus{0};

namespace {

// A watchpoint: 48 bits of the address, whose other bits are all ones in the kernel half, the size, and whether the access writes.
constexpr u64 NO_WATCHPOINT = 0;
constexpr u64 TAKEN = 1;
constexpr u64 MAX_SIZE = 8;
constexpr u64 ADDRESS_MASK = (1ULL << 48) - 1;
constexpr u32 SIZE_SHIFT = 48;
constexpr u64 SIZE_MASK = 0xf;
constexpr u64 WRITES = 1ULL << 63;

constexpr u64 encode(u64 address, u64 size, Kind kind) {
    return (address & ADDRESS_MASK) | size << SIZE_SHIFT | (is_write(kind) ? WRITES : 0);
}

bool overlaps(u64 watchpoint, u64 address, u64 size) {
    const u64 start = watchpoint | ~ADDRESS_MASK;
    const u64 end = start + (watchpoint >> SIZE_SHIFT & SIZE_MASK);
    return start < address + size && address < end;
}

/// In cycles; start() computes it.
struct Delays {
    std::atomic<u64> longest{0};
    std::atomic<u64> longest_without_interrupts{0};
    std::atomic<u64> settling{0};
    std::atomic<u64> skipped_accesses{0};
};
constinit Delays delays;
constinit std::atomic<bool> reports_unknown_origin{true};

/// A step of Marsaglia's xorshift generator.
u64 next_random(CpuState& state) {
    u64 value = state.random != 0 ? state.random : arch::cycle_counter() | 1;
    value ^= value << 13;
    value ^= value >> 7;
    value ^= value << 17;
    return state.random = value;
}

/// Up to `limit`, with `limit` / 2 as the average.
u64 random_up_to(CpuState& state, u64 limit) { return next_random(state) % (limit + 1); }

u64 value_at(u64 address, u64 size) {
    u64 value = 0;
    // SAFETY: the kernel is about to access these bytes.
    __builtin_memcpy(&value, reinterpret_cast<const void*>(address), size);
    return value;
}

void note(Access& access, u64 address, u64 size, Kind kind, Place place) {
    access.address = address;
    access.size = size;
    access.kind = kind;
    access.cpu = arch::cpu_index();
    access.calls[0] = place.code;
    access.call_count =
        1 + static_cast<u32>(arch::call_chain(place.frame, std::span(access.calls).subspan(1)));
}

/// Returns whether the CPU served requests of others meanwhile, whose functions may have written anything.
bool wait(u64 cycles, bool may_serve) {
    bool has_served = false;
    const u64 begin = arch::cycle_counter();
    while (arch::cycle_counter() - begin < cycles) {
        if (!may_serve) {
            asm volatile("pause");
            continue;
        }
        has_served |= sync::detail::mailboxes.mine().load(std::memory_order_relaxed) != 0;
        arch::relax();
    }
    return has_served;
}

/// The other CPU writes its side of the race with interrupts off, and waits for nobody.
void wait_for_other(const CpuState& mine) {
    // acquire: pairs with the release in compare
    while (!mine.has_other.load(std::memory_order_acquire)) asm volatile("pause");
}

}  // namespace

void compare(u64 address, u64 size, Kind kind, Place place) {
    const u32 self = arch::cpu_index();
    u64 others = watching_cpus.load(std::memory_order_relaxed) & ~(1ULL << self);
    for (; others != 0; others &= others - 1) {
        CpuState& other = cpu_states.of(static_cast<u32>(std::countr_zero(others)));
        u64 seen = other.watchpoint.load(std::memory_order_relaxed);
        if (seen == NO_WATCHPOINT || seen == TAKEN || !overlaps(seen, address, size)) continue;
        if ((seen & WRITES) == 0 && !is_write(kind)) continue;
        const sync::InterruptsOff no_interrupts;  // the other CPU waits for this one
        if (cpu_states.mine().is_busy) return;
        // acquire: what the other CPU has prepared for this one
        if (!other.watchpoint.compare_exchange_strong(seen, TAKEN, std::memory_order_acquire)) continue;
        note(other.race.other, address, size, kind, place);
        other.has_other.store(true, std::memory_order_release);
    }
}

void watch(u64 address, u64 size, Kind kind, Place place) {
    CpuState& mine = cpu_states.mine();
    // Each CPU skips a random number of accesses. If all CPUs skipped the same number, they would watch at the same moments, and no CPU
    // would run into another CPU's watchpoint.
    mine.countdown =
        static_cast<i64>(random_up_to(mine, 2 * delays.skipped_accesses.load(std::memory_order_relaxed)));
    // The program's half: no kernel code gets there but by assembler.
    if (address < memory::KERNEL_START || address + size < address || size == 0) return;
    if (mine.is_busy || log::is_panicking()) return;
    const bool were_enabled = arch::interrupts_enabled();
    arch::disable_interrupts();
    mine.is_busy = true;
    mine.watched.add(1);
    if (size > MAX_SIZE) {
        address += random_up_to(mine, size - MAX_SIZE);
        size = MAX_SIZE;
    }
    Race& race = mine.race;
    race.before = value_at(address, size);
    mine.has_other.store(false, std::memory_order_relaxed);
    const u64 bit = 1ULL << arch::cpu_index();
    mine.watchpoint.store(encode(address, size, kind), std::memory_order_release);
    watching_cpus.fetch_or(bit, std::memory_order_seq_cst);
    // An access that another CPU had checked before the watchpoint was there is carried out by now, as a rule.
    (void)wait(delays.settling.load(std::memory_order_relaxed), false);
    const u64 settled = value_at(address, size);
    // With interrupts on this could be the place of an interrupt, so requests may be served here. With interrupts off nobody
    // expects a request to be served at any access; the wait is bounded, so that nobody waits for this CPU for ever.
    const auto& limit = were_enabled ? delays.longest : delays.longest_without_interrupts;
    const bool has_served = wait(random_up_to(mine, limit.load(std::memory_order_relaxed)), were_enabled);
    race.after = value_at(address, size);
    const u64 end = mine.watchpoint.exchange(NO_WATCHPOINT, std::memory_order_acq_rel);
    watching_cpus.fetch_and(~bit, std::memory_order_relaxed);
    race.has_other = end == TAKEN;
    if (race.has_other) wait_for_other(mine);
    const bool has_unknown =
        settled != race.after && !has_served && reports_unknown_origin.load(std::memory_order_relaxed);
    if (race.has_other || has_unknown) {
        note(race.watched, address, size, kind, place);
        report(race);
    }
    // A report is printed under the log's lock, which may be taken only where no spin lock is held.
    if (were_enabled && sync::thread_header().spin_locks_held == 0) {
        arch::enable_interrupts();
        print_reports();
        arch::disable_interrupts();
    }
    mine.is_busy = false;
    if (were_enabled) arch::enable_interrupts();
}

void start(const Settings& settings) {
    const u64 microsecond = std::max<u64>(time::cycle_counter_hertz() / 1'000'000, 1);
    delays.longest.store(settings.longest_delay * microsecond, std::memory_order_relaxed);
    delays.longest_without_interrupts.store(settings.longest_delay_without_interrupts * microsecond,
                                            std::memory_order_relaxed);
    delays.skipped_accesses.store(settings.skipped_accesses, std::memory_order_relaxed);
    delays.settling.store(2 * microsecond, std::memory_order_relaxed);
    reports_unknown_origin.store(settings.reports_unknown_origin, std::memory_order_relaxed);
    set_panics(settings.panics);
    is_on.store(settings.skipped_accesses != 0, std::memory_order_seq_cst);
}

}  // namespace exo::kcsan

#endif
