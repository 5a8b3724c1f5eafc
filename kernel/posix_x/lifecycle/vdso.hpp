// The vDSO of a program (vdso(7)): a read-only page with the kernel's clock data, followed by the code that
// reads it.
#pragma once

#include "vm/address_space.hpp"

namespace exo::posix_x {

/// Makes the two pages that all programs share. Errors: Enomem.
Result<> start_vdso();

/// Maps both pages into a new program's space: at a random address above the stack, or where mmap would if
/// there is no room. LINUX: vdso_addr. Returns the address of the code (AT_SYSINFO_EHDR); 0: there is no
/// vDSO. Errors: Enomem.
Result<u64> map_vdso(vm::AddressSpace& space, u64 stack_top);

}  // namespace exo::posix_x
