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
    /// The inode of the place. Every Path that fs returns has a positive dentry.
    Inode& inode() const { return *dentry->inode(); }
    friend bool operator==(const Path&, const Path&) = default;
};

/// A task's root, working directory and umask. Tasks made with CLONE_FS share it.
class PathContext final : public Object {
  public:
    /// Starts with `root` as the working directory too, and umask 022.
    explicit PathContext(Path root) : root_(root), working_directory_(std::move(root)) {}
    /// Makes a separate copy, for fork. Errors: Enomem.
    Result<Ref<PathContext>> clone() const;

    Path root() const;
    Path working_directory() const;
    /// chroot and chdir. The caller has checked that the path is a directory with search permission.
    void set_root(Path path);
    void set_working_directory(Path path);

    u32 umask() const { return umask_.load(std::memory_order_relaxed); }
    /// Sets the umask and returns the old one.
    u32 set_umask(u32 mask) { return umask_.exchange(mask & 0777, std::memory_order_relaxed); }

  private:
    friend class PathWalk;
    PathContext(Path root, Path working_directory, u32 umask)
        : root_(std::move(root)),
          working_directory_(std::move(working_directory)),
          umask_(umask) {}
    template <class T, class... Args> friend Result<Ref<T>> exo::make_ref(Args&&... args);

    // The lock of the name tree guards both, so that a path walk may start from them without taking a
    // reference.
    Path root_;
    Path working_directory_;
    std::atomic<u32> umask_{022};
};

enum class PathState : u8 {
    Reachable,
    Deleted,      ///< The name was removed: /proc appends " (deleted)" to it, getcwd fails with ENOENT.
    Unreachable,  ///< The place is not below `root`: getcwd prepends "(unreachable)".
};

/// Appends the absolute path of `path` as seen from `root`. Source: d_path in Linux, getcwd(2).
/// Errors: Enomem, Enametoolong (over 4095 bytes).
Result<PathState> append_path(const Path& path, const Path& root, String& out);

}  // namespace exo::fs
