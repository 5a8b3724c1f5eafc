// The part of a PageCache that only files with a backing store have. Only the sources of PageCache include
// this header.
//
// Locking: the lock of the cache's tree guards `reads` and `PageRead::is_outdated`.
#pragma once

#include "fs/cache/backing_store.hpp"
#include "fs/cache/page_cache.hpp"
#include "utils/tree.hpp"

namespace exo::fs {

/// A page that is being read from the store. The reading thread creates this object; other threads that need
/// the page wait on it.
class PageCache::PageRead final : public Object {
  public:
    explicit PageRead(u64 index) : index(index) {}

    TreeNode link;
    const u64 index;
    /// A writer stored the page first, or the file was truncated: the data from the store must not be used.
    /// Guarded by the tree's lock.
    bool is_outdated = false;

    /// Ends the read and wakes the waiting threads. The reading thread calls it once.
    void finish(const Result<memory::FrameRef>& result) {
        outcome_ = result;
        // release: pairs with the acquire in wait
        is_done_.store(true, std::memory_order_release);
        waiters_.wake_all();
    }
    /// Waits until the read has ended. Errors: RestartSys: the waiting thread is being killed.
    Result<> wait() {
        return waiters_.wait(scheduler::WaitMode::Killable,
                             [this] { return is_done_.load(std::memory_order_acquire); });
    }
    /// The result, valid after `wait`. RestartSys: the reading thread was killed and gave up, so nobody reads
    /// the page now.
    const Result<memory::FrameRef>& outcome() const { return outcome_; }

  private:
    Result<memory::FrameRef> outcome_;
    std::atomic<bool> is_done_{false};
    scheduler::WaitQueue waiters_;
};

struct PageCache::Backing {
    Backing(PageCache& cache, Ref<BackingStore> store)
        : cache(cache),
          store(std::move(store)),
          memory(this->store->kind() == BackingStore::Kind::Memory
                     ? static_cast<MemoryStore*>(this->store.get())
                     : nullptr) {}

    struct ReadKey {
        static u64 key(const PageRead& read) { return read.index; }
    };
    using Reads = exo::Tree<PageRead, &PageRead::link, ReadKey>;

    PageCache& cache;
    const Ref<BackingStore> store;
    MemoryStore* const memory;  ///< The store, if it is a MemoryStore; else null.
    Reads reads;                ///< Does not own the reads: each belongs to its reading thread.
    std::atomic<u64> removals{0};
    scheduler::WaitQueue write_ended;
    WalkLock walk_lock;
    WriteErrors errors;
    // Place in the list of all caches with a store. Guarded by that list's lock (reclaim.cpp).
    TreeNode listed_link;
    u64 listed_number = 0;
};

}  // namespace exo::fs
