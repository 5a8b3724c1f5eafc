// WaitQueue: the threads that wait for something, first come first served. Waits that need no queue park by
// themselves (parking.hpp).
//
//     TRY(pipe.readable.wait(WaitMode::Interruptible, [&] { return !pipe.is_empty(); }));
//
// The condition is evaluated without the queue's lock and may take spin locks of any rank below WaitQueue.
//
// A Watcher is told of each wake-up and stays in the queue: an epoll learns by it that a file may be ready.
#pragma once

#include "scheduler/parking.hpp"
#include "sync/spin_lock.hpp"
#include "utils/function_ref.hpp"
#include "utils/list.hpp"

namespace exo::scheduler {

class WaitQueue;

/// What a wake-up is about: the poll events that may hold from now on (abi::PollEvents), as bits.
using WakeEvents = u32;
/// Whoever is told must look for itself.
inline constexpr WakeEvents ANY_EVENT = ~0U;

/// One thread's place in one queue. Poll uses several at once; `wait` uses one.
class Waiter {
  public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter();

    /// Enters `queue` for the calling thread. `Shared` waiters are woken by wake_one in addition to one exclusive one.
    enum class Kind : u8 { Exclusive, Shared };
    void enter(WaitQueue& queue, Kind kind);
    /// Leaves the queue if still in it; true if a wake-up had taken it out.
    bool leave();

  private:
    friend class WaitQueue;
    WaitQueue* queue_ = nullptr;
    Thread* thread_ = nullptr;
    Kind kind_ = Kind::Exclusive;
    ListNode link_;
};

/// Is told of the wake-ups of one queue.
class Watcher {
  public:
    /// Runs under the queue's lock, with interrupts off, also in interrupt handlers: it takes only locks of a higher rank, and the locks
    /// of other queues by wake_nested. True: it has passed the wake-up on to a thread.
    using Callback = bool (*)(Watcher& watcher, WakeEvents events);
    explicit Watcher(Callback callback) : callback_(callback) {}
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    ~Watcher() { leave(); }

    /// `Exclusive` watchers are told one after the other until one has passed the wake-up on; wake_all tells them all. The queue must
    /// outlive the watcher's stay in it. Errors: Enospc (the queue has MOST_WATCHERS).
    Result<> enter(WaitQueue& queue, Waiter::Kind kind);
    /// After it returns, the callback is not running and will not run.
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

    /// A wake-up tells all watchers in one piece with interrupts off, so their number is bounded.
    static constexpr u32 MOST_WATCHERS = 2048;

    /// Tells the watchers, and wakes the first exclusive waiter and every shared one before it.
    void wake_one(WakeEvents events = ANY_EVENT);
    /// Tells the watchers and wakes all threads that wait now, a bounded number at a time with a preemption point in between. The caller
    /// may sleep, and keeps the queue alive for the time of the call.
    void wake_all(WakeEvents events = ANY_EVENT);
    /// The same for a caller that may not sleep: all of them in one piece.
    void wake_all_atomically(WakeEvents events = ANY_EVENT);
    /// Wakes the next waiter in place of one that could not use its wake-up, or has left something. Nothing new has happened, so no
    /// watcher is told.
    void hand_on();
    /// Tells the watchers alone: of a change that ends no thread's wait.
    void tell_watchers(WakeEvents events);
    /// wake_all_atomically by the callback of a watcher of another queue. Queues that are woken by each other must form no circle.
    void wake_nested(WakeEvents events);

    // Without the lock: reliable only after a sequentially consistent write of what the waiters wait for.

    /// Anybody: threads or watchers.
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
        List<Watcher, &Watcher::link_> watchers;  ///< Shared ones first.
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
