// Reader of initramfs images: uncompressed cpio archives of the `newc` format (magic 070701, and 070702 with
// checksums), several of them one behind the other with zero bytes between.
//
//   CpioReader reader{image};
//   while (const auto entry = TRY(reader.next())) unpack(*entry);      // reader.failure() says what was wrong
//
// Nothing is copied: names and data are views into the image. No locks: one reader, one thread.
// Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst and init/initramfs.c.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "utils/bytes.hpp"
#include "utils/map.hpp"
#include "utils/result.hpp"

namespace exo::fs {

enum class CpioProblem : u8 {
    None,
    Truncated,
    BadMagic,
    OldFormat,
    BadNumber,
    BadName,
    NameTooLong,
    LinkTooLong,
    BadChecksum,
    NoTrailer,
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
    /// Where in the image: the header (or the first byte) of what is wrong.
    u64 offset = 0;
};

/// One clear line without the offset, such as "the archive is compressed with gzip, which is not supported".
std::string_view describe(CpioProblem problem);

/// The format of a compressed image by its first bytes, or CpioProblem::None.
CpioProblem recognise_compression(std::span<const u8> image);

struct CpioEntry {
    /// As it stands in the archive: not empty, no NUL, at most 4095 bytes; may start with '/' or "./".
    std::string_view name;
    u32 inode = 0;
    u32 mode = 0;
    u32 user = 0;
    u32 group = 0;
    u32 links = 0;
    u32 modified = 0;
    u32 device_major = 0;
    u32 device_minor = 0;
    u32 special_major = 0;  ///< Of a device node.
    u32 special_minor = 0;
    /// A file's content, or a symbolic link's target.
    std::span<const u8> data;
    /// Where its header stands in the image.
    u64 offset = 0;
    /// Counts the concatenated archives, from 0. Hard links do not reach from one into another.
    u32 archive = 0;
};

class CpioReader {
  public:
    explicit CpioReader(std::span<const u8> image) : image_(image) {}

    /// The next entry, or nothing at the end of the last archive. After an error the same error again.
    /// Errors: Einval (malformed), Eopnotsupp (compressed); failure() has the details.
    Result<std::optional<CpioEntry>> next();
    CpioFailure failure() const { return failure_; }

  private:
    Error fail_with(CpioProblem problem, u64 offset);
    Result<bool> skip_to_header();
    Result<CpioEntry> read_entry();
    Result<> verify_checksum(const CpioEntry& entry, u32 expected);

    std::span<const u8> image_;
    u64 position_ = 0;
    u32 archive_ = 0;
    bool in_archive_ = false;
    CpioFailure failure_{};
};

/// Remembers which names are one file: in `newc` every name of a file has an entry, of which the last one
/// (any one, for us) carries the data.
class CpioLinks {
  public:
    /// The name under which this file was met first, or nothing if this is the first time (which is
    /// remembered) or if it has only one name. Directories and symbolic links never have a second name.
    /// Errors: Enomem.
    Result<std::optional<std::string_view>> first_name(const CpioEntry& entry);

  private:
    struct Key {
        u32 archive, major, minor, inode, type;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    Map<Key, std::string_view> names_;
};

}  // namespace exo::fs
