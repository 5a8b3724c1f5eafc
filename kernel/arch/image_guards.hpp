// Guard pages of the stacks in the kernel's image.
#pragma once

#include <span>

#include "utils/types.hpp"

namespace exo::arch {

/// The pages of the image that memory unmaps. Each lies below a stack, so that an overflow faults (hosted:
/// none).
std::span<const u64> image_guards();

}  // namespace exo::arch
