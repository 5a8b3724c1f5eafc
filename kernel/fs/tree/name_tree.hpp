// The name tree: the cache of dentries and the shape of the mounts, under one spin lock.
//
// A path walk over cached names holds that lock. It takes no references and allocates nothing, except for
// symbolic links.
// Everything found under the lock stays alive while the lock is held: the cache holds a reference to each
// cached dentry, each dentry holds one to its parent, and each namespace holds its mounts. No reference may
// be dropped under the lock, so functions that remove something return the reference.
#pragma once

#include <cstring>

#include "fs/tree/mount.hpp"
#include "fs/tree/path.hpp"
#include "sync/spin_lock.hpp"
#include "utils/tree.hpp"

namespace exo::fs {

/// A hash table of dentries by parent and name.
class DentryTree {
  public:
    constexpr DentryTree() = default;

    /// Null: the name is not cached. It may exist all the same, unless the directory has the trait
    /// CompleteDirectory.
    Dentry* find(const Dentry& parent, const HashedName& name) const;
    /// Adds a dentry whose name is not cached yet. The cache takes a reference.
    void insert(Dentry& dentry);
    /// Removes a dentry from the cache and returns the cache's reference.
    [[nodiscard]] Ref<Dentry> remove(Dentry& dentry);
    /// Removes a dentry from the cache and marks its name as deleted by a program. Null if it was not cached.
    [[nodiscard]] Ref<Dentry> erase(Dentry& dentry) {
        dentry.is_deleted_ = true;
        return dentry.is_cached_ ? remove(dentry) : Ref<Dentry>();
    }
    void make_positive(Dentry& dentry, Ref<Inode> inode) { dentry.inode_ = std::move(inode); }
    /// `source` takes the parent and the name of `target` and gives `target` its own. `target` must not be in
    /// the cache.
    void move(Dentry& source, Dentry& target);
    /// Exchanges the names of two cached dentries. Both stay cached.
    void exchange(Dentry& a, Dentry& b);

    usize size() const { return size_; }
    usize evictable_count() const { return evictable_count_; }
    /// Removes the oldest evictable, unused dentry from the cache. Null if there is none.
    [[nodiscard]] Ref<Dentry> evict_one();
    /// Searches the list of evictable dentries for an unused one of `file_system` and removes it from the
    /// cache. Moves at most `looks` dentries from the list's front to its end, and subtracts their number
    /// from `looks`.
    [[nodiscard]] Ref<Dentry> evict_one_of(const FileSystem& file_system, usize& looks);
    /// Removes an evictable dentry from the cache if only the cache and the caller hold it; else returns
    /// null.
    [[nodiscard]] Ref<Dentry> evict_last_use(Dentry& dentry);

    /// Whether there are more than two names per bucket.
    bool wants_growth() const { return size_ > bucket_count_ * 2 && old_buckets_ == nullptr; }
    usize bucket_count() const { return bucket_count_; }
    /// Replaces the hash table by `buckets`, which must be larger. Names in the old table are found there
    /// until move_some has moved them. Returns false, and changes nothing, if the table is growing already or
    /// is at least as large.
    bool begin_growth(Vector<Dentry*>& buckets);
    /// Moves the names of some old buckets. Returns false after the last of them; `old` is then the memory of
    /// the old table.
    bool move_some(Vector<Dentry*>& old);

  private:
    static constexpr usize FIRST_BUCKETS = 512;
    static usize place_of(const Dentry* parent, u32 hash);
    static Dentry* find_in(Dentry* first, const Dentry& parent, const HashedName& name);
    [[gnu::noinline]] Dentry* find_in_old(usize place, const Dentry& parent, const HashedName& name) const;
    void link(Dentry& dentry);
    void unlink(Dentry& dentry);
    static bool is_evictable(const Dentry& dentry);
    void swap_names(Dentry& a, Dentry& b);

    Dentry* first_buckets_[FIRST_BUCKETS]{};
    Vector<Dentry*> more_buckets_;  ///< The hash table once it is larger than the first one.
    Dentry** buckets_ = first_buckets_;
    usize bucket_count_ = FIRST_BUCKETS;
    // While the table grows: the old buckets, of which the first `moved_` are already empty.
    Vector<Dentry*> old_more_buckets_;
    Dentry** old_buckets_ = nullptr;
    usize old_bucket_count_ = 0;
    usize moved_ = 0;
    usize size_ = 0;
    usize evictable_count_ = 0;
    List<Dentry, &Dentry::cache_link> evictable_;
};

// Defined in the header because each component of each path calls them.

inline usize DentryTree::place_of(const Dentry* parent, u32 hash) {
    // SAFETY: the address is only hashed, to tell parents apart.
    const u64 mixed = (reinterpret_cast<u64>(parent) >> 6) * 0x9e37'79b9'7f4a'7c15 ^ hash * 0x9e37'79b9ULL;
    return static_cast<usize>(mixed >> 16);
}

[[gnu::always_inline]] inline Dentry* DentryTree::find_in(Dentry* first, const Dentry& parent,
                                                          const HashedName& name) {
    constexpr usize WORD = sizeof(u64);
    const usize length = name.text.size();
    for (Dentry* dentry = first; dentry != nullptr; dentry = dentry->next_in_bucket_) {
        if (dentry->hash_ != name.hash || dentry->first_word_ != name.first_word) continue;
        if (dentry->parent_ != &parent || dentry->name_length_ != length) continue;
        if (length <= WORD || std::memcmp(dentry->name_ + WORD, name.text.data() + WORD, length - WORD) == 0)
            return dentry;
    }
    return nullptr;
}

[[gnu::always_inline]] inline Dentry* DentryTree::find(const Dentry& parent, const HashedName& name) const {
    const usize place = place_of(&parent, name.hash);
    Dentry* found = find_in(buckets_[place & (bucket_count_ - 1)], parent, name);
    if (found == nullptr && old_buckets_ != nullptr) [[unlikely]]
        return find_in_old(place, parent, name);
    return found;
}

/// The tree of attached mounts.
struct MountTree {
    /// The mount that covers `mountpoint` of `parent`, or null.
    Mount* find(const Mount& parent, const Dentry& mountpoint);
    /// Moves to the topmost mount at this place, and to its root.
    void descend(Mount*& mount, Dentry*& dentry);
    void attach(Mount& mount, Ref<Mount> parent, Ref<Dentry> mountpoint);
    /// Detaches a mount. Returns its mountpoint's references, which the caller drops after it has released
    /// the lock.
    [[nodiscard]] Path detach(Mount& mount);

  private:
    struct Place {
        const Dentry* mountpoint;
        const Mount* parent;
        friend auto operator<=>(const Place&, const Place&) = default;
    };
    struct PlaceOf {
        static Place key(const Mount& mount) { return {mount.mountpoint_.get(), mount.parent_.get()}; }
    };
    Tree<Mount, &Mount::attached_link, PlaceOf> attached_;  ///< At most one mount covers each place.
};

struct NameTreeState {
    DentryTree dentries;
    MountTree mounts;
};
using NameTree = sync::SpinLocked<NameTreeState, sync::LockRank::Dentry>;
extern constinit NameTree name_tree;

/// Puts a dentry into the cache, and evicts old ones if there are too many. The caller holds no lock but
/// names_lock.
void cache_dentry(Dentry& dentry);
/// Puts a dentry into the cache and sets its inode, in one step.
void cache_positive(Dentry& dentry, Ref<Inode> inode);
/// Drops all unused dentries that can be looked up again; returns how many. Called when memory is short.
usize shrink_dentry_cache();

/// The limit of evictable dentries in the cache.
inline constexpr usize MAX_EVICTABLE = 2048;

}  // namespace exo::fs
