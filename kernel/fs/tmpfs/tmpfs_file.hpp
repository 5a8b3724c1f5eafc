// An open regular file of tmpfs.
#pragma once

#include "fs/tmpfs/tmpfs_inodes.hpp"

namespace exo::fs::tmpfs {

class TmpfsFile final : public File {
  public:
    explicit TmpfsFile(OpenRequest&& request) : File(std::move(request), FileTraits::Seekable) {}

    Result<usize> do_read(vm::OutBuffer& to, u64 offset) override;
    Result<usize> do_write(vm::InBuffer& from, u64& offset, const WriteContext& context) override;
    Result<u64> do_seek(u64 position, i64 offset, abi::SeekWhence whence) override;
    Result<u64> readable_bytes() override;
    Result<> truncate(u64 size, const WriteContext& context) override;
    Result<> do_allocate(abi::FallocateMode mode, u64 offset, u64 length,
                         const WriteContext& context) override;
    Result<> sync() override { return {}; }
    Result<Ref<vm::PageSource>> page_source() override { return Ref<vm::PageSource>(regular().cache_ref()); }

  private:
    TmpfsRegular& regular() const { return static_cast<TmpfsRegular&>(inode()); }
};

}  // namespace exo::fs::tmpfs
