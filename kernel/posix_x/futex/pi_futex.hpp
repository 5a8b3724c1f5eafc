// Futexes with priority inheritance (futex(2), FUTEX_LOCK_PI). The word contains the owner's thread number;
// the kernel looks the owner up as soon as a thread waits.
//
// Key types: PiFutexTable (all words with waiters), PiFutex (one word). Neighbours: scheduler/inheritance.hpp
// computes priorities from who waits for whom; futex_table.hpp implements the waits of the other operations;
// robust_list.cpp ends a thread's ownerships.
// Locking: the lock INHERITANCE. The word is read and changed under it with faults disabled. If its page is
// absent, the lock is released, the page is faulted in, and the operation starts again. The word is not
// trusted: if it contradicts the kernel's state, the call gives EINVAL.
#pragma once

#include "posix_x/futex/futex_table.hpp"
#include "scheduler/inheritance.hpp"
#include "scheduler/wait_queue.hpp"
#include "utils/box.hpp"

namespace exo::posix_x {

/// A word with waiters. It exists as long as a thread waits for it.
struct PiFutex {
    scheduler::InheritanceLock lock;
    FutexPlace place;
    Task* owner = nullptr;  ///< The task of the lock's owner.
    /// The owner died, and the thread that got the lock has not written its number into the word yet.
    bool is_word_stale = false;
    TreeNode link;
    struct KeyOf {
        static const FutexKey& key(const PiFutex& futex) { return futex.place.key; }
    };
};

class PiFutexTable {
  public:
    /// Errors: Eagain (try_lock: another thread owns it), Edeadlk (the caller owns it, or the owner waits for
    /// the caller), Efault, Einval (the word contradicts the kernel's state, or threads wait for it with
    /// other operations), Esrch (the owner does not exist), Enomem, Etimedout, RestartNoInterrupt (a signal).
    Result<> lock(Task& task, u64 address, FutexScope scope, FutexTimeout timeout);
    Result<> try_lock(Task& task, u64 address, FutexScope scope);
    /// Passes the lock to the most urgent waiter. Errors: Eagain (the word has changed), Efault, Einval,
    /// Eperm (the caller does not own it).
    Result<> unlock(Task& task, u64 address, FutexScope scope);
    /// Refuses the operations without priority inheritance for a word with PI waiters, as Linux does. Errors:
    /// Einval.
    Result<> check_no_waiters(const FutexKey& key);
    /// Whether no word has PI waiters.
    bool is_empty() const { return count_.load(std::memory_order_seq_cst) == 0; }

    /// Bars the task from becoming the owner of a futex. A thread that finds the task's number in a word then
    /// waits for finish_end.
    void begin_end(Task& task);
    /// Passes on all locks that the task owns, and sets its state.
    void finish_end(Task& task, Task::FutexState state);

    /// One call of lock or try_lock.
    struct Attempt;

  private:
    Result<> acquire(Task& task, Attempt& attempt, FutexTimeout timeout);
    void try_once(scheduler::InheritanceGraph& graph, Task& task, Attempt& attempt);
    void attach_to_owner(scheduler::InheritanceGraph& graph, Attempt& attempt, u32 word);
    Result<> wait(Task& task, Attempt& attempt, FutexTimeout timeout);
    Result<> take_over(Task& task, u64 address, PiFutex& futex);
    Box<PiFutex> remove_if_unused(const scheduler::InheritanceGraph& graph, PiFutex& futex);

    /// Guarded by INHERITANCE.
    Tree<PiFutex, &PiFutex::link, PiFutex::KeyOf> futexes_;
    std::atomic<u64> count_{0};   ///< The size of `futexes_`.
    scheduler::WaitQueue ended_;  ///< Threads that wait for finish_end.
};

extern constinit PiFutexTable PI_FUTEXES;

}  // namespace exo::posix_x
