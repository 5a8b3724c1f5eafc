// Futexes with priority inheritance (futex(2), FUTEX_LOCK_PI): the word holds its owner's thread number, and the kernel knows the owner
// as soon as a thread waits.
//
// Key types: PiFutexTable (all words that a thread waits for), PiFutex (one word). Neighbours: scheduler/inheritance.hpp knows who waits for
// whom and how urgent that makes them; futex_table.hpp has the waits of the other operations; robust_list.cpp ends a thread's ownerships.
// Locking: INHERITANCE, under which the word is read and changed with faults disabled. A page that is not there is brought in without the
// lock, and everything starts again. What the word says is never trusted: it must fit what the kernel knows, or is EINVAL.
#pragma once

#include "posix_x/futex/futex_table.hpp"
#include "scheduler/inheritance.hpp"
#include "scheduler/wait_queue.hpp"
#include "utils/box.hpp"

namespace exo::posix_x {

/// A word that threads wait for, as long as they do.
struct PiFutex {
    scheduler::InheritanceLock lock;
    FutexPlace place;
    Task* owner = nullptr;  ///< The task of the lock's owner.
    /// The owner died, and the thread that owns the lock since then has not yet written itself into the word.
    bool is_word_stale = false;
    TreeNode link;
    struct KeyOf {
        static const FutexKey& key(const PiFutex& futex) { return futex.place.key; }
    };
};

class PiFutexTable {
  public:
    /// Errors: Eagain (try_lock: another owns it), Edeadlk (the caller owns it, or its owner waits for the caller), Efault, Einval (the
    /// word and what the kernel knows differ, or others wait for it by other operations), Esrch (the owner does not exist), Enomem,
    /// Etimedout, RestartNoInterrupt (a signal).
    Result<> lock(Task& task, u64 address, FutexScope scope, FutexTimeout timeout);
    Result<> try_lock(Task& task, u64 address, FutexScope scope);
    /// Hands the word over to the most urgent waiter. Errors: Eagain (the word has changed), Efault, Einval, Eperm (the caller does not
    /// own it).
    Result<> unlock(Task& task, u64 address, FutexScope scope);
    /// LINUX: operations without priority inheritance refuse such a word. Errors: Einval (a thread waits for it).
    Result<> check_no_waiters(const FutexKey& key);

    /// From now on the task does not become the owner of a futex. A thread that finds the task's number in a word waits for finish_end.
    void begin_end(Task& task);
    /// Hands over all that the task owns.
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

    /// The data of INHERITANCE.
    Tree<PiFutex, &PiFutex::link, PiFutex::KeyOf> futexes_;
    std::atomic<u64> count_{0};   ///< Of `futexes_`.
    scheduler::WaitQueue ended_;  ///< Who waits for finish_end.
};

extern constinit PiFutexTable PI_FUTEXES;

}  // namespace exo::posix_x
