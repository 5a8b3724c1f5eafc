// Expiries: work that a timer's interrupt leaves to a kernel thread, because it needs locks that no interrupt
// handler may take.
//
// Key types: Expiry (one piece of such work), Alarm (a timer that posts one). Neighbours: time (timers)
// below; process.hpp, posix_timer.hpp and cpu_timers.hpp use alarms. Locking: the queue's lock (rank
// Expiries, IrqOff). Handlers run on one thread, and no lock is held.
#pragma once

#include <atomic>

#include "time/timer.hpp"
#include "utils/list.hpp"
#include "utils/object.hpp"

namespace exo::posix_x {

/// Limits how soon a timer expires again after its signal was taken. A timer with an interval of a
/// microsecond would use all CPU time with its interrupts and the wake-ups of the thread. So 32 expiries are
/// free, and then there is one per 200 us. LINUX has no such limit.
class SignalRate {
  public:
    /// Call when the signal was taken. `now` is monotonic. Returns the minimal time until the next expiry.
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

/// A piece of work. It is a member of `owner` or of an object that `owner` keeps, and must be destroyed
/// before `owner`.
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

    /// Queues one run of the handler, with a reference to the owner. Callable in any context.
    void post();
    /// Cancels a queued run that has not begun.
    void withdraw();

  private:
    friend struct ExpiryQueue;
    ListNode link_{};
    Object* owner_;
    Handler handler_;
    u64 argument_;
    /// Whether it was ever posted. The destroying thread has excluded further posts and has synchronised with
    /// the earlier ones.
    std::atomic<bool> was_posted_{false};
};

/// A timer whose expiry the thread handles. The owner's lock guards it.
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
    /// Whether it has expired, and nobody has taken that.
    bool has_expired() const { return has_expired_.load(std::memory_order_relaxed); }
    /// For the handler: returns false if the alarm was cancelled or armed anew after it was posted.
    bool take_expired() { return has_expired_.exchange(false, std::memory_order_acq_rel); }

  private:
    static void expire(Timer& timer);
    std::atomic<bool> has_expired_{false};
    Expiry expiry_;
};

/// Starts the thread. Errors: Enomem.
Result<> start_expiries();

}  // namespace exo::posix_x
