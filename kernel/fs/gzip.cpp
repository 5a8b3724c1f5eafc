#include "fs/gzip.hpp"

#include <array>

#include "utils/bytes.hpp"

namespace exo::fs {

namespace {

// RFC 1952, section 2.3.
constexpr usize FIXED_SIZE = 10;
constexpr usize TRAILER_SIZE = 8;
constexpr u8 METHOD_DEFLATE = 8;
enum HeaderFlag : u8 { HasChecksum = 2, HasExtra = 4, HasName = 8, HasComment = 16, Reserved = 0xe0 };

consteval std::array<u32, 256> make_checksum_table() {
    constexpr u32 POLYNOMIAL = 0xedb88320;
    std::array<u32, 256> table{};
    for (u32 byte = 0; byte < table.size(); ++byte) {
        u32 value = byte;
        for (u32 bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? POLYNOMIAL : 0);
        table[byte] = value;
    }
    return table;
}
constexpr std::array<u32, 256> CHECKSUM_TABLE = make_checksum_table();

/// Where the DEFLATE data begins; 0 if this is no header that we know.
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
    for (const u8 byte : *piece) checksum_ = checksum_ >> 8 ^ CHECKSUM_TABLE[(checksum_ ^ byte) & 0xff];
    size_ += static_cast<u32>(piece->size());
    piece_ = *piece;
    return piece_;
}

/// Four bytes of checksum and four of size stand behind the data.
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
