// The out-of-memory killer. LINUX: mm/oom_kill.c.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

inline constexpr i32 OOM_NEVER = -1000;  ///< OOM_SCORE_ADJ_MIN
inline constexpr i32 OOM_FIRST = 1000;   ///< OOM_SCORE_ADJ_MAX

/// The pages that the end of the process would free: its resident pages, its page tables, and what the kernel
/// keeps for it alone (areas, descriptors, data in pipes that only it holds). 0 for a zombie.
u64 pages_held_by(Process& process);

/// The value of /proc/PID/oom_score: 0 to 2000.
u64 oom_score(Process& process);

/// vm's hook. It reclaims memory from page caches and unused names. If that frees nothing, it kills the
/// process with the highest score (memory and adjustment) and gives it time to release its memory. True: the
/// caller should retry its allocation.
bool kill_for_memory(vm::AddressSpace& space);

}  // namespace exo::posix_x
