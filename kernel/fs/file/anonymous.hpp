// Inodes in no tree: of eventfds and whatever else is a file without a name.
#pragma once

#include "fs/node/file_system.hpp"

namespace exo::fs {

/// An instance that only gives out inode numbers. Errors: Enomem.
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

/// The one inode that all eventfds, epolls and the like share ("anon_inode:[…]"), as in Linux. Errors: Enomem.
Result<Ref<Inode>> shared_anonymous_inode();

}  // namespace exo::fs
