// The end of a process when memory is short. LINUX: mm/oom_kill.c.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

inline constexpr i32 OOM_NEVER = -1000;  ///< OOM_SCORE_ADJ_MIN
inline constexpr i32 OOM_FIRST = 1000;   ///< OOM_SCORE_ADJ_MAX

/// Pages that would be free again if the process ended: what is resident, its page tables, and what the kernel keeps for it
/// alone (areas, descriptors, what lies in pipes that nobody else holds). 0 for a zombie.
u64 pages_held_by(Process& process);

/// /proc/PID/oom_score: 0 to 2000.
u64 oom_score(Process& process);

/// vm's hook: takes memory back from page caches and unused names; if there is none, ends the process that holds the most,
/// by its adjustment, and gives it time to let go. True: try again.
bool kill_for_memory(vm::AddressSpace& space);

}  // namespace exo::posix_x
