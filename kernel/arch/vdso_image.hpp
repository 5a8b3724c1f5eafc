// The vDSO (userland/vdso), which is part of the kernel's image.
#pragma once

#include <span>

#include "utils/types.hpp"

namespace exo::arch {

/// An ELF file that is mapped unchanged: at most one page (hosted: none).
std::span<const u8> vdso_image();

}  // namespace exo::arch
