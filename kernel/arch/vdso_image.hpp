// The vDSO, which the kernel's image carries (userland/vdso).
#pragma once

#include <span>

#include "utils/types.hpp"

namespace exo::arch {

/// An ELF file that is mapped as it is: one page at most (hosted: none).
std::span<const u8> vdso_image();

}  // namespace exo::arch
