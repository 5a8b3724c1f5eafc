// initramfs: unpacks cpio archives into the root file system at boot.
//
// The content of a plain archive's files is not copied: a file's page is taken out of the archive when somebody first
// looks at it. So the archive's memory stays until the last such file is gone. A gzip archive is unpacked as it is read,
// with 80 KiB of memory beside its files; its own memory is free afterwards.
#pragma once

#include "fs/initramfs/cpio.hpp"
#include "fs/operations/vfs.hpp"

namespace exo::fs {

/// The memory that an archive lies in; `release` is called once nobody needs it any more (may be null).
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

/// What Linux's built-in archive has, so that init starts with a console whatever the image brings: /dev, /dev/console
/// (0600, 5:1) and /root (0700). An archive that is unpacked afterwards overwrites them. Errors: Enomem, Enospc.
Result<> make_built_in_nodes(const Path& root);

struct InitramfsReport {
    u32 entries = 0;
    CpioFailure failure{};  ///< problem None: all of it was read.
    /// The failure's offset counts in what a gzip archive holds.
    bool is_unpacked = false;
    /// The last entry, made printable.
    String name;
};

/// One line about what is wrong and where, empty if nothing is: "the archive is cut off (byte 70000, in init)".
/// Errors: Enomem.
Result<String> explain(const InitramfsReport& report);

/// Unpacks every archive in `memory` below `root`, later entries over earlier ones, as Linux does: plain ones and such that
/// gzip has compressed. What a cut or damaged archive holds before the damage stays.
/// Errors: Enomem; Enospc, Einval (malformed), Eopnotsupp (compressed otherwise): the report tells what and where.
Result<> unpack_initramfs(const Ref<ArchiveMemory>& memory, const Path& root, InitramfsReport& report);

}  // namespace exo::fs
