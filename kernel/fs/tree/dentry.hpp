// Dentry: a cached name in a directory, with its inode. A negative dentry has no inode: the name does not
// exist. The cache holds one reference to each of its dentries; users hold more.
//
// Locking: the lock of the name tree (name_tree.hpp) guards the name, the parent, the place in the cache and
// the change from negative to positive. The inode of a positive dentry never changes.
#pragma once

#include <string_view>

#include "fs/node/inode.hpp"
#include "fs/tree/hashed_name.hpp"
#include "utils/list.hpp"
#include "utils/tree.hpp"

namespace exo::fs {

class Dentry final : public Object {
  public:
    /// Makes a negative dentry that is not in the cache yet. Errors: Enomem.
    static Result<Ref<Dentry>> create(Ref<Dentry> parent, const HashedName& name);
    /// Makes the root of a file system. It has no name and is its own parent. Errors: Enomem.
    static Result<Ref<Dentry>> create_root(Ref<Inode> inode);
    ~Dentry() override;

    Inode* inode() const { return inode_.get(); }
    bool is_negative() const { return !inode_; }
    bool is_root() const { return parent_ == nullptr; }

    // ---- Call these with the name tree locked, or with the parent's names_lock held, which prevents
    // renames.

    std::string_view name() const { return {name_, name_length_}; }
    /// Null for a root.
    Dentry* parent() const { return parent_; }
    /// Whether lookups find it in the cache. Names in directories with VolatileNames are never cached.
    bool is_cached() const { return is_cached_; }
    /// Whether a program removed the name. Holders of the dentry keep its inode.
    bool is_deleted() const { return is_deleted_; }
    /// Whether a mount is attached here.
    bool is_mountpoint() const { return mounts_here_ != 0; }

    // ---- For a file system whose directory entries are its dentries (tmpfs). Guarded by names_lock.

    TreeNode entry_link;
    u64 cookie = 0;

    /// Used by the cache: in the list of evictable dentries, later in the list of dying ones.
    ListNode cache_link;

  private:
    friend class DentryTree;
    friend struct MountTree;

    Dentry() : Object(ObjectKind::Dentry) {}
    Result<> set_name(std::string_view name);
    void destroy() override;

    static constexpr usize INLINE_NAME_SIZE = 32;

    Ref<Inode> inode_;
    Dentry* parent_ = nullptr;  ///< Owns a reference.
    Dentry* next_in_bucket_ = nullptr;
    const char* name_ = inline_name_;
    u64 first_word_ = 0;
    u32 hash_ = 0;
    u16 name_length_ = 0;
    bool is_cached_ = false;
    bool is_deleted_ = false;
    u32 mounts_here_ = 0;
    char inline_name_[INLINE_NAME_SIZE];
};

}  // namespace exo::fs
