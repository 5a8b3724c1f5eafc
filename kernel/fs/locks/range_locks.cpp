#include "fs/locks/range_locks.hpp"

#include "memory/physical/buddy_allocator.hpp"

namespace exo::fs {

namespace {

constinit std::atomic<u64> next_sequence{0};

u64 take_sequence() { return next_sequence.fetch_add(1, std::memory_order_relaxed); }

/// The limit of locks of a user: a thirty-second of the memory. LINUX: only a control group limits them.
u64 most_locks_of_user() {
    constexpr u64 SHARE = 32;
    return memory::get_stats().total_frames * PAGE_SIZE / SHARE / sizeof(RangeLock);
}

}  // namespace

RangeLocks::~RangeLocks() {
    while (Holder* holder = holders_.front()) (void)clear_all(holder->owner);
}

RangeLocks::Holder* RangeLocks::find_holder(const LockOwner& owner) {
    for (Holder& holder : holders_) {
        if (holder.owner == owner) return &holder;
        scheduler::preempt_point();
    }
    return nullptr;
}

/// The lowest range of the holder that overlaps or touches `range`.
RangeLock* RangeLocks::first_touching(const Holder& holder, const LockRange& range) {
    RangeLock* before = holder.ranges.floor(range.first);
    if (before != nullptr && before->range.last + 1 >= range.first) {
        // Two ranges may touch the first byte: one that ends before it, and one that begins there.
        RangeLock* still_before = holder.ranges.previous(*before);
        const bool touches_too = still_before != nullptr && still_before->range.last + 1 >= range.first;
        return touches_too ? still_before : before;
    }
    RangeLock* after = before != nullptr ? holder.ranges.next(*before) : holder.ranges.first();
    return after != nullptr && after->range.first <= range.last + 1 ? after : nullptr;
}

const RangeLock* RangeLocks::find_conflict_with(const Holder& holder, const LockRequest& request) {
    const RangeLock* lock = first_touching(holder, request.range);
    for (; lock != nullptr && lock->range.first <= request.range.last; lock = holder.ranges.next(*lock)) {
        const bool excludes = lock->mode == LockMode::Exclusive || request.mode == LockMode::Exclusive;
        if (excludes && lock->range.overlaps(request.range)) return lock;
        scheduler::preempt_point();
    }
    return nullptr;
}

std::optional<RangeLocks::Conflict> RangeLocks::find_conflict(const LockRequest& request) {
    for (const Holder& holder : holders_) {
        scheduler::preempt_point();
        if (holder.owner == request.owner) continue;
        if (const RangeLock* lock = find_conflict_with(holder, request)) return Conflict{&holder, lock};
    }
    return std::nullopt;
}

// ---- Memory

Result<Box<RangeLock>> RangeLock::create(const LockRange& range, LockMode mode, const LockOrigin& origin,
                                         security::UserRecord* payer) {
    if (payer != nullptr && !payer->charge_file_lock(most_locks_of_user())) return Error::Enolck;
    auto lock = make_box<RangeLock>(range, mode, origin, Ref<security::UserRecord>(payer));
    if (!lock && payer != nullptr) payer->release_file_lock();
    return lock;
}

RangeLock::~RangeLock() {
    if (payer) payer->release_file_lock();
}

Result<RangeLocks::Spare> RangeLocks::make_spare(const LockRequest& request) {
    const auto make = [&] {
        return RangeLock::create(request.range, request.mode, request.origin, request.payer);
    };
    Spare spare;
    spare.holder = TRY(make_box<Holder>(request.owner));
    spare.first = TRY(make());
    spare.second = TRY(make());
    return spare;
}

void RangeLocks::remove(Holder& holder, RangeLock& lock) {
    holder.ranges.remove(lock);
    delete &lock;
}

void RangeLocks::drop_if_empty(Holder& holder) {
    if (!holder.ranges.is_empty()) return;
    decltype(holders_)::remove(holder);
    delete &holder;
}

// ---- Changes

Result<RangeLocks::Change> RangeLocks::set(const LockRequest& request, Spare* spare) {
    const LockRange& range = request.range;
    Holder* holder = find_holder(request.owner);
    RangeLock* touching = holder != nullptr ? first_touching(*holder, range) : nullptr;

    // One range of the same mode that holds all of it already: nothing to do.
    for (RangeLock* lock = touching; lock != nullptr && lock->range.first <= range.first;
         lock = holder->ranges.next(*lock))
        if (lock->mode == request.mode && lock->range.contains(range)) return Change::NothingFreed;

    // All memory comes first.
    Box<Holder> new_holder;
    Box<RangeLock> fresh;
    Box<RangeLock> left;
    RangeLock* split = nullptr;
    for (RangeLock* lock = touching; lock != nullptr && lock->range.first < range.first;
         lock = holder->ranges.next(*lock))
        if (lock->mode != request.mode && lock->range.last > range.last) split = lock;
    if (spare != nullptr) {
        if (holder == nullptr) new_holder = std::move(spare->holder);
        fresh = std::move(spare->first);
        if (split != nullptr) left = std::move(spare->second);
    } else {
        if (holder == nullptr) new_holder = TRY(make_box<Holder>(request.owner));
        fresh = TRY(RangeLock::create(range, request.mode, request.origin, request.payer));
        if (split != nullptr)
            left = TRY(RangeLock::create(split->range, split->mode, split->origin, request.payer));
    }
    if (holder == nullptr) {
        holder = new_holder.release();
        holders_.push_back(*holder);
    }

    Change change = Change::NothingFreed;
    const auto note = [&](const RangeLock& lock) {
        if (lock.mode == LockMode::Exclusive && request.mode == LockMode::Shared)
            change = Change::SomethingFreed;
    };
    if (split != nullptr) {
        // LINUX: the left part is the new structure.
        note(*split);
        const LockRange all = split->range;
        move_start(*holder, *split, range.last + 1);
        fresh->sequence = take_sequence();
        left->range = {all.first, range.first - 1};
        left->mode = split->mode;
        left->origin = split->origin;
        left->sequence = take_sequence();
        (void)holder->ranges.insert(*left.release());
        fresh->range = range;
        (void)holder->ranges.insert(*fresh.release());
        return change;
    }

    // LINUX: the first range of the same mode that is touched grows and takes in the others.
    LockRange whole = range;
    RangeLock* survivor = nullptr;
    for (RangeLock* lock = touching; lock != nullptr;) {
        scheduler::preempt_point();
        RangeLock* next = holder->ranges.next(*lock);
        if (lock->range.first > range.last && lock->range.first - 1 > range.last) break;
        const bool is_beside = !lock->range.overlaps(range);
        if (lock->mode == request.mode) {
            whole.first = std::min(whole.first, lock->range.first);
            whole.last = std::max(whole.last, lock->range.last);
            if (survivor == nullptr)
                survivor = lock;
            else
                remove(*holder, *lock);
        } else if (!is_beside) {
            note(*lock);
            if (lock->range.first < range.first)
                lock->range.last = range.first - 1;
            else if (lock->range.last > range.last)
                move_start(*holder, *lock, range.last + 1);
            else
                remove(*holder, *lock);
        }
        lock = next;
    }
    if (survivor != nullptr) {
        holder->ranges.remove(*survivor);
        survivor->range = whole;
        (void)holder->ranges.insert(*survivor);
    } else {
        fresh->range = whole;
        fresh->sequence = take_sequence();
        (void)holder->ranges.insert(*fresh.release());
    }
    return change;
}

void RangeLocks::move_start(Holder& holder, RangeLock& lock, u64 first) {
    holder.ranges.remove(lock);
    lock.range.first = first;
    (void)holder.ranges.insert(lock);
}

Result<RangeLocks::Change> RangeLocks::clear(const LockOwner& owner, const LockRange& range) {
    Holder* holder = find_holder(owner);
    if (holder == nullptr) return Change::NothingFreed;
    Change change = Change::NothingFreed;
    for (RangeLock* lock = first_touching(*holder, range);
         lock != nullptr && lock->range.first <= range.last;) {
        scheduler::preempt_point();
        RangeLock* next = holder->ranges.next(*lock);
        if (lock->range.overlaps(range)) {
            const bool has_left = lock->range.first < range.first;
            const bool has_right = lock->range.last > range.last;
            if (has_left && has_right) {
                Box<RangeLock> left =
                    TRY(RangeLock::create(lock->range, lock->mode, lock->origin, lock->payer.get()));
                left->range.last = range.first - 1;
                left->sequence = take_sequence();
                move_start(*holder, *lock, range.last + 1);
                (void)holder->ranges.insert(*left.release());
                return Change::SomethingFreed;
            }
            change = Change::SomethingFreed;
            if (has_left)
                lock->range.last = range.first - 1;
            else if (has_right)
                move_start(*holder, *lock, range.last + 1);
            else
                remove(*holder, *lock);
        }
        lock = next;
    }
    drop_if_empty(*holder);
    return change;
}

RangeLocks::Change RangeLocks::clear_all(const LockOwner& owner) {
    // Cannot fail: no range reaches beyond this one.
    return clear(owner, LockRange{}).value_or(Change::NothingFreed);
}

const RangeLock* RangeLocks::first_of(const LockOwner& owner) {
    const Holder* holder = find_holder(owner);
    return holder != nullptr ? holder->ranges.first() : nullptr;
}

void RangeLocks::for_each(FunctionRef<void(const Holder&, const RangeLock&)> visit) {
    for (const Holder& holder : holders_)
        for (const RangeLock& lock : holder.ranges) {
            visit(holder, lock);
            scheduler::preempt_point();
        }
}

}  // namespace exo::fs
