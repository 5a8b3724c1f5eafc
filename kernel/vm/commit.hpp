// The commit account: how much memory the kernel has promised to programs (Linux: Committed_AS, overcommit
// mode 0).
#pragma once

#include <atomic>

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::vm {

/// The values of /proc/sys/vm/overcommit_memory. Linux's value 2, which never promises more than there is, is
/// not supported.
inline constexpr u64 OVERCOMMIT_GUESS = 0;
inline constexpr u64 OVERCOMMIT_ALWAYS = 1;
inline constinit std::atomic<u64> overcommit_policy{OVERCOMMIT_GUESS};

/// Promises `pages` more. OVERCOMMIT_GUESS only refuses an obvious overcommit: one request for more memory
/// than the machine has.
/// Errors: Enomem.
Result<> charge_commit(u64 pages);
void uncharge_commit(u64 pages);
u64 committed_pages();

}  // namespace exo::vm
