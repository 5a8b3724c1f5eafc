#include "arch/vdso_image.hpp"

namespace exo::arch {

std::span<const u8> vdso_image() { return {}; }

}  // namespace exo::arch
