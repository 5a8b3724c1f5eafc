#include "fs/tree/name_tree.hpp"

#include <algorithm>
#include <cstring>

#include "scheduler/preemption.hpp"

namespace exo::fs {

[[clang::no_destroy]] constinit NameTree name_tree;

// ---- DentryTree

Dentry* DentryTree::find_in_old(usize place, const Dentry& parent, const HashedName& name) const {
    return find_in(old_buckets_[place & (old_bucket_count_ - 1)], parent, name);
}

void DentryTree::link(Dentry& dentry) {
    Dentry*& bucket = buckets_[place_of(dentry.parent_, dentry.hash_) & (bucket_count_ - 1)];
    dentry.next_in_bucket_ = bucket;
    bucket = &dentry;
}

void DentryTree::unlink(Dentry& dentry) {
    const usize place = place_of(dentry.parent_, dentry.hash_);
    Dentry** slot = &buckets_[place & (bucket_count_ - 1)];
    while (*slot != nullptr && *slot != &dentry) slot = &(*slot)->next_in_bucket_;
    if (*slot == nullptr) {
        slot = &old_buckets_[place & (old_bucket_count_ - 1)];
        while (*slot != &dentry) slot = &(*slot)->next_in_bucket_;
    }
    *slot = dentry.next_in_bucket_;
    dentry.next_in_bucket_ = nullptr;
}

bool DentryTree::is_evictable(const Dentry& dentry) {
    return !has(dentry.parent_->inode()->traits(), InodeTraits::CompleteDirectory);
}

void DentryTree::insert(Dentry& dentry) {
    DEBUG_ASSERT(!dentry.is_cached_ && dentry.parent_ != nullptr);
    dentry.retain();
    dentry.is_cached_ = true;
    link(dentry);
    ++size_;
    if (is_evictable(dentry)) {
        evictable_.push_back(dentry);
        ++evictable_count_;
    }
}

Ref<Dentry> DentryTree::remove(Dentry& dentry) {
    DEBUG_ASSERT(dentry.is_cached_);
    unlink(dentry);
    dentry.is_cached_ = false;
    --size_;
    if (dentry.cache_link.is_linked()) {
        dentry.cache_link.unlink();
        --evictable_count_;
    }
    return Ref<Dentry>::adopt(&dentry);
}

void DentryTree::swap_names(Dentry& a, Dentry& b) {
    const bool a_is_inline = a.name_ == a.inline_name_;
    const bool b_is_inline = b.name_ == b.inline_name_;
    const char* a_name = a.name_;
    const char* b_name = b.name_;
    std::swap_ranges(a.inline_name_, a.inline_name_ + Dentry::INLINE_NAME_SIZE, b.inline_name_);
    a.name_ = b_is_inline ? a.inline_name_ : b_name;
    b.name_ = a_is_inline ? b.inline_name_ : a_name;
    std::swap(a.name_length_, b.name_length_);
    std::swap(a.hash_, b.hash_);
    std::swap(a.first_word_, b.first_word_);
    std::swap(a.parent_, b.parent_);
}

void DentryTree::move(Dentry& source, Dentry& target) {
    DEBUG_ASSERT(source.is_cached_ && !target.is_cached_);
    unlink(source);
    swap_names(source, target);
    link(source);
}

void DentryTree::exchange(Dentry& a, Dentry& b) {
    DEBUG_ASSERT(a.is_cached_ && b.is_cached_);
    unlink(a);
    unlink(b);
    swap_names(a, b);
    link(a);
    link(b);
}

Ref<Dentry> DentryTree::evict_one() {
    // Those in use go to the end: a bounded number of looks per call.
    for (u32 looks = 0; looks < 16 && !evictable_.is_empty(); ++looks) {
        Dentry& oldest = *evictable_.front();
        if (oldest.reference_count() == 1) return remove(oldest);
        evictable_.remove(oldest);
        evictable_.push_back(oldest);
    }
    return nullptr;
}

Ref<Dentry> DentryTree::evict_one_of(const FileSystem& file_system, usize& looks) {
    for (; looks != 0 && !evictable_.is_empty(); --looks) {
        Dentry& dentry = *evictable_.front();
        if (dentry.reference_count() == 1 && &dentry.parent_->inode()->file_system() == &file_system)
            return remove(dentry);
        evictable_.remove(dentry);
        evictable_.push_back(dentry);
    }
    return nullptr;
}

Ref<Dentry> DentryTree::evict_last_use(Dentry& dentry) {
    const bool is_unused =
        dentry.cache_link.is_linked() && dentry.is_cached_ && dentry.reference_count() == 2;
    return is_unused ? remove(dentry) : Ref<Dentry>();
}

bool DentryTree::begin_growth(Vector<Dentry*>& buckets) {
    if (old_buckets_ != nullptr || buckets.size() <= bucket_count_) return false;
    old_more_buckets_ = std::exchange(more_buckets_, std::move(buckets));
    old_buckets_ = std::exchange(buckets_, more_buckets_.data());
    old_bucket_count_ = std::exchange(bucket_count_, more_buckets_.size());
    moved_ = 0;
    return true;
}

bool DentryTree::move_some(Vector<Dentry*>& old) {
    constexpr usize BUCKETS_AT_ONCE = 256;
    const usize end = std::min(moved_ + BUCKETS_AT_ONCE, old_bucket_count_);
    while (moved_ < end) {
        Dentry* dentry = std::exchange(old_buckets_[moved_++], nullptr);
        while (dentry != nullptr) {
            Dentry* next = dentry->next_in_bucket_;
            link(*dentry);
            dentry = next;
        }
    }
    if (moved_ < old_bucket_count_) return true;
    old_buckets_ = nullptr;
    old = std::move(old_more_buckets_);
    return false;
}

// ---- MountTree

Mount* MountTree::find(const Mount& parent, const Dentry& mountpoint) {
    return attached_.find(Place{&mountpoint, &parent});
}

void MountTree::descend(Mount*& mount, Dentry*& dentry) {
    while (dentry->is_mountpoint()) {
        Mount* covering = dentry == &mount->root() ? mount->cover_ : find(*mount, *dentry);
        if (covering == nullptr) return;
        mount = covering;
        dentry = &covering->root();
    }
}

void MountTree::attach(Mount& mount, Ref<Mount> parent, Ref<Dentry> mountpoint) {
    parent->children_.push_back(mount);
    if (mountpoint.get() == &parent->root()) parent->cover_ = &mount;
    ++mountpoint->mounts_here_;
    mount.parent_ = std::move(parent);
    mount.mountpoint_ = std::move(mountpoint);
    [[maybe_unused]] const bool is_new = attached_.insert(mount);
    DEBUG_ASSERT(is_new);
}

Path MountTree::detach(Mount& mount) {
    attached_.remove(mount);
    mount.parent_->children_.remove(mount);
    if (mount.parent_->cover_ == &mount) mount.parent_->cover_ = nullptr;
    --mount.mountpoint_->mounts_here_;
    return {std::move(mount.parent_), std::move(mount.mountpoint_)};
}

// ---- Whole operations

namespace {

/// Enlarges the hash table of a crowded cache. Without memory the table keeps its size, and lookups are
/// slower.
void grow_buckets(usize count) {
    constexpr usize CLEARED_AT_ONCE = 4096;
    Vector<Dentry*> buckets;
    if (!buckets.reserve(count)) return;
    while (buckets.size() < count) {
        buckets.push_within_capacity(nullptr);
        if (buckets.size() % CLEARED_AT_ONCE == 0) scheduler::preempt_point();
    }
    if (!name_tree.lock()->dentries.begin_growth(buckets)) return;
    Vector<Dentry*> old;
    while (name_tree.lock()->dentries.move_some(old)) scheduler::preempt_point();
}

}  // namespace

void cache_dentry(Dentry& dentry) {
    Ref<Dentry> forgotten;
    auto tree = name_tree.lock();
    tree->dentries.insert(dentry);
    if (tree->dentries.evictable_count() > MAX_EVICTABLE) [[unlikely]]
        forgotten = tree->dentries.evict_one();
    const usize grown = tree->dentries.wants_growth() ? tree->dentries.bucket_count() * 8 : 0;
    tree.unlock();
    if (grown != 0) [[unlikely]]
        grow_buckets(grown);
}

void cache_positive(Dentry& dentry, Ref<Inode> inode) {
    if (dentry.is_cached()) {
        auto tree = name_tree.lock();
        tree->dentries.make_positive(dentry, std::move(inode));
        return;
    }
    // The dentry is not in the cache yet, so no other thread uses it.
    name_tree.unsafe_value().dentries.make_positive(dentry, std::move(inode));
    cache_dentry(dentry);
}

usize shrink_dentry_cache() {
    for (usize count = 0;; ++count) {
        Ref<Dentry> forgotten;
        auto tree = name_tree.lock();
        forgotten = tree->dentries.evict_one();
        tree.unlock();
        if (!forgotten) return count;
        scheduler::preempt_point();
    }
}

/// Drops the last reference to a dentry, and then evicts its directories as far as they have become unused.
static void forget_upwards(Ref<Dentry> forgotten) {
    while (forgotten && !forgotten->is_root()) {
        Ref<Dentry> directory(forgotten->parent());
        forgotten = nullptr;
        auto tree = name_tree.lock();
        forgotten = tree->dentries.evict_last_use(*directory);
        tree.unlock();
        scheduler::preempt_point();
    }
}

void FileSystem::last_mount_gone(Dentry&) {
    constexpr usize LOOKS_AT_ONCE = 256;
    // Once through all evictable names: the list is in its old order afterwards.
    usize remaining = name_tree.lock()->dentries.evictable_count();
    while (remaining != 0) {
        usize looks = std::min(remaining, LOOKS_AT_ONCE);
        remaining -= looks;
        auto tree = name_tree.lock();
        Ref<Dentry> forgotten = tree->dentries.evict_one_of(*this, looks);
        const bool is_empty = tree->dentries.evictable_count() == 0;
        tree.unlock();
        if (forgotten) {
            remaining += looks - 1;
            forget_upwards(std::move(forgotten));
        } else if (is_empty)
            return;
        scheduler::preempt_point();
    }
}

}  // namespace exo::fs
