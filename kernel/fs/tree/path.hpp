// Path: a place in the tree of names: a dentry as seen through a mount. PathContext: a task's root, working directory
// and umask.
#pragma once

#include <atomic>

#include "fs/tree/dentry.hpp"
#include "fs/tree/mount.hpp"
#include "utils/string.hpp"

namespace exo::fs {

struct Path {
    Ref<Mount> mount;
    Ref<Dentry> dentry;

    explicit operator bool() const { return bool(dentry); }
    /// The dentry must be positive, as that of every path handed out is.
    Inode& inode() const { return *dentry->inode(); }
    friend bool operator==(const Path&, const Path&) = default;
};

/// Shared by tasks made with CLONE_FS.
class PathContext final : public Object {
  public:
    /// Working directory = root, umask 022.
    explicit PathContext(Path root) : root_(root), working_directory_(std::move(root)) {}
    /// For fork: the same places, in a record of its own. Errors: Enomem.
    Result<Ref<PathContext>> clone() const;

    Path root() const;
    Path working_directory() const;
    /// chroot, chdir: the caller has checked that it is a directory that may be searched.
    void set_root(Path path);
    void set_working_directory(Path path);

    u32 umask() const { return umask_.load(std::memory_order_relaxed); }
    /// Returns the old one.
    u32 set_umask(u32 mask) { return umask_.exchange(mask & 0777, std::memory_order_relaxed); }

  private:
    friend class PathWalk;
    PathContext(Path root, Path working_directory, u32 umask)
        : root_(std::move(root)),
          working_directory_(std::move(working_directory)),
          umask_(umask) {}
    template <class T, class... Args> friend Result<Ref<T>> exo::make_ref(Args&&... args);

    // Both change under the lock of the name tree, so that a walk may start from them without a reference.
    Path root_;
    Path working_directory_;
    std::atomic<u32> umask_{022};
};

enum class PathState : u8 {
    Reachable,
    Deleted,      ///< The name has been removed: /proc shows " (deleted)" after it, getcwd fails with ENOENT.
    Unreachable,  ///< Outside `root`: getcwd shows "(unreachable)" before it.
};

/// Appends the absolute path of `path` as seen from `root`. Source: d_path in Linux, getcwd(2).
/// Errors: Enomem, Enametoolong (over 4095 bytes).
Result<PathState> append_path(const Path& path, const Path& root, String& out);

}  // namespace exo::fs
