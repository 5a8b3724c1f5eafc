// initramfs: unpacks cpio archives into the root file system at boot.
//
// The content of a plain archive is not copied at boot: a page is copied from the archive when a program
// first needs it, so the archive's memory stays until its last file is gone. A gzip archive is unpacked while
// it is read, which needs 80 KiB beside its files; the archive's own memory is free afterwards.
#pragma once

#include "fs/initramfs/cpio.hpp"
#include "fs/operations/vfs.hpp"

namespace exo::fs {

/// The memory that holds an archive. `release` (may be null) is called when nothing refers to the memory any
/// more.
class ArchiveMemory final : public Object {
  public:
    using Release = void (*)(std::span<const u8> bytes);
    ArchiveMemory(std::span<const u8> bytes, Release release) : bytes_(bytes), release_(release) {}
    ~ArchiveMemory() override {
        if (release_ != nullptr) release_(bytes_);
    }
    std::span<const u8> bytes() const { return bytes_; }

  private:
    std::span<const u8> bytes_;
    Release release_;
};

/// Makes the nodes of Linux's built-in archive, so that init has a console whatever the image contains: /dev,
/// /dev/console (0600, 5:1) and /root (0700). An archive that is unpacked later overwrites them. Errors:
/// Enomem, Enospc.
Result<> make_built_in_nodes(const Path& root);

struct InitramfsReport {
    u32 entries = 0;
    CpioFailure failure{};  ///< Its problem is None if the whole image was read.
    /// Whether the failure's offset counts decompressed bytes of a gzip archive.
    bool is_unpacked = false;
    /// The name of the last entry, made printable.
    String name;
};

/// One line that says what is wrong and where: "the archive is cut off (byte 70000, in init)". Empty if
/// nothing is wrong.
/// Errors: Enomem.
Result<String> explain(const InitramfsReport& report);

/// Unpacks every archive in `memory` below `root`, plain ones and gzip ones. Later entries replace earlier
/// ones, as in Linux. The entries before a damage stay.
/// Errors: Enomem; Enospc, Einval (malformed), Eopnotsupp (another compression): the report says what is
/// wrong and where.
Result<> unpack_initramfs(const Ref<ArchiveMemory>& memory, const Path& root, InitramfsReport& report);

}  // namespace exo::fs
