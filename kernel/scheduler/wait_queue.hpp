// WaitQueue: threads that wait for an event, in the order of arrival. A wait that needs no queue uses park
// (parking.hpp).
//
//     TRY(pipe.readable.wait(WaitMode::Interruptible, [&] { return !pipe.is_empty(); }));
//
// The condition is evaluated without the queue's lock and may take spin locks of any rank below WaitQueue.
//
// A Watcher stays in the queue and gets a callback for each wake-up; an epoll uses it to learn that a file
// may be ready.
#pragma once

#include "scheduler/parking.hpp"
#include "sync/spin_lock.hpp"
#include "utils/function_ref.hpp"
#include "utils/list.hpp"

namespace exo::scheduler {

class WaitQueue;

/// The poll events (abi::PollEvents) that a wake-up may have made ready, as bits.
using WakeEvents = u32;
/// Anything may have become ready: the receiver must check.
inline constexpr WakeEvents ANY_EVENT = ~0U;

/// One thread's place in one queue. A poll has several at once; `wait` has one.
class Waiter {
  public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter();

    /// Puts the calling thread into `queue`. wake_one wakes the first Exclusive waiter, and every Shared
    /// waiter before it.
    enum class Kind : u8 { Exclusive, Shared };
    void enter(WaitQueue& queue, Kind kind);
    /// Leaves the queue if it is still in it. Returns whether a wake-up had removed it before.
    bool leave();

  private:
    friend class WaitQueue;
    WaitQueue* queue_ = nullptr;
    Thread* thread_ = nullptr;
    Kind kind_ = Kind::Exclusive;
    ListNode link_;
};

/// Gets a callback for the wake-ups of one queue.
class Watcher {
  public:
    /// Runs under the queue's lock with interrupts off, also in interrupt handlers. It may take only locks of
    /// higher rank, and the locks of other queues by wake_nested. Returns whether it passed the wake-up on to
    /// a thread.
    using Callback = bool (*)(Watcher& watcher, WakeEvents events);
    explicit Watcher(Callback callback) : callback_(callback) {}
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    ~Watcher() { leave(); }

    /// Enters a queue, which must exist until `leave`. wake_one calls `Exclusive` watchers one after the
    /// other until one passes the wake-up on; wake_all calls them all. Errors: Enospc (the queue has
    /// MOST_WATCHERS).
    Result<> enter(WaitQueue& queue, Waiter::Kind kind);
    /// Leaves the queue. Afterwards the callback neither runs nor will run.
    void leave();

  private:
    friend class WaitQueue;
    WaitQueue* queue_ = nullptr;
    Callback callback_;
    Waiter::Kind kind_ = Waiter::Kind::Shared;
    ListNode link_;
};

class WaitQueue {
  public:
    constexpr WaitQueue() = default;

    /// Blocks until `ready()` holds. Errors: RestartSys, Etimedout.
    Result<> wait(WaitMode mode, FunctionRef<bool()> ready, Deadline deadline = Deadline::never());

    /// A wake-up calls all watchers at once with interrupts off, so their number is limited.
    static constexpr u32 MOST_WATCHERS = 2048;

    /// Calls the watchers. Wakes the first exclusive waiter, and every shared one before it.
    void wake_one(WakeEvents events = ANY_EVENT);
    /// Calls the watchers and wakes all threads that wait now, a bounded number at a time with preemption
    /// points in between. The caller may sleep, and keeps the queue alive during the call.
    void wake_all(WakeEvents events = ANY_EVENT);
    /// Like wake_all, for a caller that may not sleep: wakes all threads without a preemption point.
    void wake_all_atomically(WakeEvents events = ANY_EVENT);
    /// Wakes the next waiter in place of one that cannot use its wake-up, or has left work for another. It is
    /// no new event, so no watcher is called.
    void hand_on();
    /// Calls only the watchers: for a change that ends no thread's wait.
    void tell_watchers(WakeEvents events);
    /// Like wake_all_atomically, for a watcher's callback of another queue. Queues that wake each other must
    /// not form a circle.
    void wake_nested(WakeEvents events);

    // Without the lock. The result is reliable only after a sequentially consistent write of the condition
    // that waiters check.

    /// Whether there are any threads or watchers.
    bool has_waiters() const { return has_waiters_.load(std::memory_order_seq_cst) != 0; }
    bool has_threads() const { return (has_waiters_.load(std::memory_order_seq_cst) & THREADS) != 0; }
    bool has_watchers() const { return (has_waiters_.load(std::memory_order_seq_cst) & WATCHERS) != 0; }

  private:
    friend class Waiter;
    friend class Watcher;
    static constexpr u32 THREADS = 1;
    static constexpr u32 WATCHERS = 2;
    struct State {
        List<Waiter, &Waiter::link_> threads;
        List<Watcher, &Watcher::link_> watchers;  ///< Shared ones come first.
        u32 watcher_count = 0;
        u32 watchers_bit() const { return watcher_count != 0 ? WATCHERS : 0; }
    };
    enum class Reach : u8 { One, All };
    static bool tell(State& state, WakeEvents events, Reach reach);
    static void wake_threads(State& state);
    static bool wake_some(List<Waiter, &Waiter::link_>& waiters);
    /// The waker changes the condition and then reads this; the waiter sets this and then reads the condition. Both do
    /// their part on this word with a seq_cst read-modify-write, so at least one of them sees the other.
    std::atomic<u32> has_waiters_{0};
    bool may_have_waiters() { return has_waiters_.fetch_add(0, std::memory_order_seq_cst) != 0; }
    void wake_all_in(State& state, WakeEvents events);
    sync::SpinLocked<State, sync::LockRank::WaitQueue, sync::IrqOff> state_;
};

}  // namespace exo::scheduler
