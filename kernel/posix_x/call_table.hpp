// All system calls: the table that the entry code dispatches by, and its description for tools.
#pragma once

#include "syscall/syscall.hpp"

namespace exo::posix_x {

/// In order of number. The kernel uses the tables of arch/upcalls.hpp instead; tools read this one (tools/call_table).
std::span<const syscall::Call> all_calls();

}  // namespace exo::posix_x
