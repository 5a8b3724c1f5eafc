#include "arch/vdso_image.hpp"

extern "C" {
extern const exo::u8 exo_vdso_start[];
extern const exo::u8 exo_vdso_end[];
}

namespace exo::arch {

std::span<const u8> vdso_image() {
    // SAFETY: vdso_data.S puts the one behind the other.
    return {exo_vdso_start, static_cast<usize>(exo_vdso_end - exo_vdso_start)};
}

}  // namespace exo::arch
