// The effects of closing a descriptor beyond its table: the process loses its record locks on the file
// (fcntl(2)).
#pragma once

#include "fs/file/file.hpp"
#include "security/capability_table.hpp"

namespace exo::posix_x {

/// Call after `table` lost a descriptor of `object`. Returns the result of close(2).
Result<> finish_close(const security::CapabilityTable& table, const Ref<Object>& object);

/// Gives up a task's use of a table. If it was the last user, all descriptors are closed as by close(2).
void leave_files(security::TableUser files);

}  // namespace exo::posix_x
