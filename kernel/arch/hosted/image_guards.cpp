#include "arch/image_guards.hpp"

namespace exo::arch {

std::span<const u64> image_guards() { return {}; }

}  // namespace exo::arch
