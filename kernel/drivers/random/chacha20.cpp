#include "drivers/random/chacha20.hpp"

#include <bit>
#include <cstring>

namespace exo::drivers {

namespace {

using Words = std::array<u32, 16>;

void quarter_round(Words& x, usize a, usize b, usize c, usize d) {
    x[a] += x[b];
    x[d] = std::rotl(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = std::rotl(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = std::rotl(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = std::rotl(x[b] ^ x[c], 7);
}

}  // namespace

void chacha20_block(const ChaChaKey& key, u32 counter, const std::array<u32, 3>& nonce,
                    std::span<u8, CHACHA_BLOCK_SIZE> out) {
    Words start = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};  // "expand 32-byte k"
    for (usize i = 0; i < key.size(); ++i) start[4 + i] = key[i];
    start[12] = counter;
    for (usize i = 0; i < nonce.size(); ++i) start[13 + i] = nonce[i];
    Words words = start;
    for (int i = 0; i < 10; ++i) {
        quarter_round(words, 0, 4, 8, 12);
        quarter_round(words, 1, 5, 9, 13);
        quarter_round(words, 2, 6, 10, 14);
        quarter_round(words, 3, 7, 11, 15);
        quarter_round(words, 0, 5, 10, 15);
        quarter_round(words, 1, 6, 11, 12);
        quarter_round(words, 2, 7, 8, 13);
        quarter_round(words, 3, 4, 9, 14);
    }
    for (usize i = 0; i < words.size(); ++i) words[i] += start[i];
    std::memcpy(out.data(), words.data(), CHACHA_BLOCK_SIZE);
}

}  // namespace exo::drivers
