#include "fs/cpio.hpp"

#include <algorithm>

#include "utils/bits.hpp"
#include "utils/parse.hpp"

namespace exo::fs {

namespace {

constexpr usize MAGIC_SIZE = 6;
constexpr usize FIELD_SIZE = 8;
constexpr usize HEADER_SIZE = 110;
constexpr u32 NAME_LIMIT = 4096;  // PATH_MAX, with the NUL
constexpr std::string_view TRAILER = "TRAILER!!!";

constexpr u32 TYPE_MASK = 0170000;
constexpr u32 TYPE_FILE = 0100000;
constexpr u32 TYPE_DIRECTORY = 0040000;
constexpr u32 TYPE_LINK = 0120000;

/// The thirteen numbers behind the magic, in their order.
enum Field : u8 {
    FieldInode,
    FieldMode,
    FieldUser,
    FieldGroup,
    FieldLinks,
    FieldModified,
    FieldSize,
    FieldDeviceMajor,
    FieldDeviceMinor,
    FieldSpecialMajor,
    FieldSpecialMinor,
    FieldNameSize,
    FieldChecksum,
    FieldCount,
};
static_assert(MAGIC_SIZE + FieldCount * FIELD_SIZE == HEADER_SIZE);

struct Numbers {
    u32 values[FieldCount] = {};
    u32 operator[](Field field) const { return values[field]; }
};

std::optional<Numbers> parse_numbers(std::string_view header) {
    Numbers numbers;
    for (usize i = 0; i < FieldCount; ++i) {
        const auto value = parse_unsigned(header.substr(MAGIC_SIZE + i * FIELD_SIZE, FIELD_SIZE), 16);
        if (!value) return std::nullopt;
        numbers.values[i] = static_cast<u32>(*value);
    }
    return numbers;
}

CpioEntry entry_of(const Numbers& numbers) {
    CpioEntry entry;
    entry.inode = numbers[FieldInode];
    entry.mode = numbers[FieldMode];
    entry.user = numbers[FieldUser];
    entry.group = numbers[FieldGroup];
    entry.links = numbers[FieldLinks];
    entry.modified = numbers[FieldModified];
    entry.device_major = numbers[FieldDeviceMajor];
    entry.device_minor = numbers[FieldDeviceMinor];
    entry.special_major = numbers[FieldSpecialMajor];
    entry.special_minor = numbers[FieldSpecialMinor];
    return entry;
}

}  // namespace

Error CpioReader::fail_with(CpioProblem problem, u64 offset) {
    failure_ = {problem, offset};
    return problem >= CpioProblem::CompressedGzip ? Error::Eopnotsupp : Error::Einval;
}

Result<std::optional<CpioEntry>> CpioReader::next() {
    if (failure_.problem != CpioProblem::None) return fail_with(failure_.problem, failure_.offset);
    while (TRY(skip_to_header())) {
        const CpioEntry entry = TRY(read_entry());
        in_archive_ = entry.name != TRAILER;
        if (in_archive_) return entry;
        ++archive_;
    }
    return std::optional<CpioEntry>{};
}

/// True when a header is to be read at position_, false at the end.
Result<bool> CpioReader::skip_to_header() {
    if (!in_archive_) {
        while (position_ < image_.size() && image_[static_cast<usize>(position_)] == 0) ++position_;
        if (position_ == image_.size()) return false;
        const CpioProblem compression = recognise_compression(image_.subspan(static_cast<usize>(position_)));
        if (compression != CpioProblem::None) return fail_with(compression, position_);
        // LINUX: what is not at a multiple of four is no header.
        if (!is_aligned(position_, 4)) return fail_with(CpioProblem::BadMagic, position_);
    }
    if (position_ == image_.size()) return fail_with(CpioProblem::NoTrailer, position_);
    return true;
}

Result<CpioEntry> CpioReader::read_entry() {
    const u64 start = position_;
    const std::string_view rest = as_text(image_.subspan(static_cast<usize>(start)));
    const std::string_view magic = rest.substr(0, MAGIC_SIZE);
    if (magic != "070701" && magic != "070702") {
        if (magic.size() < MAGIC_SIZE && in_archive_) return fail_with(CpioProblem::Truncated, start);
        const bool is_old = magic == "070707" || magic.starts_with("\xc7\x71");
        return fail_with(is_old ? CpioProblem::OldFormat : CpioProblem::BadMagic, start);
    }
    if (rest.size() < HEADER_SIZE) return fail_with(CpioProblem::Truncated, start);
    const auto numbers = parse_numbers(rest);
    if (!numbers) return fail_with(CpioProblem::BadNumber, start);

    const u32 name_size = (*numbers)[FieldNameSize];
    if (name_size > NAME_LIMIT) return fail_with(CpioProblem::NameTooLong, start);
    const auto name = slice(image_, start + HEADER_SIZE, name_size);
    if (!name) return fail_with(CpioProblem::Truncated, start);
    // The name is not empty and its only NUL is its last byte.
    if (name_size < 2 || as_text(*name).find('\0') != name_size - 1)
        return fail_with(CpioProblem::BadName, start);

    // The padding of the last entry may be missing.
    const u64 data_start = std::min<u64>(align_up(start + HEADER_SIZE + name_size, 4), image_.size());
    const auto data = slice(image_, data_start, (*numbers)[FieldSize]);
    if (!data) return fail_with(CpioProblem::Truncated, start);
    CpioEntry entry = entry_of(*numbers);
    entry.name = as_text(name->first(name_size - 1));
    entry.data = *data;
    entry.offset = start;
    entry.archive = archive_;
    if ((entry.mode & TYPE_MASK) == TYPE_LINK && data->size() >= NAME_LIMIT)
        return fail_with(CpioProblem::LinkTooLong, start);
    if (magic == "070702") TRY(verify_checksum(entry, (*numbers)[FieldChecksum]));
    position_ = std::min<u64>(align_up(data_start + data->size(), 4), image_.size());
    return entry;
}

/// The sum of all bytes of a file's data; other entries, and names whose data comes later, have none.
Result<> CpioReader::verify_checksum(const CpioEntry& entry, u32 expected) {
    if ((entry.mode & TYPE_MASK) != TYPE_FILE || entry.data.empty()) return {};
    u32 sum = 0;
    for (const u8 byte : entry.data) sum += byte;
    if (sum != expected) return fail_with(CpioProblem::BadChecksum, entry.offset);
    return {};
}

Result<std::optional<std::string_view>> CpioLinks::first_name(const CpioEntry& entry) {
    const u32 type = entry.mode & TYPE_MASK;
    if (entry.links < 2 || type == TYPE_DIRECTORY || type == TYPE_LINK)
        return std::optional<std::string_view>{};
    const Key key{entry.archive, entry.device_major, entry.device_minor, entry.inode, type};
    if (const std::string_view* name = names_.find(key)) return std::optional<std::string_view>(*name);
    TRY(names_.insert(key, entry.name));
    return std::optional<std::string_view>{};
}

CpioProblem recognise_compression(std::span<const u8> image) {
    using namespace std::string_view_literals;
    struct Magic {
        std::string_view bytes;
        CpioProblem format;
    };
    static constexpr Magic MAGICS[] = {
        {"\x1f\x8b"sv, CpioProblem::CompressedGzip},
        {"\x1f\x9e"sv, CpioProblem::CompressedGzip},
        {"BZh"sv, CpioProblem::CompressedBzip2},
        {"\x5d\0\0"sv, CpioProblem::CompressedLzma},
        {"\xfd"
         "7zXZ\0"sv,
         CpioProblem::CompressedXz},
        {"\x89LZO"sv, CpioProblem::CompressedLzo},
        {"\x02\x21\x4c\x18"sv, CpioProblem::CompressedLz4},
        {"\x04\x22\x4d\x18"sv, CpioProblem::CompressedLz4},
        {"\x28\xb5\x2f\xfd"sv, CpioProblem::CompressedZstd},
    };
    for (const Magic& magic : MAGICS) {
        if (as_text(image).starts_with(magic.bytes)) return magic.format;
    }
    return CpioProblem::None;
}

std::string_view describe(CpioProblem problem) {
    switch (problem) {
        case CpioProblem::None: return "no problem";
        case CpioProblem::Truncated: return "the archive ends in the middle of an entry";
        case CpioProblem::BadMagic: return "this is no cpio archive of the newc format";
        case CpioProblem::OldFormat: return "the archive has an old cpio format; make it with cpio -H newc";
        case CpioProblem::BadNumber: return "a number in the entry's header is not hexadecimal";
        case CpioProblem::BadName: return "the entry's name is empty or not terminated";
        case CpioProblem::NameTooLong: return "the entry's name is longer than 4095 bytes";
        case CpioProblem::LinkTooLong: return "the symbolic link is longer than 4095 bytes";
        case CpioProblem::BadChecksum: return "the checksum of the entry's data is wrong";
        case CpioProblem::NoTrailer: return "the archive ends without its trailer";
        case CpioProblem::CompressedGzip:
            return "the archive is compressed with gzip, which is not supported";
        case CpioProblem::CompressedBzip2:
            return "the archive is compressed with bzip2, which is not supported";
        case CpioProblem::CompressedLzma:
            return "the archive is compressed with lzma, which is not supported";
        case CpioProblem::CompressedXz: return "the archive is compressed with xz, which is not supported";
        case CpioProblem::CompressedLzo: return "the archive is compressed with lzo, which is not supported";
        case CpioProblem::CompressedLz4: return "the archive is compressed with lz4, which is not supported";
        case CpioProblem::CompressedZstd:
            return "the archive is compressed with zstd, which is not supported";
    }
    return "an unknown problem";
}

}  // namespace exo::fs
