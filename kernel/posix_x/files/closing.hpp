// What follows when a descriptor leaves a table: the process's record locks on the file go (fcntl(2)).
#pragma once

#include "fs/file/file.hpp"
#include "security/capability_table.hpp"

namespace exo::posix_x {

/// `table` no longer has a descriptor that it had of `object`. The result is close(2)'s.
Result<> finish_close(const security::CapabilityTable& table, const Ref<Object>& object);

/// Leaves the table; the last user's descriptors are closed as close(2) does it.
void leave_files(security::TableUser files);

}  // namespace exo::posix_x
