// Priority inheritance: who owns a lock is as urgent as the most urgent thread that waits for it, and so on along the chain of owners
// that wait themselves.
//
// Key types: InheritanceLock (a lock with an owner and its waiters), InheritanceWaiter (one thread's wait), InheritanceNode (in each
// Thread: what it owns and waits for), InheritanceGraph (all of them). Neighbours: posix_x/futex (FUTEX_LOCK_PI) puts locks in;
// run_queue.hpp serves threads by the priority that comes out.
// Locking: one spin lock, INHERITANCE, is the key to all nodes, locks and waiters. Chains are followed in pieces of a bounded number of
// threads, with the lock free in between: each step reads what holds by then, so that no order of steps ends in a wrong priority.
// tests/model/priority_inheritance.pml checks hand-over and de-boosting.
#pragma once

#include <atomic>
#include <compare>

#include "sync/spin_lock.hpp"
#include "utils/object.hpp"
#include "utils/result.hpp"
#include "utils/tree.hpp"

namespace exo::scheduler {

class Thread;
class InheritanceGraph;
class InheritanceLock;

/// The smallest is the most urgent. LINUX: task_struct::prio: 0 to 98 for realtime priorities 99 to 1, 100 to 139 for nice values.
using Urgency = u8;
inline constexpr Urgency MOST_URGENT_NORMAL = 100;
inline constexpr Urgency DEFAULT_URGENCY = 120;
/// Of threads that run only when nobody else wants to (SCHED_IDLE).
inline constexpr Urgency IDLE_URGENCY = 140;

/// A place in the queue for a lock: by urgency, then by arrival. LINUX: all that are not realtime count as equally urgent.
struct Turn {
    Urgency urgency = IDLE_URGENCY;
    u64 number = 0;
    friend auto operator<=>(const Turn&, const Turn&) = default;
};

/// One thread's wait for one lock; on its stack.
class InheritanceWaiter {
  public:
    explicit InheritanceWaiter(Thread& thread) : thread_(&thread) {}
    InheritanceWaiter(const InheritanceWaiter&) = delete;
    InheritanceWaiter& operator=(const InheritanceWaiter&) = delete;
    /// The lock has been handed over to it.
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

/// A lock that threads wait for. It stands among those that its owner holds as long as anybody waits.
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

/// What inheritance knows of one thread.
struct InheritanceNode {
    /// Of a thread that nobody else knows yet.
    void begin(Urgency urgency) {
        own = urgency;
        effective.store(urgency, std::memory_order_relaxed);
    }
    Urgency own = DEFAULT_URGENCY;  ///< As the program wants it.
    std::atomic<Urgency> effective{
        DEFAULT_URGENCY};               ///< With what it inherits. Others may read it without the lock.
    InheritanceWaiter* wait = nullptr;  ///< What it waits for.
    Tree<InheritanceLock, &InheritanceLock::link_, InheritanceLock::TurnOfLock>
        held;  ///< Those that somebody waits for.
};

/// Every function is for who holds INHERITANCE.
class InheritanceGraph {
  public:
    /// LINUX: max_lock_depth.
    static constexpr u32 LONGEST_CHAIN = 1024;

    /// Whether `thread` may wait for `lock`. Errors: Edeadlk (the chain of owners leads back to it, or is too long).
    Result<> check_chain(const InheritanceLock& lock, const Thread& thread) const;
    /// The lock's owner, which may be null. Nobody waits yet.
    void set_owner(InheritanceLock& lock, Thread* owner) { lock.owner_ = owner; }
    /// Puts a waiter in its place. The caller spreads the owner's urgency (spread_urgency).
    void enter(InheritanceLock& lock, InheritanceWaiter& waiter);
    /// Takes out a waiter that is not the owner. The caller spreads the owner's urgency.
    void leave(InheritanceWaiter& waiter);
    /// The first waiter becomes the owner; null if nobody waits. Both owners have their right urgencies afterwards, if the old one does not
    /// wait for anything.
    InheritanceWaiter* hand_over(InheritanceLock& lock);
    /// A lock that `thread` owns and somebody waits for; null if there is none.
    static InheritanceLock* any_held(Thread& thread);
    void set_own(Thread& thread, Urgency urgency);
    /// Computes what `thread` inherits. The next thread of the chain, whose urgency may have changed by that; null if nothing has.
    Thread* refresh(Thread& thread);

  private:
    void stand_in_line(InheritanceLock& lock);
    void stand_aside(InheritanceLock& lock);
    u64 next_number_ = 0;
};

extern constinit sync::SpinLocked<InheritanceGraph, sync::LockRank::Inheritance> INHERITANCE;

/// Along the chain from `first` on, gives each thread the urgency that it inherits by now. Without locks; may switch to another thread.
void spread_urgency(Ref<Thread> first);

/// What the program wants for this thread from now on. The chain of those that it waits for follows by spread_urgency.
void set_own_urgency(Thread& thread, Urgency urgency);

}  // namespace exo::scheduler
