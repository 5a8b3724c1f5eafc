// The vDSO of a program (vdso(7)): a page of the kernel's clocks that can only be read, and behind it the code that reads them.
#pragma once

#include "vm/address_space.hpp"

namespace exo::posix_x {

/// Makes the two pages that all programs share. Errors: Enomem.
Result<> start_vdso();

/// Maps both into a new program's space, at a random place above its stack, or if there is no room where mmap would. LINUX: vdso_addr.
/// Answers where the code is (AT_SYSINFO_EHDR); 0: there is none. Errors: Enomem.
Result<u64> map_vdso(vm::AddressSpace& space, u64 stack_top);

}  // namespace exo::posix_x
