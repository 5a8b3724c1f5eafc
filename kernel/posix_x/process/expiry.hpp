// Expiries: what a timer's interrupt leaves for a kernel thread to do, because it takes locks that no interrupt handler may take.
//
// Key types: Expiry (one such thing to do), Alarm (a timer that leaves one). Neighbours: time (timers) below; process.hpp,
// posix_timer.hpp and cpu_timers.hpp have alarms. Locking: the queue's lock (rank Expiries, IrqOff). Handlers run on one thread, with
// no lock held.
#pragma once

#include <atomic>

#include "time/timer.hpp"
#include "utils/list.hpp"
#include "utils/object.hpp"

namespace exo::posix_x {

/// How soon a timer may expire again whose signal has been taken. With an interval of a microsecond the timer's interrupts, and the thread
/// that each of them wakes, would leave nobody else any time: after 32 expiries at will there is one in 200 us. LINUX has no such bound.
class SignalRate {
  public:
    /// The signal has been taken. `now` is monotonic. The least time until the next expiry.
    time::Nanoseconds note_taken(time::Nanoseconds now) {
        constexpr time::Nanoseconds PERIOD = 200 * time::MICROSECOND;
        constexpr time::Nanoseconds AT_WILL = 32 * PERIOD;
        const time::Nanoseconds earliest = now > AT_WILL ? now - AT_WILL : 0;
        due_ = (due_ > earliest ? due_ : earliest) + PERIOD;
        return due_ > now ? due_ - now : 0;
    }

  private:
    time::Nanoseconds due_ = 0;
};

/// A member of `owner`, or of what `owner` keeps: it must be destroyed before `owner` is.
class Expiry {
  public:
    using Handler = void (*)(Object& owner, u64 argument);
    Expiry(Object& owner, Handler handler, u64 argument = 0)
        : owner_(&owner),
          handler_(handler),
          argument_(argument) {}
    Expiry(const Expiry&) = delete;
    Expiry& operator=(const Expiry&) = delete;
    ~Expiry() {
        if (was_posted_.load(std::memory_order_relaxed)) withdraw();
    }

    /// The handler will run once from now on, with a reference on the owner. From any context.
    void post();
    /// What is posted and has not begun to run will not.
    void withdraw();

  private:
    friend struct ExpiryQueue;
    ListNode link_{};
    Object* owner_;
    Handler handler_;
    u64 argument_;
    /// Ever. Whoever destroys it keeps it from being posted meanwhile, and has seen what was before.
    std::atomic<bool> was_posted_{false};
};

/// A timer whose expiry is handled by the thread. The lock of whoever has it guards it.
class Alarm : private time::Timer {
  public:
    Alarm(Object& owner, Expiry::Handler handler, u64 argument = 0)
        : Timer(&Alarm::expire),
          expiry_(owner, handler, argument) {}
    ~Alarm() { cancel(); }

    void arm(time::Deadline deadline) {
        cancel();
        Timer::arm(deadline);
    }
    void cancel() {
        Timer::cancel();
        has_expired_.store(false, std::memory_order_relaxed);
    }
    /// For the handler: false if the alarm has been cancelled or armed anew since it was posted.
    bool take_expired() { return has_expired_.exchange(false, std::memory_order_acq_rel); }

  private:
    static void expire(Timer& timer);
    std::atomic<bool> has_expired_{false};
    Expiry expiry_;
};

/// Starts the thread. Errors: Enomem.
Result<> start_expiries();

}  // namespace exo::posix_x
