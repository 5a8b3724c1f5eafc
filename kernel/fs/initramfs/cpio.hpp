// Reader of initramfs images: cpio archives of the `newc` format (magic 070701, and 070702 with checksums), several of
// them one behind the other with zero bytes between. It accepts what Linux accepts.
//
//   CpioReader reader{source};
//   while (const auto entry = TRY(reader.next()))                       // reader.failure() says what was wrong
//       for (auto piece = reader.data(); !piece.empty(); piece = reader.data()) { use(piece); reader.take(piece.size()); }
//
// Memory: the object alone (9 KiB). No locks: one reader, one thread.
// Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst and init/initramfs.c.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "fs/initramfs/byte_source.hpp"
#include "utils/bytes.hpp"
#include "utils/map.hpp"
#include "utils/result.hpp"
#include "utils/string.hpp"

namespace exo::fs {

enum class CpioProblem : u8 {
    None,
    Truncated,
    BadMagic,
    OldFormat,
    BadName,
    BadChecksum,
    BadPadding,
    NoSpace,
    GzipHeader,
    GzipCut,
    GzipDamaged,
    GzipChecksum,
    CompressedGzip,
    CompressedBzip2,
    CompressedLzma,
    CompressedXz,
    CompressedLzo,
    CompressedLz4,
    CompressedZstd,
};

struct CpioFailure {
    CpioProblem problem = CpioProblem::None;
    /// Offset of the header (or the first byte) that is wrong. For an archive that is cut off: the offset of
    /// its end.
    u64 offset = 0;
    /// Whether the fault lies in the content of the last entry.
    bool is_in_content = false;
};

/// One clear line without the offset, such as "xz is not supported; compress the archive with gzip, or not at all".
std::string_view describe(CpioProblem problem);

/// The format of a compressed image by its first bytes, or CpioProblem::None.
CpioProblem recognise_compression(std::span<const u8> image);

struct CpioEntry {
    /// As the archive has it: not empty, no NUL, at most 4095 bytes. May start with '/' or "./".
    std::string_view name;
    /// A symbolic link's target, up to the first NUL; at most 4096 bytes.
    std::string_view target;
    u32 inode = 0;
    u32 mode = 0;
    u32 user = 0;
    u32 group = 0;
    u32 links = 0;
    u32 modified = 0;
    u32 device_major = 0;
    u32 device_minor = 0;
    u32 special_major = 0;  ///< The device number, for a device node.
    u32 special_minor = 0;
    /// A regular file's size according to its header. A cut archive has fewer bytes.
    u32 size = 0;
    /// The offset of its header.
    u64 offset = 0;
    /// The number of trailers before it. Hard links do not reach from one archive into another.
    u32 archive = 0;
};

class CpioReader {
  public:
    /// The state at the beginning of the source.
    struct Start {
        u64 offset = 0;   ///< The offset of the source's first byte. Headers are aligned relative to it.
        u32 archive = 0;  ///< How many trailers came before.
        bool is_unpacked = false;  ///< Compressed data inside is an error, because Linux unpacks only once.
    };
    explicit CpioReader(ByteSource& source) : CpioReader(source, Start{}) {}
    CpioReader(ByteSource& source, Start start)
        : source_(source),
          is_unpacked_(start.is_unpacked),
          position_(start.offset),
          archive_(start.archive) {}

    /// The next entry, or nothing at the end. Skips the rest of the previous entry's data. After an error it
    /// returns that error again. The entry's strings are valid until the next call.
    /// Errors: Einval (malformed), Eopnotsupp (compressed); failure() has the details.
    Result<std::optional<CpioEntry>> next();
    CpioFailure failure() const { return failure_; }

    /// The next piece of a regular file's content: at least one byte, or none at its end or where the archive is cut.
    std::span<const u8> data();
    /// Advances by `count` bytes of what data() returned. The checksum is only verified if the caller takes
    /// all bytes.
    void take(usize count);

    /// How many trailers were read.
    u32 archive() const { return archive_; }

  private:
    static constexpr usize HEADER_SIZE = 110;
    static constexpr usize NAME_LIMIT = 4096;  // PATH_MAX, with the NUL

    Error fail_with(CpioProblem problem, u64 offset);
    Result<> finish_entry();
    bool pass_over(u64 count);
    Result<bool> skip_to_header();
    Result<bool> read_entry(CpioEntry& entry);
    usize read(std::span<u8> to);

    ByteSource& source_;
    bool is_unpacked_;
    u64 position_;
    u32 archive_;
    u64 content_left_ = 0;      ///< Bytes of the last entry's content that were not taken yet, without
                                ///< padding.
    bool is_in_entry_ = false;  ///< The padding of the last entry may still have to be skipped.
    bool was_given_ = false;    ///< next() has returned that entry, and it is not a symbolic link.
    std::optional<u32> expected_sum_;
    u32 sum_ = 0;
    u64 header_offset_ = 0;
    CpioFailure failure_{};
    std::array<u8, NAME_LIMIT + 4> name_;
    std::array<u8, NAME_LIMIT> target_;
};

/// Finds the names that belong to one file. In `newc` every name of a file has an entry; the last one carries
/// the data. This kernel accepts the data with any of them.
class CpioLinks {
  public:
    /// The first name of the same file, or nothing if the file has only one name or is seen for the first
    /// time. A first name is remembered. Directories and symbolic links never have a second name.
    /// Errors: Enomem.
    Result<std::optional<std::string_view>> first_name(const CpioEntry& entry);

  private:
    struct Key {
        u32 archive, major, minor, inode, type;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    Map<Key, String> names_;
};

}  // namespace exo::fs
