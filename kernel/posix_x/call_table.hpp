// All system calls: the table that the entry code dispatches by, and its description for tools.
#pragma once

#include "syscall/syscall.hpp"

namespace exo::posix_x {

/// The calls in order of number. Only tools read this table (tools/call_table); the kernel dispatches by the
/// tables of arch/upcalls.hpp.
std::span<const syscall::Call> all_calls();

}  // namespace exo::posix_x
