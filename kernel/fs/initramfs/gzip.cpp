#include "fs/initramfs/gzip.hpp"

#include <array>
#include <cstring>

#include "utils/bytes.hpp"

namespace exo::fs {

namespace {

// RFC 1952, section 2.3.
constexpr usize FIXED_SIZE = 10;
constexpr usize TRAILER_SIZE = 8;
constexpr u8 METHOD_DEFLATE = 8;
enum HeaderFlag : u8 { HasChecksum = 2, HasExtra = 4, HasName = 8, HasComment = 16, Reserved = 0xe0 };

/// Table n: the effect of a byte on the checksum if n more bytes follow.
consteval std::array<std::array<u32, 256>, 4> make_checksum_tables() {
    constexpr u32 POLYNOMIAL = 0xedb88320;
    std::array<std::array<u32, 256>, 4> tables{};
    for (u32 byte = 0; byte < 256; ++byte) {
        u32 value = byte;
        for (auto& table : tables) {
            for (u32 bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? POLYNOMIAL : 0);
            table[byte] = value;
        }
    }
    return tables;
}
constexpr auto CHECKSUM_TABLES = make_checksum_tables();

/// CRC-32 (RFC 1952, section 8), four bytes at a time.
u32 add_to_checksum(u32 checksum, std::span<const u8> bytes) {
    const auto& tables = CHECKSUM_TABLES;
    usize at = 0;
    for (; at + sizeof(u32) <= bytes.size(); at += sizeof(u32)) {
        u32 word;
        std::memcpy(&word, bytes.data() + at, sizeof(word));
        word ^= checksum;
        checksum = tables[3][word & 0xff] ^ tables[2][word >> 8 & 0xff] ^ tables[1][word >> 16 & 0xff] ^
                   tables[0][word >> 24];
    }
    for (; at < bytes.size(); ++at) checksum = checksum >> 8 ^ tables[0][(checksum ^ bytes[at]) & 0xff];
    return checksum;
}

/// The offset of the DEFLATE data; 0 if the header is not supported.
usize header_size(std::span<const u8> input) {
    if (input.size() < FIXED_SIZE || input[0] != 0x1f || input[1] != 0x8b || input[2] != METHOD_DEFLATE)
        return 0;
    const u8 flags = input[3];
    if ((flags & Reserved) != 0) return 0;
    usize size = FIXED_SIZE;
    if ((flags & HasExtra) != 0) {
        const auto extra = load<u16>(input, size);
        if (!extra) return 0;
        size += sizeof(u16) + *extra;
    }
    for (const HeaderFlag text : {HasName, HasComment}) {
        if ((flags & text) == 0 || size > input.size()) continue;
        size = as_text(input).find('\0', size);
        if (size == std::string_view::npos) return 0;
        ++size;
    }
    if ((flags & HasChecksum) != 0) size += sizeof(u16);
    return size <= input.size() ? size : 0;
}

}  // namespace

GzipSource::GzipSource(std::span<const u8> input)
    : header_size_(header_size(input)),
      input_(input),
      inflater_(input.subspan(header_size_)) {
    if (header_size_ == 0) problem_ = GzipProblem::BadHeader;
}

std::span<const u8> GzipSource::peek() {
    if (!piece_.empty() || is_done_ || problem_ != GzipProblem::None) return piece_;
    const auto piece = inflater_.next();
    if (!piece) {
        problem_ = inflater_.is_cut() ? GzipProblem::Cut : GzipProblem::Damaged;
        return {};
    }
    if (piece->empty()) {
        check_trailer();
        return {};
    }
    checksum_ = add_to_checksum(checksum_, *piece);
    size_ += static_cast<u32>(piece->size());
    piece_ = *piece;
    return piece_;
}

/// Checks the four bytes of checksum and four of size behind the data.
void GzipSource::check_trailer() {
    is_done_ = true;
    const auto trailer = load<std::array<u32, 2>>(input_, used());
    if (!trailer) {
        problem_ = GzipProblem::Cut;
        return;
    }
    trailer_size_ = TRAILER_SIZE;
    if ((*trailer)[0] != ~checksum_ || (*trailer)[1] != size_) problem_ = GzipProblem::BadChecksum;
}

}  // namespace exo::fs
