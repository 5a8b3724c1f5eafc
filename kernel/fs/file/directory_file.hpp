// The open file descriptions of directories, and of files opened with O_PATH.
#pragma once

#include "fs/file/file.hpp"

namespace exo::fs {

/// An open directory. LINUX: if its inode has the trait CountsEntries, the position is a number of entries,
/// and the file remembers the entry before it (dcache_readdir), so that adding or removing other entries does
/// not shift it.
class DirectoryFile final : public File {
  public:
    explicit DirectoryFile(OpenRequest&& request) : File(std::move(request), {.seek = SeekPolicy::Moving}) {}

    Result<usize> do_read(vm::OutBuffer&, u64) override { return Error::Eisdir; }
    Result<usize> do_write(vm::InBuffer&, u64&, const WriteContext&) override { return Error::Ebadf; }
    Result<u64> do_seek(u64 position, i64 offset, abi::SeekWhence whence) override;
    Result<u64> do_read_directory(u64 cookie, DirectorySink sink) override;
    Result<> sync() override { return {}; }

  private:
    static constexpr u64 NO_MORE = ~0ULL;

    bool counts_entries() const;
    Result<u64> cookie_behind(u64 entries);
    Result<u64> read_counting(InodeNames& names, u64 position, DirectorySink sink);

    u64 cookie_ =
        NO_MORE;  ///< Cookie of the next entry, where the position alone does not tell it. Guarded by the
                  ///< position's lock.
};

/// A file opened with O_PATH: it only names a place. The capability's rights refuse operations that need an
/// open file; these functions refuse them again.
class PathFile final : public File {
  public:
    explicit PathFile(OpenRequest&& request) : File(std::move(request), {}) {}

    Result<usize> do_read(vm::OutBuffer&, u64) override { return Error::Ebadf; }
    Result<usize> do_write(vm::InBuffer&, u64&, const WriteContext&) override { return Error::Ebadf; }
    Result<u64> ioctl(FileCommand) override { return Error::Ebadf; }
    PollEvents poll(PollTable*) override { return PollEvents::Nval; }
    Result<> truncate(u64, const WriteContext&) override { return Error::Ebadf; }
    Result<> sync() override { return Error::Ebadf; }
    Result<Ref<vm::PageSource>> page_source() override { return Error::Ebadf; }
};

}  // namespace exo::fs
