// What the files of KCSAN share: the state of each CPU, and the check that the compiler's calls make. compiler.cpp has these calls,
// detector.cpp the watchpoints, report.cpp the reports.
#pragma once

#if defined(EXO_KCSAN)

#include <array>
#include <atomic>

#include "arch/interface.hpp"
#include "memory/kcsan/kcsan.hpp"
#include "sync/per_cpu.hpp"
#include "sync/tally.hpp"

namespace exo::kcsan {

/// What an access does, as bits.
enum class Kind : u8 {
    Read = 1,
    Write = 2,
    ReadWrite = Read | Write,
    MarkedRead = 4 | Read,
    MarkedWrite = 4 | Write,
    MarkedReadWrite = 4 | ReadWrite,
};
constexpr bool is_write(Kind kind) { return (static_cast<u8>(kind) & static_cast<u8>(Kind::Write)) != 0; }
constexpr bool is_marked(Kind kind) { return (static_cast<u8>(kind) & 4) != 0; }

/// One access of a race.
struct Access {
    static constexpr usize MAX_CALLS = 12;

    u64 address = 0;
    u64 size = 0;
    Kind kind{};
    u32 cpu = 0;
    u32 call_count = 0;
    std::array<u64, MAX_CALLS> calls{};  ///< The place of the access, its caller, and so on.
};

struct Race {
    Access watched;
    Access other;
    bool has_other = false;  ///< Otherwise the value changed and nobody knows by whom.
    u64 before = 0;          ///< The watched bytes when the delay began, and when it had ended.
    u64 after = 0;
};

/// What a CPU uses. Other CPUs use the watchpoint, and what it says that they may.
struct CpuState {
    /// Plain accesses until the next one that is watched. An interrupt handler counts too; a lost step is no harm.
    i64 countdown = 0;
    u64 random = 0;
    /// This CPU runs the detector itself, or code that the detector has called: nothing is checked meanwhile. It changes with
    /// interrupts off.
    bool is_busy = false;
    /// An encoded range, NO_WATCHPOINT or TAKEN (detector.cpp).
    std::atomic<u64> watchpoint{0};
    /// The CPU that has set the watchpoint to TAKEN has written race.other.
    std::atomic<bool> has_other{false};
    Race race;
    sync::Tally<u64> watched;
};
extern constinit sync::PerCpu<CpuState> cpu_states;
extern constinit std::atomic<bool> is_on;
/// The CPUs that have a watchpoint, one bit each.
extern constinit std::atomic<u64> watching_cpus;

/// Where an access is: the address behind the compiler's call, and the frame of the function that made it.
struct Place {
    u64 code;
    u64 frame;
};

/// Compares an access with the watchpoints of other CPUs.
void compare(u64 address, u64 size, Kind kind, Place place);
/// Watches an access, and decides which one will be next.
void watch(u64 address, u64 size, Kind kind, Place place);

/// The check before an access. `place` is evaluated only where somebody needs it.
template <class GetPlace>
[[gnu::always_inline]] inline void check(u64 address, u64 size, Kind kind, GetPlace place) {
    if (!is_on.load(std::memory_order_relaxed)) return;
    if (watching_cpus.load(std::memory_order_relaxed) != 0) compare(address, size, kind, place());
    if (is_marked(kind)) return;
    if (--cpu_states.mine().countdown < 0) [[unlikely]]
        watch(address, size, kind, place());
}

/// Reports a race if its pair of places is new: prints it, or keeps it until print_reports, or ends the machine. Interrupts are off.
void report(const Race& race);
void set_panics(bool panics);

}  // namespace exo::kcsan

#endif
