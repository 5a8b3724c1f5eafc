#include "posix_x/futex/futex_table.hpp"

#include <algorithm>

#include "posix_x/futex/pi_futex.hpp"
#include "posix_x/time/clocks.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

using scheduler::WaitMode;
using time::Deadline;

constinit FutexTable FUTEXES;

/// A bucket: the waiters of some of the keys.
struct FutexBucket {
    /// Wakers and movers take so many waiters before they let go of the lock.
    static constexpr u64 MOST_AT_ONCE = 64;

    Tree<FutexWaiter, &FutexWaiter::tree_link_, FutexWaiter::KeyOf> first_waiters;
    /// The waiters in the bucket, and the threads that announced that they may become one. Changed under the bucket's lock;
    /// FutexTable::has_nobody reads it without.
    std::atomic<u32> announced{0};

    /// A thread calls it before it compares its word, and withdraws if it does not enter.
    void announce() {
        // seq_cst: comes before the look at the word, as a waker's change of the word comes before its look here
        announced.fetch_add(1, std::memory_order_seq_cst);
    }
    // relaxed: a waker that reads a number that is too large takes the lock
    void withdraw() {
        announced.store(announced.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    }

    /// The waiter has been announced.
    void enter(FutexWaiter& waiter) {
        if (FutexWaiter* first = first_waiters.find(waiter.key_))
            first->others_.push_back(waiter);
        else
            first_waiters.insert(waiter);
    }

    void remove(FutexWaiter& waiter) {
        withdraw();
        if (!waiter.tree_link_.is_linked()) {
            waiter.list_link_.unlink();
            return;
        }
        first_waiters.remove(waiter);
        follow_with(waiter.others_);
    }
    /// After the first waiter of a key was removed: the first of the others takes its place, if there is one.
    void follow_with(List<FutexWaiter, &FutexWaiter::list_link_>& others) {
        if (FutexWaiter* next = others.pop_front()) {
            next->others_.splice_back(others);
            first_waiters.insert(*next);
        }
    }

    /// Takes waiters of `key` that share one of `bits` out, in the order in which they came, and gives each to `take`.
    u64 take(FutexKey key, u32 bits, u64 most, FunctionRef<void(FutexWaiter&)> take) {
        FutexWaiter* first = first_waiters.find(key);
        if (first == nullptr || most == 0) return 0;
        u64 count = 0;
        const bool takes_first = (first->bits_ & bits) != 0;
        List<FutexWaiter, &FutexWaiter::list_link_> others;
        if (takes_first) {
            others.splice_back(first->others_);
            first_waiters.remove(*first);
            withdraw();
            take(*first);  // which may be gone now
            ++count;
        }
        for (FutexWaiter& waiter : takes_first ? others : first->others_) {
            if (count == most) break;
            if ((waiter.bits_ & bits) == 0) continue;
            withdraw();
            waiter.list_link_.unlink();
            take(waiter);
            ++count;
        }
        if (takes_first) follow_with(others);
        return count;
    }

    /// Makes waiters of `from` wait for `to`, in bucket `number`, which may be this one; how many.
    u64 move(FutexKey from, FutexKey to, FutexBucket& target, u32 number, u64 most) {
        List<FutexWaiter, &FutexWaiter::list_link_> moving;
        const u64 count =
            take(from, abi::FUTEX_ANY_BIT, most, [&](FutexWaiter& waiter) { moving.push_back(waiter); });
        while (FutexWaiter* waiter = moving.pop_front()) {
            waiter->key_ = to;
            waiter->bucket_.store(number, std::memory_order_relaxed);
            target.announce();
            target.enter(*waiter);
        }
        return count;
    }

    u64 wake(FutexKey key, u32 bits, u64 most) {
        return take(key, bits, most, [](FutexWaiter& waiter) {
            scheduler::unpark(*waiter.thread_);
            // release: pairs with the acquire in is_queued. The waiter may be gone after this.
            waiter.is_queued_.store(false, std::memory_order_release);
        });
    }
};

namespace {

struct alignas(arch::CACHE_LINE) LockedBucket : sync::SpinLocked<FutexBucket, sync::LockRank::SpinLeaf> {};

constexpr usize BUCKETS = 64;
constinit LockedBucket buckets[BUCKETS];

/// The bucket of a key. The choice only affects contention, because a bucket finds each key in O(log n).
LockedBucket& bucket_of(const FutexKey& key) {
    constexpr u64 GOLDEN = 0x9e37'79b9'7f4a'7c15;
    const u64 mixed = (reinterpret_cast<u64>(key.object) >> 6 ^ key.offset >> 2) * GOLDEN;
    return buckets[mixed >> 58];
}
static_assert(BUCKETS == 1 << (64 - 58));

u32 number_of(const LockedBucket& bucket) { return static_cast<u32>(&bucket - buckets); }

/// Both buckets of an operation on two words. The second is locked only if it differs from the first.
class TwoBuckets {
  public:
    TwoBuckets(LockedBucket& a, LockedBucket& b)
        : lower_((&a < &b ? a : b).lock()),
          a_(&a.unsafe_value()),
          b_(&b.unsafe_value()) {
        if (&a != &b) upper_.emplace((&a < &b ? b : a).lock_nested());
    }
    FutexBucket& first() const { return *a_; }
    FutexBucket& second() const { return *b_; }

  private:
    LockedBucket::Guard lower_;
    std::optional<LockedBucket::Guard> upper_;
    FutexBucket* a_;
    FutexBucket* b_;
};

u32 apply(const FutexWordChange& change, u32 old) {
    switch (change.operation) {
        case 0: return change.operand;
        case 1: return old + change.operand;
        case 2: return old | change.operand;
        case 3: return old & ~change.operand;
        default: return old ^ change.operand;
    }
}

/// Changes the word and returns its old value. Errors: Efault.
Result<u32> change_word(u64 address, const FutexWordChange& change) {
    u32 old = TRY(arch::load_user_word(address));
    while (true) {
        const u32 seen = TRY(arch::compare_exchange_user(address, old, apply(change, old)));
        if (seen == old) return old;
        old = seen;
    }
}

/// Evaluates the comparison. Errors: Enosys (unknown comparison).
Result<bool> compare(const FutexWordChange& change, u32 old_word) {
    const i32 old = static_cast<i32>(old_word);
    switch (change.comparison) {
        case 0: return old == change.compared_with;
        case 1: return old != change.compared_with;
        case 2: return old < change.compared_with;
        case 3: return old <= change.compared_with;
        case 4: return old > change.compared_with;
        case 5: return old >= change.compared_with;
        default: return Error::Enosys;
    }
}

constexpr i32 sign_extend_12(u32 value) { return static_cast<i32>(value << 20) >> 20; }

}  // namespace

Result<u32> peek_futex_word(u64 address) {
    const vm::FaultsDisabled no_faults;
    return arch::load_user_word(address);
}

Result<> bring_in_futex_word(Task& task, u64 address, vm::FaultAccess access) {
    TRY(scheduler::check_interrupted(WaitMode::Killable));
    TRY(task.space().pin_page(address, access));
    return {};
}

// LINUX: futex_atomic_op_inuser.
Result<FutexWordChange> FutexWordChange::decode(u32 word) {
    constexpr u32 SHIFTED = 8;
    constexpr u32 LAST_OPERATION = 4;
    FutexWordChange change{.operation = word >> 28 & 7,
                           .comparison = word >> 24 & 0xf,
                           .operand = static_cast<u32>(sign_extend_12(word >> 12 & 0xfff)),
                           .compared_with = sign_extend_12(word & 0xfff)};
    if ((word >> 28 & SHIFTED) != 0) change.operand = 1U << (change.operand & 31);
    if (change.operation > LAST_OPERATION) return Error::Enosys;
    return change;
}

bool FutexTable::is_queued(const FutexWaiter& waiter) {
    // acquire: pairs with the release of who took it out
    return waiter.is_queued_.load(std::memory_order_acquire);
}

/// Removes the waiter from its present bucket. Returns false if a waker has removed it.
bool FutexTable::leave(FutexWaiter& waiter) {
    while (is_queued(waiter)) {
        LockedBucket& bucket = buckets[waiter.bucket_.load(std::memory_order_relaxed)];
        auto guard = bucket.lock();
        if (!is_queued(waiter)) return false;
        if (waiter.bucket_.load(std::memory_order_relaxed) != number_of(bucket)) continue;  // requeued
        guard->remove(waiter);
        waiter.is_queued_.store(false, std::memory_order_relaxed);
        return true;
    }
    return false;
}

/// Waits until the waker has finished with `waiter`. A waker unparks the thread and removes its waiter in one
/// critical section, so a thread that runs before the removal waits for the end of the section.
void FutexTable::see_off(FutexWaiter& waiter) {
    if (is_queued(waiter)) (void)buckets[waiter.bucket_.load(std::memory_order_relaxed)].lock();
}

Result<> sleep_until(FutexTimeout timeout, FunctionRef<bool()> is_woken) {
    scheduler::Waiter setting;  // of the clock
    while (true) {
        Deadline deadline = Deadline::never();
        if (timeout.clock == FutexTimeout::Clock::Monotonic) deadline = {timeout.at};
        if (timeout.clock == FutexTimeout::Clock::Real) {
            setting.enter(clock_setting_waiters(), scheduler::Waiter::Kind::Shared);
            const time::Nanoseconds now = time::realtime();
            deadline = Deadline::after(timeout.at > now ? timeout.at - now : 0);
        }
        const Result<> result = scheduler::park(WaitMode::Interruptible, deadline);
        // LINUX: whose time is up is told so, whether or not there is a signal too.
        if (!result) return deadline.has_passed() ? Result<>(Error::Etimedout) : result;
        if (is_woken()) return {};
    }
}

/// Compares the word with `expected` and enters the bucket in one critical section. Returns whether they are equal. Errors: Efault.
[[gnu::always_inline]] inline Result<bool> FutexTable::enter_if_equal(FutexWaiter& waiter, u64 address,
                                                                      u32 expected) {
    LockedBucket& bucket = bucket_of(waiter.key_);
    auto guard = bucket.lock();
    guard->announce();
    const Result<u32> word = peek_futex_word(address);
    if (!word || *word != expected) {
        guard->withdraw();
        return word ? Result<bool>(false) : Result<bool>(word.error());
    }
    waiter.bucket_.store(number_of(bucket), std::memory_order_relaxed);
    waiter.is_queued_.store(true, std::memory_order_relaxed);
    guard->enter(waiter);
    return true;
}

Result<> FutexTable::wait(Task& task, u64 address, FutexScope scope, u32 expected, u32 bits,
                          FutexTimeout timeout) {
    while (true) {
        const FutexPlace place = TRY(find_futex(task, address, scope));
        FutexWaiter waiter(place.key, bits);
        const Result<bool> is_equal = enter_if_equal(waiter, address, expected);
        if (is_equal && *is_equal) {
            const Result<> result = sleep_until(timeout, [&] {
                see_off(waiter);
                return !is_queued(waiter);
            });
            return leave(waiter) ? result : Result<>();
        }
        if (is_equal) return Error::Eagain;
        TRY(bring_in_futex_word(task, address, {}));
    }
}

/// Removes all waiters that are still queued. Returns the last one that a waker has removed. LINUX:
/// futex_unqueue_multiple.
std::optional<u32> FutexTable::leave_all(std::span<FutexChoice> choices) {
    std::optional<u32> woken;
    for (u32 index = 0; index < choices.size(); ++index)
        if (!leave(choices[index].waiter)) woken = index;
    return woken;
}

/// LINUX: futex_wait_multiple: a wake-up for a word that is already queued is the result, even if a later
/// word of the array is invalid.
Result<u32> FutexTable::wait_for_any(Task& task, std::span<FutexChoice> choices, FutexTimeout timeout) {
    while (true) {
        for (FutexChoice& choice : choices) {
            choice.place = TRY(find_futex(task, choice.address, choice.scope));
            choice.waiter.key_ = choice.place.key;
        }
        usize queued = 0;
        bool has_faulted = false;
        for (FutexChoice& choice : choices) {
            const Result<bool> is_equal = enter_if_equal(choice.waiter, choice.address, choice.expected);
            if (!is_equal || !*is_equal) {
                has_faulted = !is_equal;
                break;
            }
            ++queued;
        }
        if (queued < choices.size()) {
            if (const std::optional<u32> woken = leave_all(choices.first(queued))) return *woken;
            if (!has_faulted) return Error::Eagain;
            TRY(bring_in_futex_word(task, choices[queued].address, {}));
            continue;
        }
        const Result<> result = sleep_until(timeout, [&] {
            for (FutexChoice& choice : choices) {
                see_off(choice.waiter);
                if (!is_queued(choice.waiter)) return true;
            }
            return false;
        });
        if (const std::optional<u32> woken = leave_all(choices)) return *woken;
        return result.error();
    }
}

bool FutexTable::has_waiters(const FutexKey& key) {
    return bucket_of(key).lock()->first_waiters.find(key) != nullptr;
}

bool FutexTable::has_nobody(const FutexKey& key) {
    // The caller changed the word before.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return bucket_of(key).unsafe_value().announced.load(std::memory_order_relaxed) == 0;
}

/// Unlocks the bucket from time to time, so that a large number of waiters does not delay other threads.
u64 FutexTable::wake_key(const FutexKey& key, u32 bits, i32 count) {
    if (has_nobody(key)) return 0;
    // LINUX: a wake-up of none wakes one.
    const u64 wanted = count > 0 ? static_cast<u64>(count) : 1;
    LockedBucket& bucket = bucket_of(key);
    u64 woken = 0;
    while (woken < wanted) {
        const u64 most = std::min(wanted - woken, FutexBucket::MOST_AT_ONCE);
        const u64 now = bucket.lock()->wake(key, bits, most);
        woken += now;
        if (now < most) break;
    }
    return woken;
}

Result<u64> FutexTable::wake(Task& task, u64 address, FutexScope scope, i32 count, u32 bits) {
    const FutexPlace place = TRY(find_futex(task, address, scope));
    TRY(PI_FUTEXES.check_no_waiters(place.key));
    return wake_key(place.key, bits, count);
}

Result<u64> FutexTable::requeue(Task& task, u64 from, u64 to, FutexScope scope, i32 wake_count,
                                i32 move_count, std::optional<u32> expected) {
    if (wake_count < 0 || move_count < 0) return Error::Einval;
    u64 to_wake = static_cast<u64>(wake_count);
    u64 to_move = static_cast<u64>(move_count);
    u64 done = 0;
    while (true) {
        const FutexPlace source = TRY(find_futex(task, from, scope));
        const FutexPlace target = TRY(find_futex(task, to, scope));
        const bool has_pi_waiters = !PI_FUTEXES.check_no_waiters(source.key).has_value();
        {
            const TwoBuckets both(bucket_of(source.key), bucket_of(target.key));
            const Result<u32> word = expected ? peek_futex_word(from) : Result<u32>(0U);
            if (word) {
                if (expected && *word != *expected) return Error::Eagain;
                if (has_pi_waiters) return Error::Einval;
                expected
                    .reset();  // compared once: the rest of the waiters follows whatever the word is by then
                const u64 wake_now = std::min(to_wake, FutexBucket::MOST_AT_ONCE);
                const u64 woken = both.first().wake(source.key, abi::FUTEX_ANY_BIT, wake_now);
                to_wake -= woken;
                done += woken;
                if (woken < wake_now) return done;
                if (to_wake != 0) continue;
                const u64 move_now = std::min(to_move, FutexBucket::MOST_AT_ONCE);
                const u64 moved = both.first().move(source.key, target.key, both.second(),
                                                    number_of(bucket_of(target.key)), move_now);
                to_move -= moved;
                done += moved;
                // Waiters that are moved to where they are come out again and again: one round is enough for them.
                if (moved < move_now || to_move == 0 || source.key == target.key) return done;
                continue;
            }
        }
        TRY(bring_in_futex_word(task, from, {}));
    }
}

Result<u64> FutexTable::wake_and_change(Task& task, u64 first, u64 second, FutexScope scope, i32 wake_first,
                                        i32 wake_second, u32 encoded) {
    const FutexPlace one = TRY(find_futex(task, first, scope));
    const FutexPlace two = TRY(find_futex(task, second, scope));
    const FutexWordChange change = TRY(FutexWordChange::decode(encoded));
    // A thread that waits for the second word compares it under its bucket's lock, which is taken after the
    // change.
    const u32 old = TRY(change_word(second, change));
    const bool wakes_second = TRY(compare(change, old));
    TRY(PI_FUTEXES.check_no_waiters(one.key));
    u64 woken = wake_key(one.key, abi::FUTEX_ANY_BIT, wake_first);
    if (wakes_second) TRY(PI_FUTEXES.check_no_waiters(two.key));
    if (wakes_second) woken += wake_key(two.key, abi::FUTEX_ANY_BIT, wake_second);
    return woken;
}

}  // namespace exo::posix_x
