// The open file description of a regular file in tmpfs.
#pragma once

#include "fs/tmpfs/tmpfs_inodes.hpp"

namespace exo::fs::tmpfs {

class TmpfsFile final : public File {
  public:
    explicit TmpfsFile(OpenRequest&& request)
        : File(std::move(request), {.seek = SeekPolicy::Moving}),
          seen_errors_(regular().cache().sample_errors()) {}

    Result<usize> do_read(vm::OutBuffer& to, u64 offset) override;
    Result<usize> do_write(vm::InBuffer& from, u64& offset, const WriteContext& context) override;
    Result<u64> do_seek(u64 position, i64 offset, abi::SeekWhence whence) override;
    Result<u64> readable_bytes() override;
    Result<> truncate(u64 size, const WriteContext& context) override;
    Result<> do_allocate(abi::FallocateMode mode, u64 offset, u64 length,
                         const WriteContext& context) override;
    /// F_ADD_SEALS and F_GET_SEALS. Errors: Ebadf (other commands), Eperm, Einval, Ebusy (F_SEAL_WRITE while
    /// the file is mapped for writing).
    Result<u64> fcntl(FileCommand command, const Credentials& credentials) override;
    bool refuses_new_writers() const override {
        return regular().has_seal(abi::Seals::FutureWrite | abi::Seals::Write);
    }
    /// A file without a name is freed when its last descriptor is closed.
    u64 held_bytes() const override {
        return inode().links() == 0 ? regular().cache().page_count() * PAGE_SIZE : 0;
    }
    Result<> sync() override { return regular().cache().sync(seen_errors_); }
    Result<Ref<vm::PageSource>> page_source() override { return Ref<vm::PageSource>(regular().cache_ref()); }

  private:
    Result<u64> writable_bytes(u64 offset, u64 count) const;
    TmpfsRegular& regular() const { return static_cast<TmpfsRegular&>(inode()); }

    std::atomic<WriteErrors::Seen> seen_errors_;
};

}  // namespace exo::fs::tmpfs
