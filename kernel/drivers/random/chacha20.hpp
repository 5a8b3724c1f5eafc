// The ChaCha20 block function (RFC 8439, section 2.3).
#pragma once

#include <array>
#include <span>

#include "utils/types.hpp"

namespace exo::drivers {

using ChaChaKey = std::array<u32, 8>;
inline constexpr usize CHACHA_BLOCK_SIZE = 64;

/// Writes the 64 bytes of block `counter` under `key` and the 96-bit `nonce`.
void chacha20_block(const ChaChaKey& key, u32 counter, const std::array<u32, 3>& nonce,
                    std::span<u8, CHACHA_BLOCK_SIZE> out);

}  // namespace exo::drivers
