// Futexes: the threads that wait for a word of their memory to change (futex(2)).
//
// A waiter compares the word under the lock of the key's bucket and enters the bucket in the same critical section. A waker
// changes the word first and then takes the same lock. So a waiter either sees the new word or is found by the waker.
// A waiter announces itself in its bucket before the comparison, so a waker that changed the word and then finds
// nobody announced need not take the lock (has_nobody).
//
// Key types: FutexTable (64 buckets), FutexWaiter (on the waiting thread's kernel stack: nothing is allocated).
// Neighbours: futex_key.hpp decides whether two words of memory are one futex. futex_calls.cpp decodes futex(2).
// Locking: a bucket's spin lock (rank SpinLeaf). The word is read under it with faults disabled. If its page
// is absent, the lock is released, the page is faulted in, and the operation starts again. Two buckets are
// locked in the order of their addresses.
#pragma once

#include <optional>

#include "posix_x/futex/futex_key.hpp"
#include "scheduler/parking.hpp"

namespace exo::posix_x {

/// A thread that waits for one word. A bucket's tree contains the first waiter of each key; the further
/// waiters of a key are in that waiter's list.
class FutexWaiter {
  public:
    FutexWaiter(FutexKey key, u32 bits) : key_(key), bits_(bits), thread_(&scheduler::current_thread()) {}
    /// A waiter for one of several words; its key is set later.
    FutexWaiter() : FutexWaiter({}, abi::FUTEX_ANY_BIT) {}
    FutexWaiter(const FutexWaiter&) = delete;
    FutexWaiter& operator=(const FutexWaiter&) = delete;

  private:
    friend class FutexTable;
    friend struct FutexBucket;
    struct KeyOf {
        static const FutexKey& key(const FutexWaiter& waiter) { return waiter.key_; }
    };

    FutexKey key_;  ///< Changes when it is requeued.
    const u32 bits_;
    scheduler::Thread* const thread_;
    std::atomic<bool> is_queued_{false};  ///< Cleared by the waker, or by the waiter when it leaves.
    std::atomic<u32> bucket_{0};  ///< The bucket's number. A requeue changes it under the locks of both
                                  ///< buckets.
    TreeNode tree_link_;
    ListNode list_link_;
    List<FutexWaiter, &FutexWaiter::list_link_> others_;  ///< In the first waiter of a key: the waiters
                                                          ///< behind it.
};

/// The decoded third value of FUTEX_WAKE_OP (futex(2)).
struct FutexWordChange {
    u32 operation;
    u32 comparison;
    u32 operand;
    i32 compared_with;
    /// Decodes the value. Errors: Enosys (unknown operation or comparison).
    static Result<FutexWordChange> decode(u32 word);
};

/// When a wait ends with Etimedout.
struct FutexTimeout {
    enum class Clock : u8 { Never, Monotonic, Real } clock = Clock::Never;
    time::Nanoseconds at = 0;  ///< Absolute.
};

/// One of the words that a thread waits for at once.
struct FutexChoice {
    u64 address = 0;
    u32 expected = 0;
    FutexScope scope = FutexScope::Private;
    FutexPlace place{};
    FutexWaiter waiter;
};

/// Reads the word and does not fault its page in. Errors: Efault.
Result<u32> peek_futex_word(u64 address);
/// Faults the word's page in. Callers use it after an access with faults disabled gave Efault. Errors:
/// Efault, Enomem, RestartSys (the thread is being killed).
Result<> bring_in_futex_word(Task& task, u64 address, vm::FaultAccess access);

/// Sleeps until `is_woken` returns true; it is called after each wake-up. Errors: Etimedout, RestartSys.
Result<> sleep_until(FutexTimeout timeout, FunctionRef<bool()> is_woken);

class FutexTable {
  public:
    /// Blocks while the word equals `expected`, until a waker with one of `bits` wakes the thread. Errors:
    /// Eagain (the word differs), Efault, Einval, Etimedout, RestartSys (a signal).
    Result<> wait(Task& task, u64 address, FutexScope scope, u32 expected, u32 bits, FutexTimeout timeout);
    /// Blocks while every word equals its expected value, until a waker wakes one of them. Returns the index
    /// of that word. Errors: those of `wait`.
    Result<u32> wait_for_any(Task& task, std::span<FutexChoice> choices, FutexTimeout timeout);
    /// Whether a thread waits for the word in `wait` or `wait_for_any`.
    bool has_waiters(const FutexKey& key);
    /// True: no thread waits for the word in `wait` or `wait_for_any`, and none is about to. False: nothing is known. Takes no lock.
    bool has_nobody(const FutexKey& key);
    /// Wakes at most `count` waiters that share one of `bits`, and at least one even if `count` is not
    /// positive. Returns how many it woke.
    /// Errors: Efault, Einval (also if a thread waits for the word in FUTEX_LOCK_PI).
    Result<u64> wake(Task& task, u64 address, FutexScope scope, i32 count, u32 bits);
    /// Wakes at most `wake_count` waiters of the first word, and moves at most `move_count` others to the
    /// second word. Returns the sum of both. If `expected` is given and the first word differs from it,
    /// nothing is done. Errors: Eagain, Efault, Einval.
    Result<u64> requeue(Task& task, u64 from, u64 to, FutexScope scope, i32 wake_count, i32 move_count,
                        std::optional<u32> expected);
    /// Changes the second word and wakes waiters of the first. If the old value of the second word passes the
    /// comparison, it also wakes waiters of the second.
    /// Errors: Efault, Einval, Enosys.
    Result<u64> wake_and_change(Task& task, u64 first, u64 second, FutexScope scope, i32 wake_first,
                                i32 wake_second, u32 change);

  private:
    Result<bool> enter_if_equal(FutexWaiter& waiter, u64 address, u32 expected);
    u64 wake_key(const FutexKey& key, u32 bits, i32 count);
    bool leave(FutexWaiter& waiter);
    std::optional<u32> leave_all(std::span<FutexChoice> choices);
    void see_off(FutexWaiter& waiter);
    bool is_queued(const FutexWaiter& waiter);
};

extern constinit FutexTable FUTEXES;

}  // namespace exo::posix_x
