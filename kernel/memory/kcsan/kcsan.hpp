// KCSAN: the kernel concurrency sanitizer, a sampling detector of data races (docs/decisions/0017-kcsan-with-its-own-runtime.md).
//
// The compiler calls the runtime before each access to memory. The runtime watches one plain access of some hundreds: it notes
// address and size in a watchpoint, waits for some microseconds, and then lets the access go on. An access of another CPU that
// overlaps meanwhile is a race if one of the two writes. A value that changes without such an access was written by code that the
// compiler does not see, or by a device.
//
// An access is marked if it goes through std::atomic, std::atomic_ref or volatile, and plain otherwise. Two marked accesses never
// race. The runtime never watches a marked access: each race has a plain access too, which the runtime watches sooner or later.
//
// Key types: Settings, Counts. Neighbours: log and sync below; startup starts the detector. detector.hpp has what the files of this
// folder share. The folder is built without instrumentation, and is empty without EXO_KCSAN.
// Locking: each CPU has one watchpoint, an atomic word. A lock of the folder's own, which takes no other, guards the list of reports.
#pragma once

#include "utils/types.hpp"

namespace exo::kcsan {

#if defined(EXO_KCSAN)

inline constexpr bool ENABLED = true;

struct Settings {
    /// Plain accesses of a CPU from one that it watches to the next, on average. 0: the detector is off.
    u32 skipped_accesses = 200;
    /// The longest delay of a watched access, in microseconds, and the longest with interrupts off.
    u32 longest_delay = 100;
    u32 longest_delay_without_interrupts = 20;
    /// Whether a value is reported that has changed and nobody knows by whom. (An access that instrumented code had checked
    /// before the watchpoint was there can be the reason too, so it is a race in any case.)
    bool reports_unknown_origin = true;
    /// The first report ends the machine.
    bool panics = false;
};

/// Numbers since the boot.
struct Counts {
    u64 watched = 0;  ///< Accesses.
    u64 races = 0;    ///< Races found, those that are known included.
    u64 reports = 0;  ///< Pairs of places that were reported.
    u64 lost = 0;     ///< Races that there was no room to keep.
};

/// Starts the detector on all CPUs that run, or changes how it works. Call it when the further CPUs have started.
void start(const Settings& settings);
Counts counts();
/// Prints the reports that could not be printed where the race was found. The caller holds no spin lock and has interrupts on.
void print_reports();
/// Prints these reports and the counts, before the machine ends.
void finish();

#else

inline constexpr bool ENABLED = false;
inline void finish() {}

#endif

}  // namespace exo::kcsan
