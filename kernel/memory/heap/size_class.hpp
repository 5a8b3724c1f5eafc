// The sizes of slab objects, and the mapping from a size to its class.
#pragma once

#include <array>

#include "utils/types.hpp"

namespace exo::memory {

/// All powers of two are included, so that aligned allocations find a class with aligned objects.
inline constexpr std::array<u16, 18> SLAB_SIZES{16,  32,  48,  64,  80,  96,  128,  160,  192,
                                                256, 336, 448, 512, 672, 816, 1024, 1360, 2048};
inline constexpr usize SLAB_CLASSES = SLAB_SIZES.size();
inline constexpr usize MAX_SLAB_SIZE = SLAB_SIZES.back();

namespace detail {
consteval auto make_class_table() {
    std::array<u8, MAX_SLAB_SIZE / 16 + 1> table{};
    for (usize unit = 0, size_class = 0; unit < table.size(); ++unit) {
        while (SLAB_SIZES[size_class] < unit * 16) ++size_class;
        table[unit] = static_cast<u8>(size_class);
    }
    return table;
}
inline constexpr auto CLASS_TABLE = make_class_table();
}  // namespace detail

/// The class of a size, which is at most MAX_SLAB_SIZE.
constexpr usize class_of(usize size) { return detail::CLASS_TABLE[(size + 15) / 16]; }
static_assert(SLAB_SIZES[class_of(0)] == 16 && SLAB_SIZES[class_of(17)] == 32 &&
              class_of(MAX_SLAB_SIZE) == SLAB_CLASSES - 1);

/// How many objects move between a CPU's chain and the slabs at a time: about a page, at least 2, at most 32.
inline constexpr auto SLAB_BATCHES = [] {
    std::array<u8, SLAB_CLASSES> batches{};
    for (usize i = 0; i < SLAB_CLASSES; ++i)
        batches[i] = static_cast<u8>(4096 / SLAB_SIZES[i] > 32 ? 32 : 4096 / SLAB_SIZES[i]);
    return batches;
}();

}  // namespace exo::memory
