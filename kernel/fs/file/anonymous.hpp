// Inodes of files without a name in any directory, such as eventfds.
#pragma once

#include "fs/node/file_system.hpp"

namespace exo::fs {

/// A file system instance that only hands out inode numbers and cannot be mounted. Errors: Enomem.
class AnonymousFileSystem final : public FileSystem {
  public:
    AnonymousFileSystem(std::string_view type_name, i64 magic) : FileSystem(type_name), magic_(magic) {}
    Result<> statistics(abi::statfs& out) override;

  private:
    i64 magic_;
};

class AnonymousInode final : public Inode {
  public:
    AnonymousInode(Ref<FileSystem> file_system, const NewNode& node);
};

/// The one inode that all eventfds, epolls and similar files share ("anon_inode:[…]"), as in Linux. Errors:
/// Enomem.
Result<Ref<Inode>> shared_anonymous_inode();

}  // namespace exo::fs
