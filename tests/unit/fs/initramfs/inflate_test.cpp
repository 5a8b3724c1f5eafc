// DEFLATE and gzip: against what zlib made, and against an encoder of this test's own.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "fs/initramfs/gzip.hpp"
#include "support/fake_memory.hpp"
#include "utils/box.hpp"
#include "utils/inflate.hpp"

namespace exo::fs {
namespace {

struct Inflated {
    std::string text;
    bool is_good = false;
    bool is_cut = false;
    usize used = 0;
};

Inflated inflate(std::span<const u8> input) {
    const auto inflater = std::make_unique<Inflater>(input);
    Inflated result;
    while (true) {
        const auto piece = inflater->next();
        result.is_good = piece.has_value();
        result.is_cut = inflater->is_cut();
        result.used = inflater->used();
        if (!piece || piece->empty()) return result;
        EXPECT_LE(piece->size(), 2 * Inflater::WINDOW);
        result.text += as_text(*piece);
    }
}

std::string sample() {
    std::string text;
    for (int i = 0; i < 3; ++i)
        text += "abracadabra abracadabra, the quick brown fox jumps over the lazy dog; abracadabra! ";
    return text;
}

/// 400 letters, the first four of the alphabet mostly.
std::string noise() {
    std::string text;
    u32 state = 1;
    for (int i = 0; i < 400; ++i) {
        state = (state * 1103515245 + 12345) & 0x7fffffff;
        const u32 value = state >> 16 & 0xff;
        text += static_cast<char>('a' + (value < 200 ? value & 3 : value % 20));
    }
    return text;
}

// Made by zlib 1.2.13 at level 9 from sample(), with the fixed codes,
const std::vector<u8> FIXED = {
    0x4b, 0x4c, 0x2a, 0x4a, 0x4c, 0x4e, 0x4c, 0x49, 0x04, 0x52, 0x0a, 0x89, 0x08, 0xb6, 0x8e, 0x42, 0x49,
    0x46, 0xaa, 0x42, 0x61, 0x69, 0x66, 0x72, 0xb6, 0x42, 0x52, 0x51, 0x7e, 0x79, 0x9e, 0x42, 0x5a, 0x7e,
    0x85, 0x42, 0x56, 0x69, 0x6e, 0x41, 0xb1, 0x42, 0x7e, 0x59, 0x6a, 0x11, 0x58, 0x3a, 0x27, 0xb1, 0xaa,
    0x52, 0x21, 0x25, 0x3f, 0xdd, 0x1a, 0x59, 0xa7, 0x22, 0x32, 0x67, 0x10, 0x1b, 0x09, 0x00};
// and with codes of its own from noise() and sample().
const std::vector<u8> DYNAMIC = {
    0xd5, 0x90, 0xd9, 0x71, 0xc4, 0x30, 0x0c, 0x43, 0x5b, 0x51, 0xfe, 0xd3, 0x41, 0xaa, 0x01, 0x01, 0x1f,
    0x6b, 0x7b, 0x2d, 0x5f, 0x9b, 0xab, 0xfa, 0x80, 0xda, 0x9f, 0x6d, 0x21, 0xe3, 0x19, 0x0b, 0x22, 0xa1,
    0x47, 0x48, 0x64, 0x48, 0xcb, 0xb0, 0x60, 0x08, 0x01, 0xbd, 0x42, 0x41, 0x52, 0x12, 0x2d, 0x80, 0xa8,
    0xd6, 0x73, 0xc4, 0x6e, 0xe9, 0x5a, 0xe8, 0x64, 0xa0, 0x1b, 0xd3, 0x72, 0x44, 0xba, 0x4e, 0x21, 0x62,
    0x26, 0xcf, 0x1b, 0x69, 0xc5, 0x8d, 0x3d, 0xb0, 0x28, 0xe0, 0x2f, 0xa0, 0x9e, 0xee, 0x73, 0x61, 0x50,
    0xd5, 0xe0, 0xdc, 0x18, 0x6b, 0x27, 0x48, 0xbb, 0xa5, 0xc1, 0xff, 0xd9, 0x83, 0x01, 0xf7, 0x94, 0xa5,
    0x5c, 0x4c, 0x8e, 0x04, 0x84, 0x55, 0x1e, 0x4b, 0x0b, 0x33, 0x69, 0xd8, 0x77, 0xb1, 0x73, 0x50, 0x4b,
    0x71, 0x4c, 0x93, 0x56, 0xa6, 0x76, 0x3b, 0x19, 0xcd, 0x6e, 0xf7, 0x28, 0x78, 0xd4, 0x8e, 0x05, 0x9b,
    0xad, 0xad, 0x66, 0x78, 0x68, 0x03, 0x6e, 0x72, 0x8f, 0x23, 0x14, 0x13, 0xf9, 0x1c, 0xc8, 0x44, 0x18,
    0x45, 0x4e, 0x2e, 0x64, 0x4a, 0x5b, 0x0d, 0xb8, 0xd4, 0xae, 0x15, 0xc6, 0xe5, 0x1d, 0x9c, 0xbd, 0xc3,
    0xea, 0x13, 0x30, 0x22, 0xa3, 0xe9, 0xce, 0x4c, 0x89, 0xdc, 0x64, 0x14, 0xaf, 0x2b, 0x72, 0xcb, 0x38,
    0x5d, 0x52, 0xe3, 0xa3, 0xf6, 0x86, 0x24, 0x88, 0xb1, 0x8a, 0xce, 0x5e, 0xdb, 0x0b, 0x78, 0x22, 0xba,
    0xf6, 0xde, 0x67, 0xee, 0xa7, 0xf0, 0x70, 0xc4, 0x91, 0x8d, 0x5c, 0xca, 0x8b, 0x7e, 0x2f, 0xd7, 0xd8,
    0x95, 0xfd, 0x71, 0xe3, 0x5c, 0xe2, 0xa8, 0x5f, 0x6b, 0xe9, 0xeb, 0x77, 0x99, 0x1e, 0xf7, 0xed, 0x2c,
    0xf5, 0xb3, 0x3b, 0x5a, 0x7b, 0xc1, 0xef, 0x4f, 0x51, 0x1d, 0x3e, 0x5e, 0x4f, 0xbe, 0x95, 0xff, 0x81,
    0xfc, 0x03};

TEST(inflate, reads_what_zlib_writes) {
    EXPECT_EQ(inflate(FIXED).text, sample());
    const Inflated dynamic = inflate(DYNAMIC);
    EXPECT_EQ(dynamic.text, noise() + sample());
    EXPECT_TRUE(dynamic.is_good);
    EXPECT_EQ(dynamic.used, DYNAMIC.size());
    std::vector<u8> more = FIXED;
    more.insert(more.end(), 20, 0xff);
    EXPECT_EQ(inflate(more).used, FIXED.size()) << "what follows is left alone";
}

TEST(inflate, says_whether_data_is_cut_or_damaged) {
    for (const std::vector<u8>& whole : {FIXED, DYNAMIC}) {
        const std::string text = inflate(whole).text;
        for (usize length = 0; length < whole.size(); ++length) {
            const Inflated cut = inflate(std::span(whole).first(length));
            EXPECT_FALSE(cut.is_good) << length;
            EXPECT_TRUE(cut.is_cut) << length;
            EXPECT_TRUE(text.starts_with(cut.text)) << "what came before stays";
        }
    }
    const auto is_damaged = [](const std::vector<u8>& bytes) {
        const Inflated result = inflate(bytes);
        return !result.is_good && !result.is_cut;
    };
    EXPECT_TRUE(is_damaged({0x07, 0, 0, 0})) << "block type 3";
    EXPECT_TRUE(is_damaged({0x01, 5, 0, 5, 0})) << "a length that its complement denies";
    EXPECT_TRUE(is_damaged({0x03, 0x02, 0, 0})) << "a match before there is anything";
    EXPECT_TRUE(is_damaged({0xfd, 0xff, 0xff, 0xff, 0xff})) << "too many codes";
    EXPECT_TRUE(is_damaged({0x05, 0, 0, 0, 0, 0, 0, 0})) << "a code of lengths that is empty";
}

/// Writes DEFLATE blocks of random literals and matches with random codes, and keeps what they stand for.
class Encoder {
  public:
    explicit Encoder(u32 seed) : random_(seed) {}

    void stored_block(bool is_last) {
        put(is_last ? 1 : 0, 3);
        while (used_bits_ % 8 != 0) put(0, 1);
        const u32 length = below(3) == 0 ? below(65536) : below(50);
        put(length, 16);
        put(length ^ 0xffff, 16);
        for (u32 i = 0; i < length; ++i) {
            const u32 byte = below(256);
            put(byte, 8);
            text += static_cast<char>(byte);
        }
    }

    void coded_block(bool is_last) {
        put(is_last ? 1 : 0, 1);
        put(2, 2);
        const std::vector<u8> literals = random_lengths(286);
        const std::vector<u8> distances = random_lengths(30);
        put(286 - 257, 5);
        put(30 - 1, 5);
        put(19 - 4, 4);
        // The lengths are coded in four bits each: symbols 0 to 15, in the order that RFC 1951 gives.
        for (const int symbol : {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15})
            put(symbol < 16 ? 4 : 0, 3);
        for (const u8 length : literals) put_code(length, 4);
        for (const u8 length : distances) put_code(length, 4);
        const u32 tokens = below(3000);
        for (u32 i = 0; i < tokens; ++i) {
            if (text.empty() || below(3) != 0)
                put_literal(literals, below(256));
            else
                put_match(literals, distances);
        }
        put_symbol(literals, 256);
    }

    std::vector<u8> bytes;
    std::string text;

  private:
    u32 below(u32 limit) { return static_cast<u32>(random_() % limit); }

    void put(u32 value, u32 count) {
        for (u32 bit = 0; bit < count; ++bit, ++used_bits_) {
            if (used_bits_ % 8 == 0) bytes.push_back(0);
            bytes.back() = static_cast<u8>(bytes.back() | (value >> bit & 1) << used_bits_ % 8);
        }
    }
    void put_code(u32 code, u32 count) {
        while (count-- > 0) put(code >> count & 1, 1);
    }

    /// A complete code: leaves are split at random until there are enough.
    std::vector<u8> random_lengths(usize count) {
        std::vector<u8> lengths{0};
        while (lengths.size() < count) {
            const usize index = below(4) == 0 ? lengths.size() - 1 : below(static_cast<u32>(lengths.size()));
            if (lengths[index] == 15) continue;
            lengths.push_back(++lengths[index]);
        }
        std::ranges::shuffle(lengths, random_);
        return lengths;
    }

    void put_symbol(const std::vector<u8>& lengths, u32 symbol) {
        u32 code = 0;
        for (u32 length = 1; length <= lengths[symbol]; ++length) {
            code <<= 1;
            for (u32 other = 0; other < lengths.size(); ++other)
                code += lengths[other] == length && (length < lengths[symbol] || other < symbol) ? 1 : 0;
        }
        put_code(code, lengths[symbol]);
    }
    void put_literal(const std::vector<u8>& literals, u32 byte) {
        put_symbol(literals, byte);
        text += static_cast<char>(byte);
    }
    void put_match(const std::vector<u8>& literals, const std::vector<u8>& distances) {
        u32 length = 3;  // and its symbol, counted up as RFC 1951's table goes
        u32 symbol = 257;
        u32 extra = 0;
        for (const u32 steps = below(29); symbol < 257 + steps; ++symbol) {
            length += 1U << extra;
            if (symbol >= 264 && symbol % 4 == 0) ++extra;
        }
        if (symbol == 285) {
            length = 258;
            extra = 0;
        }
        const u32 more = below(1U << extra);
        u32 distance = 1;
        u32 distance_symbol = 0;
        u32 distance_extra = 0;
        for (const u32 steps = below(30); distance_symbol < steps; ++distance_symbol) {
            if (distance + (1U << distance_extra) > text.size()) break;
            distance += 1U << distance_extra;
            if (distance_symbol >= 3 && distance_symbol % 2 == 1) ++distance_extra;
        }
        const u32 farthest =
            static_cast<u32>(std::min<usize>(text.size() - distance, (1U << distance_extra) - 1));
        const u32 farther = below(farthest + 1);
        put_symbol(literals, symbol);
        put(more, extra);
        put_symbol(distances, distance_symbol);
        put(farther, distance_extra);
        for (u32 i = 0; i < length + more; ++i) text += text[text.size() - distance - farther];
    }

    std::mt19937 random_;
    u64 used_bits_ = 0;
};

TEST(inflate, reads_what_an_independent_encoder_writes) {
    for (u32 seed = 1; seed <= 24; ++seed) {
        Encoder encoder(seed);
        const u32 blocks = 1 + seed % 6;
        for (u32 block = 1; block <= blocks; ++block) {
            if ((seed + block) % 3 == 0)
                encoder.stored_block(block == blocks);
            else
                encoder.coded_block(block == blocks);
        }
        const Inflated result = inflate(encoder.bytes);
        ASSERT_TRUE(result.is_good) << seed;
        ASSERT_TRUE(result.text == encoder.text) << seed;
        ASSERT_EQ(result.used, encoder.bytes.size()) << seed;
    }
}

TEST(inflate, survives_every_mutation) {
    test::for_each_mutation(
        DYNAMIC, [](const std::vector<u8>& bytes) { EXPECT_LE(inflate(bytes).used, bytes.size()); });
}

// ---- gzip

struct Unzipped {
    std::string text;
    GzipProblem problem = GzipProblem::None;
    usize used = 0;
};

Unzipped unzip(std::span<const u8> input) {
    const auto source = std::make_unique<GzipSource>(input);
    Unzipped result;
    while (!source->peek().empty()) {
        result.text += as_text(source->peek());
        source->skip(source->peek().size());
    }
    result.problem = source->problem();
    result.used = source->used();
    return result;
}

/// A member around FIXED; `flags` with the fields that they announce.
std::vector<u8> member(u8 flags = 0, std::initializer_list<u8> fields = {}) {
    std::vector<u8> bytes{0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 2, 3};
    bytes.insert(bytes.end(), fields);
    bytes.insert(bytes.end(), FIXED.begin(), FIXED.end());
    for (const int byte : {0x29, 0x2f, 0x78, 0x4e, 0xf9, 0x00, 0x00, 0x00})
        bytes.push_back(static_cast<u8>(byte));
    return bytes;
}

TEST(gzip, reads_each_kind_of_header) {
    const std::vector<std::vector<u8>> members{member(),
                                               member(1),
                                               member(8, {'n', 0}),
                                               member(16, {'c', 'c', 0}),
                                               member(4, {2, 0, 9, 9}),
                                               member(2, {7, 7}),
                                               member(31, {1, 0, 9, 'n', 0, 0, 7, 7})};
    for (const std::vector<u8>& bytes : members) {
        const Unzipped result = unzip(bytes);
        EXPECT_EQ(result.problem, GzipProblem::None);
        EXPECT_EQ(result.text, sample());
        EXPECT_EQ(result.used, bytes.size());
        std::vector<u8> two = bytes;
        two.insert(two.end(), bytes.begin(), bytes.end());
        EXPECT_EQ(unzip(two).used, bytes.size()) << "one member at a time";
    }
}

TEST(gzip, says_what_is_wrong) {
    const std::vector<u8> good = member(31, {1, 0, 9, 'n', 0, 0, 7, 7});
    for (usize length = 0; length < good.size(); ++length) {
        const GzipProblem problem = unzip(std::span(good).first(length)).problem;
        EXPECT_EQ(problem, length < 18 ? GzipProblem::BadHeader : GzipProblem::Cut) << length;
    }
    for (const usize index : {good.size() - 1, good.size() - 8}) {
        std::vector<u8> changed = good;
        changed[index] ^= 1;
        EXPECT_EQ(unzip(changed).problem, GzipProblem::BadChecksum);
        EXPECT_EQ(unzip(changed).text, sample());
        EXPECT_EQ(unzip(changed).used, good.size());
    }
    EXPECT_EQ(unzip(member(0x20)).problem, GzipProblem::BadHeader);
    EXPECT_EQ(unzip(std::vector<u8>{0x1f, 0x9e, 8, 0, 0, 0, 0, 0, 0, 0}).problem, GzipProblem::BadHeader);
    test::for_each_mutation(good,
                            [](const std::vector<u8>& bytes) { EXPECT_LE(unzip(bytes).used, bytes.size()); });
}

}  // namespace
}  // namespace exo::fs
