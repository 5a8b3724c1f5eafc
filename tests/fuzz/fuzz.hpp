// What the fuzz targets share: seeds without a corpus on disk, and checks that abort.
//
// Each target includes the source of the parser that it tests, so that the fuzzer sees its branches: the
// library itself is built without the fuzzer's instrumentation.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "utils/bytes.hpp"
#include "utils/types.hpp"

extern "C" std::size_t LLVMFuzzerMutate(exo::u8* data, std::size_t size, std::size_t max_size);

/// Stops the fuzzer with the input that broke a promise.
#define FUZZ_CHECK(expression)                                         \
    do {                                                               \
        if (!(expression)) {                                           \
            std::fprintf(stderr, "broken promise: %s\n", #expression); \
            std::abort();                                              \
        }                                                              \
    } while (false)

namespace exo::fuzz {

/// For LLVMFuzzerCustomMutator: every eighth time starts anew from one of the seeds, then mutates as usual.
inline usize mutate(const std::vector<std::vector<u8>>& seeds, u8* data, usize size, usize max_size,
                    u32 random) {
    if (size <= 1 || random % 8 == 0) {
        const std::vector<u8>& seed = seeds[random / 8 % seeds.size()];
        size = std::min(seed.size(), max_size);
        std::copy_n(seed.begin(), size, data);
    }
    return LLVMFuzzerMutate(data, size, max_size);
}

/// Makes the sum of `bytes` zero by the byte at `offset`.
inline void fix_checksum(std::span<u8> bytes, usize offset) {
    if (offset >= bytes.size()) return;
    bytes[offset] = 0;
    u32 sum = 0;
    for (const u8 byte : bytes) sum += byte;
    bytes[offset] = static_cast<u8>(0 - sum);
}

/// Writes `text` at `offset` if there is room.
inline void put_text(std::span<u8> bytes, usize offset, std::string_view text) {
    if (offset + text.size() <= bytes.size())
        std::ranges::copy(text, bytes.begin() + static_cast<isize>(offset));
}

}  // namespace exo::fuzz
