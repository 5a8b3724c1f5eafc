// What a PageCache with a backing store has beside its pages. For the parts of PageCache only.
//
// Locking: `reads`, and what PageRead says of it, change with the cache's tree locked.
#pragma once

#include "fs/cache/backing_store.hpp"
#include "fs/cache/page_cache.hpp"
#include "utils/tree.hpp"

namespace exo::fs {

/// A page that is being read from the store. The thread that reads it made this, and all that want the page wait for it.
class PageCache::PageRead final : public Object {
  public:
    explicit PageRead(u64 index) : index(index) {}

    TreeNode link;
    const u64 index;
    /// A writer was faster, or the file was cut: what the store gives is not what the file holds. With the tree locked.
    bool is_outdated = false;

    /// Once, by who reads.
    void finish(const Result<memory::FrameRef>& result) {
        outcome_ = result;
        // release: pairs with the acquire in wait
        is_done_.store(true, std::memory_order_release);
        waiters_.wake_all();
    }
    /// Errors: RestartSys: the waiting thread is to die.
    Result<> wait() {
        return waiters_.wait(scheduler::WaitMode::Killable,
                             [this] { return is_done_.load(std::memory_order_acquire); });
    }
    /// After `wait`. RestartSys: who read has given up, being killed; nobody reads the page any more.
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
    MemoryStore* const memory;  ///< The store, if it is one.
    Reads reads;                ///< Not owned: each is its reader's.
    std::atomic<u64> removals{0};
    scheduler::WaitQueue write_ended;
    WalkLock walk_lock;
    WriteErrors errors;
    // In the list of all caches with a store (reclaim.cpp), under its lock.
    TreeNode listed_link;
    u64 listed_number = 0;
};

}  // namespace exo::fs
