// The name tree: the cache of dentries and the shape of the mounts, under one spin lock.
//
// A path walk over cached names is one section under that lock. It takes no reference and allocates nothing, but for
// symbolic links.
// Everything found under the lock is alive for as long as it is held: the cache holds a reference to each cached
// dentry, each dentry one to its parent, each attached mount is held by its namespace. Nothing may be released under
// the lock: removals hand references out.
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

    /// Null: not cached, which says nothing about a directory that is not complete.
    Dentry* find(const Dentry& parent, const HashedName& name) const;
    /// The cache takes a reference. The name must not be cached yet.
    void insert(Dentry& dentry);
    /// Hands the cache's reference out; the name is gone.
    [[nodiscard]] Ref<Dentry> remove(Dentry& dentry);
    /// The name was removed by a program: whoever holds the dentry sees it as deleted. Null if it was not cached.
    [[nodiscard]] Ref<Dentry> erase(Dentry& dentry) {
        dentry.is_deleted_ = true;
        return dentry.is_cached_ ? remove(dentry) : Ref<Dentry>();
    }
    void make_positive(Dentry& dentry, Ref<Inode> inode) { dentry.inode_ = std::move(inode); }
    /// `source` takes the parent and the name of `target`, which must be out of the cache, and gives it its own.
    void move(Dentry& source, Dentry& target);
    /// Both are cached, before and after.
    void exchange(Dentry& a, Dentry& b);

    usize size() const { return size_; }
    usize evictable_count() const { return evictable_count_; }
    /// An evictable dentry that nobody uses, oldest first, out of the cache. Null if there is none.
    [[nodiscard]] Ref<Dentry> evict_one();
    /// Moves evictable dentries from the front of their list to its end, at most `looks` of them, up to the first one of `file_system`
    /// that nobody uses, and takes that one out of the cache. `looks` is less by the number of dentries that were looked at.
    [[nodiscard]] Ref<Dentry> evict_one_of(const FileSystem& file_system, usize& looks);
    /// Takes a dentry out of the cache that the cache and the caller alone hold, and that can be found again. Null for others.
    [[nodiscard]] Ref<Dentry> evict_last_use(Dentry& dentry);

    /// More names than twice the buckets.
    bool wants_growth() const { return size_ > bucket_count_ * 2 && old_buckets_ == nullptr; }
    usize bucket_count() const { return bucket_count_; }
    /// From now on the table has `buckets`, more than it had; what is in the old ones is found there until move_some has
    /// moved it. False, and nothing changed, if it grows already or has as many.
    bool begin_growth(Vector<Dentry*>& buckets);
    /// Moves what is in some of the old buckets. False if that was the last of it: then `old` is what they lay in.
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
    Vector<Dentry*> more_buckets_;  ///< Once there are more than the first.
    Dentry** buckets_ = first_buckets_;
    usize bucket_count_ = FIRST_BUCKETS;
    // While it grows: those that were before, of which the first `moved_` are empty by now.
    Vector<Dentry*> old_more_buckets_;
    Dentry** old_buckets_ = nullptr;
    usize old_bucket_count_ = 0;
    usize moved_ = 0;
    usize size_ = 0;
    usize evictable_count_ = 0;
    List<Dentry, &Dentry::cache_link> evictable_;
};

// In the header, because each component of each path comes through them.

inline usize DentryTree::place_of(const Dentry* parent, u32 hash) {
    // SAFETY: the address only serves to tell parents apart.
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

/// The mounts that are attached somewhere.
struct MountTree {
    /// What covers `mountpoint` of `parent`, or null.
    Mount* find(const Mount& parent, const Dentry& mountpoint);
    /// The topmost mount at this place, and its root.
    void descend(Mount*& mount, Dentry*& dentry);
    void attach(Mount& mount, Ref<Mount> parent, Ref<Dentry> mountpoint);
    /// What the mount held, to be released without the lock.
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
    Tree<Mount, &Mount::attached_link, PlaceOf> attached_;  ///< Each place is covered by one at most.
};

struct NameTreeState {
    DentryTree dentries;
    MountTree mounts;
};
using NameTree = sync::SpinLocked<NameTreeState, sync::LockRank::Dentry>;
extern constinit NameTree name_tree;

/// Puts a dentry into the cache, and forgets old ones when there are too many. Without locks but names_lock.
void cache_dentry(Dentry& dentry);
/// Puts a dentry into the cache and gives it its inode, in one step.
void cache_positive(Dentry& dentry, Ref<Inode> inode);
/// Forgets all that nobody uses and that can be found again; returns how many. For when memory is short.
usize shrink_dentry_cache();

/// How many forgettable names are kept.
inline constexpr usize MAX_EVICTABLE = 2048;

}  // namespace exo::fs
