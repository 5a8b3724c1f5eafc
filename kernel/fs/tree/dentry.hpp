// Dentry: a name in a directory and the inode that it stands for, cached; without an inode it remembers that there is
// no such name. The cache holds one reference to every dentry in it; users hold more.
//
// Locking: name, parent, place in the cache and the change from negative to positive are guarded by the lock of the
// name tree (name_tree.hpp). The inode of a positive dentry never changes.
#pragma once

#include <string_view>

#include "fs/node/inode.hpp"
#include "fs/tree/hashed_name.hpp"
#include "utils/list.hpp"
#include "utils/tree.hpp"

namespace exo::fs {

class Dentry final : public Object {
  public:
    /// A negative dentry that is not yet in the cache. Errors: Enomem.
    static Result<Ref<Dentry>> create(Ref<Dentry> parent, const HashedName& name);
    /// The root of a file system: no name, its own parent. Errors: Enomem.
    static Result<Ref<Dentry>> create_root(Ref<Inode> inode);
    ~Dentry() override;

    Inode* inode() const { return inode_.get(); }
    bool is_negative() const { return !inode_; }
    bool is_root() const { return parent_ == nullptr; }

    // ---- With the name tree locked, or with the parent's names_lock held (then nobody renames it).

    std::string_view name() const { return {name_, name_length_}; }
    /// Null for a root.
    Dentry* parent() const { return parent_; }
    /// Found by lookups. Names of volatile directories never are.
    bool is_cached() const { return is_cached_; }
    /// The name was removed; who holds the dentry still has the inode.
    bool is_deleted() const { return is_deleted_; }
    /// Some mount covers it.
    bool is_mountpoint() const { return mounts_here_ != 0; }

    // ---- For the file system that keeps its directories' entries here (tmpfs), under names_lock.

    TreeNode entry_link;
    u64 cookie = 0;

    /// For the cache: among those that may be forgotten; later among the dying.
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
