// When memory has run out: somebody must go, so that the rest lives.
#pragma once

#include "vm/address_space.hpp"

namespace exo::posix_x {

/// vm's hook: kills the process with the largest resident memory (init and those that are dying already excepted), with
/// a line in the log, and waits a moment for its memory. False if the caller itself is to die.
bool kill_for_memory(vm::AddressSpace& space);

}  // namespace exo::posix_x
