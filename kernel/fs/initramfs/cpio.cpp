#include "fs/initramfs/cpio.hpp"

#include <algorithm>
#include <utility>

#include "utils/bits.hpp"

namespace exo::fs {

namespace {

constexpr usize MAGIC_SIZE = 6;
constexpr usize FIELD_SIZE = 8;
constexpr std::string_view PLAIN_MAGIC = "070701";
constexpr std::string_view CHECKSUM_MAGIC = "070702";
constexpr std::string_view TRAILER = "TRAILER!!!";

constexpr u32 TYPE_MASK = 0170000;
constexpr u32 TYPE_FILE = 0100000;
constexpr u32 TYPE_DIRECTORY = 0040000;
constexpr u32 TYPE_LINK = 0120000;

/// The thirteen numbers behind the magic, in order.
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

struct Numbers {
    u32 values[FieldCount] = {};
    u32 operator[](Field field) const { return values[field]; }
};

/// LINUX: a field ends at the first character that is not hexadecimal, and may begin with 0x
/// (simple_strtoul).
u32 parse_field(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    u32 value = 0;
    for (const char c : text) {
        const char lower = static_cast<char>(c | 0x20);
        if (c >= '0' && c <= '9')
            value = value << 4 | static_cast<u32>(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value << 4 | static_cast<u32>(lower - 'a' + 10);
        else
            break;
    }
    return value;
}

Numbers parse_numbers(std::string_view header) {
    Numbers numbers;
    for (usize i = 0; i < FieldCount; ++i)
        numbers.values[i] = parse_field(header.substr(MAGIC_SIZE + i * FIELD_SIZE, FIELD_SIZE));
    return numbers;
}

CpioEntry entry_of(const Numbers& numbers) {
    CpioEntry entry;
    entry.inode = numbers[FieldInode];
    entry.mode = static_cast<u16>(numbers[FieldMode]);  // LINUX: umode_t
    entry.user = numbers[FieldUser];
    entry.group = numbers[FieldGroup];
    entry.links = numbers[FieldLinks];
    entry.modified = numbers[FieldModified];
    entry.device_major = numbers[FieldDeviceMajor];
    entry.device_minor = numbers[FieldDeviceMinor];
    entry.special_major = numbers[FieldSpecialMajor];
    entry.special_minor = numbers[FieldSpecialMinor];
    entry.size = numbers[FieldSize];
    return entry;
}

/// Explains why `header` is not a cpio header. None: it is one, or the beginning of one.
CpioProblem judge_magic(std::string_view header) {
    const std::string_view magic = header.substr(0, MAGIC_SIZE);
    if (PLAIN_MAGIC.starts_with(magic) || CHECKSUM_MAGIC.starts_with(magic)) return CpioProblem::None;
    const bool is_old = magic == "070707" || magic.starts_with("\xc7\x71") || magic.starts_with("\x71\xc7");
    return is_old ? CpioProblem::OldFormat : CpioProblem::BadMagic;
}

std::string_view up_to_nul(std::span<const u8> bytes) {
    const std::string_view text = as_text(bytes);
    return text.substr(0, text.find('\0'));
}

}  // namespace

Error CpioReader::fail_with(CpioProblem problem, u64 offset) {
    failure_.problem = problem;
    failure_.offset = offset;
    return problem >= CpioProblem::CompressedGzip ? Error::Eopnotsupp : Error::Einval;
}

Result<std::optional<CpioEntry>> CpioReader::next() {
    if (failure_.problem != CpioProblem::None) return fail_with(failure_.problem, failure_.offset);
    TRY(finish_entry());
    while (TRY(skip_to_header())) {
        CpioEntry entry;
        if (TRY(read_entry(entry))) return entry;
        TRY(finish_entry());
    }
    return std::optional<CpioEntry>{};
}

/// Skips to the end of the last entry. Its padding may be missing at the end of the source.
Result<> CpioReader::finish_entry() {
    const bool is_read = content_left_ == 0;
    if (!pass_over(content_left_)) {
        failure_.is_in_content = was_given_;
        return fail_with(CpioProblem::Truncated, position_);
    }
    content_left_ = 0;
    if (is_read && expected_sum_ && *expected_sum_ != sum_) {
        failure_.is_in_content = true;
        return fail_with(CpioProblem::BadChecksum, header_offset_);
    }
    expected_sum_ = std::nullopt;
    // Before the first entry there is nothing to fill up: compressed data may begin anywhere.
    if (std::exchange(is_in_entry_, false)) (void)pass_over(align_up(position_, 4) - position_);
    return {};
}

/// Returns false if the source ends before.
bool CpioReader::pass_over(u64 count) {
    while (count > 0) {
        const usize piece = static_cast<usize>(std::min<u64>(source_.peek().size(), count));
        if (piece == 0) return false;
        source_.skip(piece);
        position_ += piece;
        count -= piece;
    }
    return true;
}

/// Returns true if a header can be read at position_, false at the end.
Result<bool> CpioReader::skip_to_header() {
    std::span<const u8> piece = source_.peek();
    while (!piece.empty() && piece[0] == 0) {
        const auto zeros = std::ranges::find_if(piece, [](u8 byte) { return byte != 0; }) - piece.begin();
        (void)pass_over(static_cast<u64>(zeros));
        piece = source_.peek();
    }
    if (piece.empty()) return false;
    const CpioProblem compression = is_unpacked_ ? CpioProblem::None : recognise_compression(piece);
    if (compression != CpioProblem::None) return fail_with(compression, position_);
    // LINUX: what is not at a multiple of four is no header.
    if (!is_aligned(position_, 4)) return fail_with(CpioProblem::BadPadding, position_);
    return true;
}

/// Returns false for the trailer and for entries that Linux skips silently.
Result<bool> CpioReader::read_entry(CpioEntry& entry) {
    is_in_entry_ = true;
    header_offset_ = position_;
    was_given_ = false;
    std::array<u8, HEADER_SIZE> header;
    const usize size = read(header);
    const std::string_view text = as_text(header).substr(0, size);
    if (const CpioProblem problem = judge_magic(text); problem != CpioProblem::None)
        return fail_with(problem, header_offset_);
    if (size < HEADER_SIZE) return fail_with(CpioProblem::Truncated, position_);

    const Numbers numbers = parse_numbers(text);
    entry = entry_of(numbers);
    entry.offset = header_offset_;
    entry.archive = archive_;
    const u32 type = entry.mode & TYPE_MASK;
    const u64 name_size = numbers[FieldNameSize];
    const u64 padded_size = align_up(HEADER_SIZE + name_size, 4) - HEADER_SIZE;
    const u64 body_size = entry.size;
    const bool has_body = type == TYPE_FILE || type == TYPE_LINK;
    if (name_size == 0 || name_size > NAME_LIMIT || (type == TYPE_LINK && body_size > NAME_LIMIT) ||
        (!has_body && body_size > 0)) {
        content_left_ = padded_size + body_size;
        return false;
    }
    const usize name_read = read(std::span(name_).first(static_cast<usize>(padded_size)));
    if (name_read < name_size) return fail_with(CpioProblem::Truncated, position_);
    if (name_[static_cast<usize>(name_size) - 1] != 0) return fail_with(CpioProblem::BadName, header_offset_);
    entry.name = up_to_nul(std::span(name_).first(static_cast<usize>(name_size)));

    if (type == TYPE_LINK) {
        const auto target = std::span(target_).first(static_cast<usize>(body_size));
        if (read(target) < body_size) return fail_with(CpioProblem::Truncated, position_);
        entry.target = up_to_nul(target);
        return !entry.name.empty();
    }
    content_left_ = body_size;
    if (entry.name == TRAILER) {
        ++archive_;
        return false;
    }
    if (name_read < padded_size) return fail_with(CpioProblem::Truncated, position_);
    sum_ = 0;
    if (entry.name.empty()) return false;
    if (text.starts_with(CHECKSUM_MAGIC) && type == TYPE_FILE) expected_sum_ = numbers[FieldChecksum];
    was_given_ = true;
    return true;
}

usize CpioReader::read(std::span<u8> to) {
    const usize count = source_.read(to);
    position_ += count;
    return count;
}

std::span<const u8> CpioReader::data() {
    if (content_left_ == 0) return {};
    const std::span<const u8> piece = source_.peek();
    return piece.first(static_cast<usize>(std::min<u64>(piece.size(), content_left_)));
}

void CpioReader::take(usize count) {
    if (expected_sum_) {
        for (const u8 byte : source_.peek().first(count)) sum_ += byte;
    }
    source_.skip(count);
    position_ += count;
    content_left_ -= count;
}

Result<std::optional<std::string_view>> CpioLinks::first_name(const CpioEntry& entry) {
    const u32 type = entry.mode & TYPE_MASK;
    if (entry.links < 2 || type == TYPE_DIRECTORY || type == TYPE_LINK)
        return std::optional<std::string_view>{};
    const Key key{entry.archive, entry.device_major, entry.device_minor, entry.inode, type};
    if (const String* name = names_.find(key)) return std::optional<std::string_view>(name->view());
    TRY(names_.insert(key, TRY(String::from(entry.name))));
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
        case CpioProblem::Truncated: return "the archive is cut off";
        case CpioProblem::BadMagic: return "this is no cpio archive of the newc format";
        case CpioProblem::OldFormat: return "the archive has an old cpio format; make it with cpio -H newc";
        case CpioProblem::BadName: return "the entry's name does not end with a zero byte";
        case CpioProblem::BadChecksum: return "the checksum of the entry's data is wrong";
        case CpioProblem::BadPadding: return "an entry does not begin at a multiple of four bytes";
        case CpioProblem::NoSpace: return "the root file system is full";
        case CpioProblem::GzipHeader: return "the gzip header is malformed";
        case CpioProblem::GzipCut: return "the gzip data is cut off";
        case CpioProblem::GzipDamaged: return "the gzip data is damaged";
        case CpioProblem::GzipChecksum: return "the checksum of the gzip data is wrong";
        case CpioProblem::CompressedGzip: return "the archive is compressed with gzip";
        case CpioProblem::CompressedBzip2:
            return "bzip2 is not supported; compress the archive with gzip, or not at all";
        case CpioProblem::CompressedLzma:
            return "lzma is not supported; compress the archive with gzip, or not at all";
        case CpioProblem::CompressedXz:
            return "xz is not supported; compress the archive with gzip, or not at all";
        case CpioProblem::CompressedLzo:
            return "lzo is not supported; compress the archive with gzip, or not at all";
        case CpioProblem::CompressedLz4:
            return "lz4 is not supported; compress the archive with gzip, or not at all";
        case CpioProblem::CompressedZstd:
            return "zstd is not supported; compress the archive with gzip, or not at all";
    }
    return "an unknown problem";
}

}  // namespace exo::fs
