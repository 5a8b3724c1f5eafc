// Priority inheritance: the owner of a lock is at least as urgent as the most urgent thread that waits for
// the lock. This continues along the chain of owners that wait themselves.
//
// Key types: InheritanceLock (a lock with an owner and its waiters), InheritanceWaiter (one thread's wait),
// InheritanceNode (in each Thread: what it owns and waits for), InheritanceGraph (all of them). Neighbours:
// posix_x/futex (FUTEX_LOCK_PI) adds the locks; run_queue.hpp schedules by the resulting priority.
// Locking: one spin lock, INHERITANCE, guards all nodes, locks and waiters. A chain is followed a bounded
// number of threads at a time, and the lock is released in between. Each step uses the state that it finds,
// so no order of steps ends in a wrong priority. tests/model/priority_inheritance.pml checks hand-over and
// de-boosting.
#pragma once

#include <atomic>
#include <compare>

#include "scheduler/urgency.hpp"
#include "sync/spin_lock.hpp"
#include "utils/object.hpp"
#include "utils/result.hpp"
#include "utils/tree.hpp"

namespace exo::scheduler {

class Thread;
class InheritanceGraph;
class InheritanceLock;

/// The order in a lock's queue: by urgency, then by arrival. LINUX: all threads that are not realtime count
/// as equally urgent.
struct Turn {
    Urgency urgency = IDLE_URGENCY;
    u64 number = 0;
    friend auto operator<=>(const Turn&, const Turn&) = default;
};

/// One thread's wait for one lock. It lies on the thread's stack.
class InheritanceWaiter {
  public:
    explicit InheritanceWaiter(Thread& thread) : thread_(&thread) {}
    InheritanceWaiter(const InheritanceWaiter&) = delete;
    InheritanceWaiter& operator=(const InheritanceWaiter&) = delete;
    /// Whether the lock was handed over to this waiter.
    bool is_owner(const InheritanceGraph& /*locked*/) const { return is_owner_; }
    Thread& thread() const { return *thread_; }

  private:
    friend class InheritanceGraph;
    friend class InheritanceLock;
    Thread* const thread_;
    InheritanceLock* lock_ = nullptr;
    Turn turn_;
    bool is_owner_ = false;
    TreeNode link_;
};

/// A lock with waiters. While it has any, it is in its owner's list of held locks.
class InheritanceLock {
  public:
    InheritanceLock() = default;
    InheritanceLock(const InheritanceLock&) = delete;
    InheritanceLock& operator=(const InheritanceLock&) = delete;
    Thread* owner(const InheritanceGraph& /*locked*/) const { return owner_; }
    InheritanceWaiter* first(const InheritanceGraph& /*locked*/) const { return waiters_.first(); }

  private:
    friend class InheritanceGraph;
    friend struct InheritanceNode;
    struct TurnOfWaiter {
        static const Turn& key(const InheritanceWaiter& waiter) { return waiter.turn_; }
    };
    struct TurnOfLock {
        static const Turn& key(const InheritanceLock& lock) { return lock.turn_; }
    };
    Thread* owner_ = nullptr;
    Tree<InheritanceWaiter, &InheritanceWaiter::link_, TurnOfWaiter> waiters_;
    Turn turn_;  ///< Of the first waiter.
    TreeNode link_;
};

/// A thread's part of the inheritance graph.
struct InheritanceNode {
    /// Initialises the node. No other thread knows the thread yet.
    void begin(Urgency urgency) {
        own = urgency;
        effective.store(urgency, std::memory_order_relaxed);
    }
    Urgency own = DEFAULT_URGENCY;  ///< The urgency that the program has set.
    std::atomic<Urgency> effective{
        DEFAULT_URGENCY};               ///< Includes what it inherits. Other threads may read it without the
                                        ///< lock.
    InheritanceWaiter* wait = nullptr;  ///< The wait in progress, or null.
    Tree<InheritanceLock, &InheritanceLock::link_, InheritanceLock::TurnOfLock>
        held;  ///< The locks that it owns and that have waiters.
};

/// The graph of all locks and waiters. Every function requires INHERITANCE.
class InheritanceGraph {
  public:
    /// LINUX: max_lock_depth.
    static constexpr u32 LONGEST_CHAIN = 1024;

    /// Checks that `thread` may wait for `lock`. Errors: Edeadlk (the chain of owners leads back to the
    /// thread, or is too long).
    Result<> check_chain(const InheritanceLock& lock, const Thread& thread) const;
    /// Sets the lock's owner, which may be null. The lock has no waiters yet.
    void set_owner(InheritanceLock& lock, Thread* owner) { lock.owner_ = owner; }
    /// Inserts a waiter into the lock's queue. Returns the thread that the caller then calls spread_urgency for, or null: the
    /// owner has its correct urgency afterwards, those that it waits for may not.
    [[nodiscard]] Thread* enter(InheritanceLock& lock, InheritanceWaiter& waiter);
    /// Removes a waiter that is not the owner. Returns as enter does.
    [[nodiscard]] Thread* leave(InheritanceWaiter& waiter);
    /// Makes the first waiter the owner and returns it; null if there are no waiters. Both owners have their
    /// correct urgencies afterwards, unless the old owner waits for a lock itself.
    InheritanceWaiter* hand_over(InheritanceLock& lock);
    /// A lock with waiters that `thread` owns; null if there is none.
    static InheritanceLock* any_held(Thread& thread);
    void set_own(Thread& thread, Urgency urgency);
    /// Computes what `thread` inherits. Returns the next thread of the chain, whose urgency may have to
    /// change; null if nothing changed.
    Thread* refresh(Thread& thread);

  private:
    void remove(InheritanceWaiter& waiter);
    void stand_in_line(InheritanceLock& lock);
    void stand_aside(InheritanceLock& lock);
    u64 next_number_ = 0;
};

extern constinit sync::SpinLocked<InheritanceGraph, sync::LockRank::Inheritance> INHERITANCE;

/// Updates the inherited urgency of each thread of the chain that begins with `first`. The caller holds no
/// lock; may switch to another thread.
void spread_urgency(Ref<Thread> first);

/// Sets the urgency that the program wants for the thread. The caller updates the chain of lock owners with
/// spread_urgency.
void set_own_urgency(Thread& thread, Urgency urgency);

}  // namespace exo::scheduler
