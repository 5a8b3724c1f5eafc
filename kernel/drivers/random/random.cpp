#include "drivers/random/random.hpp"

#include <algorithm>
#include <cstring>

#include "arch/interface.hpp"
#include "utils/bytes.hpp"

namespace exo::drivers {

constinit RandomGenerator RANDOM;

namespace {

// Nonces keep the three uses of the block function apart.
constexpr std::array<u32, 3> EXTRACT = {1, 0, 0};
constexpr std::array<u32, 3> MIX = {2, 0, 0};
constexpr std::array<u32, 3> OUTPUT = {3, 0, 0};

using Block = std::array<u8, CHACHA_BLOCK_SIZE>;

/// Volatile, so that the compiler does not remove the writes to memory that is not read again.
template <class T> void erase(T& secret) {
    volatile auto* words = secret.data();
    for (usize i = 0; i < secret.size(); ++i) words[i] = 0;
}

}  // namespace

RandomGenerator::Extract RandomGenerator::extract() {
    Block block;
    Extract extract{};
    {
        auto key = key_.lock();
        chacha20_block(*key, 0, EXTRACT, block);
        std::memcpy(key->data(), block.data(), sizeof(ChaChaKey));
    }
    std::memcpy(extract.bytes.data(), block.data() + sizeof(ChaChaKey), extract.bytes.size());
    erase(block);
    return extract;
}

void RandomGenerator::fill(std::span<u8> out) {
    if (out.empty()) return;
    Extract first = extract();
    if (out.size() <= first.bytes.size()) {
        std::copy_n(first.bytes.begin(), out.size(), out.begin());
        erase(first.bytes);
        return;
    }
    ChaChaKey key;
    static_assert(sizeof(key) == sizeof(first.bytes));
    std::memcpy(key.data(), first.bytes.data(), sizeof(key));
    erase(first.bytes);
    Block block;
    std::array<u32, 3> nonce = OUTPUT;
    for (u32 counter = 0; !out.empty(); ++counter) {
        chacha20_block(key, counter, nonce, block);
        if (counter == UINT32_MAX) ++nonce[1];
        const usize count = std::min(out.size(), block.size());
        std::copy_n(block.begin(), count, out.begin());
        out = out.subspan(count);
    }
    erase(block);
    erase(key);
}

u64 RandomGenerator::next_u64() {
    std::array<u8, sizeof(u64)> bytes{};
    fill(bytes);
    return load<u64>(bytes, 0).value_or(0);
}

void RandomGenerator::add(std::span<const u8> bytes, Credit credit) {
    const usize size = bytes.size();
    Block block;
    {
        auto key = key_.lock();
        // Exclusive or, then one-way: who does not know the key cannot choose what comes out.
        for (u32 counter = 0; !bytes.empty(); ++counter) {
            ChaChaKey chunk{};
            const usize count = std::min(bytes.size(), sizeof(chunk));
            std::memcpy(chunk.data(), bytes.data(), count);
            for (usize i = 0; i < chunk.size(); ++i) (*key)[i] ^= chunk[i];
            chacha20_block(*key, counter, MIX, block);
            std::memcpy(key->data(), block.data(), sizeof(ChaChaKey));
            bytes = bytes.subspan(count);
        }
    }
    erase(block);
    if (credit == Credit::None || is_seeded()) return;
    // release: pairs with the acquire in is_seeded; who sees the seed counted uses a key that holds it
    credited_bytes_.fetch_add(size, std::memory_order_release);
    if (is_seeded()) seeded_.wake_all_atomically();
}

Result<> RandomGenerator::seed_from_cpu() {
    std::array<u64, SEED_SIZE / sizeof(u64)> words{};
    for (u64& word : words) word = TRY(arch::hardware_random());
    std::array<u8, SEED_SIZE> bytes{};
    std::memcpy(bytes.data(), words.data(), bytes.size());
    add(bytes, Credit::Full);
    erase(words);
    erase(bytes);
    return {};
}

}  // namespace exo::drivers
