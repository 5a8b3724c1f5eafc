#include "fs/cache/reclaim.hpp"

#include <algorithm>

#include "fs/cache/page_cache_backing.hpp"
#include "scheduler/preemption.hpp"

namespace exo::fs {

namespace {

/// The position of the next visit: behind the page that was visited last.
struct ClockHand {
    u64 cache = 0;  ///< Its number.
    u64 page = 0;
};

constinit sync::SpinLocked<ClockHand, sync::LockRank::SpinLeaf> clock_hand;

/// The smallest amount to reclaim, because a caller that needs one page will need more. LINUX:
/// SWAP_CLUSTER_MAX.
constexpr usize LEAST = 32;

usize sweep_caches(usize wanted, PageCache::Sweep depth) {
    wanted = std::max(wanted, LEAST);
    // Begun anywhere, the third time round ends the second complete round: the first takes the marks of use away.
    constexpr u32 ROUNDS = 3;
    usize freed = 0;
    for (u32 rounds = 0; rounds < ROUNDS;) {
        ClockHand hand = *clock_hand.lock();
        u64 number = hand.cache;
        const Ref<PageCache> cache = PageCache::next_with_store(number);
        if (!cache) {
            *clock_hand.lock() = {};
            ++rounds;
            continue;
        }
        const auto swept = cache->sweep(number == hand.cache ? hand.page : 0, depth);
        *clock_hand.lock() = swept.is_end ? ClockHand{number + 1, 0} : ClockHand{number, swept.next};
        freed += swept.freed;
        if (freed >= wanted) break;
        scheduler::preempt_point();
    }
    return freed;
}

}  // namespace

/// All caches with a store, in the order in which they got it.
struct PageCache::StoreList {
    struct Number {
        static u64 key(const Backing& backing) { return backing.listed_number; }
    };
    struct State {
        using Caches = exo::Tree<Backing, &Backing::listed_link, Number>;
        Caches caches;
        u64 last_number = 0;
    };
    sync::SpinLocked<State, sync::LockRank::SpinLeaf> state;
};

constinit PageCache::StoreList PageCache::store_list;

void PageCache::enter_list() {
    auto list = store_list.state.lock();
    backing_->listed_number = ++list->last_number;
    (void)list->caches.insert(*backing_);
}

void PageCache::leave_list(Backing& backing) { store_list.state.lock()->caches.remove(backing); }

Ref<PageCache> PageCache::next_with_store(u64& number) {
    auto list = store_list.state.lock();
    for (Backing* backing = list->caches.lower_bound(number); backing != nullptr;
         backing = StoreList::State::Caches::next(*backing)) {
        number = backing->listed_number;
        // One whose last reference has gone leaves the list as soon as it gets the lock.
        if (backing->cache.try_retain()) return Ref<PageCache>::adopt(&backing->cache);
    }
    return nullptr;
}

usize reclaim_unmapped_pages(usize wanted) { return sweep_caches(wanted, PageCache::Sweep::Unmapped); }

usize reclaim_pages(usize wanted) {
    for (const auto depth : {PageCache::Sweep::Unmapped, PageCache::Sweep::Mapped, PageCache::Sweep::Dirty}) {
        if (const usize freed = sweep_caches(wanted, depth); freed != 0) return freed;
    }
    return 0;
}

Result<> sync_page_caches(const PageBudget* budget) {
    Result<> result;
    u64 number = 0;
    while (const Ref<PageCache> cache = PageCache::next_with_store(number)) {
        ++number;
        if (budget == nullptr || cache->is_of(*budget)) {
            const Result<> synced = cache->sync_pages(0, ~0ULL);
            if (!synced && synced.error() == Error::RestartSys) return synced;
            if (result) result = synced;
        }
        TRY(scheduler::preempt_point(scheduler::WaitMode::Killable));
    }
    return result;
}

}  // namespace exo::fs
