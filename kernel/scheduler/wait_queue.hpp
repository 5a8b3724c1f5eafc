// WaitQueue: the threads that wait for something, first come first served. Waits that need no queue park by
// themselves (parking.hpp).
//
//     TRY(pipe.readable.wait(WaitMode::Interruptible, [&] { return !pipe.is_empty(); }));
//
// The condition is evaluated without the queue's lock and may take spin locks of any rank below WaitQueue.
#pragma once

#include "scheduler/parking.hpp"
#include "sync/spin_lock.hpp"
#include "utils/function_ref.hpp"
#include "utils/list.hpp"

namespace exo::scheduler {

class WaitQueue;

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

class WaitQueue {
  public:
    constexpr WaitQueue() = default;

    /// Blocks until `ready()` holds. Errors: RestartSys, Etimedout.
    Result<> wait(WaitMode mode, FunctionRef<bool()> ready, Deadline deadline = Deadline::never());

    /// Wakes the first exclusive waiter and every shared one before it.
    void wake_one();
    void wake_all();
    /// Without the lock: reliable only after a sequentially consistent write of what the waiters wait for.
    bool has_waiters() const { return has_waiters_.load(std::memory_order_seq_cst) != 0; }

  private:
    friend class Waiter;
    using WaiterList = List<Waiter, &Waiter::link_>;
    /// The waker changes the condition and then reads this; the waiter sets this and then reads the condition. Both do
    /// their part on this word with a seq_cst read-modify-write, so at least one of them sees the other.
    std::atomic<u32> has_waiters_{0};
    bool may_have_waiters() { return has_waiters_.fetch_add(0, std::memory_order_seq_cst) != 0; }
    sync::SpinLocked<WaiterList, sync::LockRank::WaitQueue, sync::IrqOff> waiters_;
};

}  // namespace exo::scheduler
