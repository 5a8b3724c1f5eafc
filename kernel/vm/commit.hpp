// The commit account: how much memory programs have been promised (Linux: Committed_AS, overcommit mode 0).
#pragma once

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::vm {

/// Promises `pages` more. Only an obvious overcommit is refused: more at once than the machine has. Errors: Enomem.
Result<> charge_commit(u64 pages);
void uncharge_commit(u64 pages);
u64 committed_pages();

}  // namespace exo::vm
