// Turn: a mutex that a signal can interrupt the wait for. Readers of a terminal take it in turn, and so do
// writers.
#pragma once

#include "scheduler/wait_queue.hpp"

namespace exo::posix_x {

class Turn {
  public:
    class [[nodiscard]] Guard {
      public:
        explicit Guard(Turn& turn) : turn_(&turn) {}
        Guard(Guard&& other) noexcept : turn_(std::exchange(other.turn_, nullptr)) {}
        Guard& operator=(Guard&&) = delete;
        ~Guard() {
            if (turn_ != nullptr) turn_->give_back();
        }

      private:
        Turn* turn_;
    };

    /// Waits for the mutex. Errors: RestartSys.
    Result<Guard> take() {
        return take_unless([] { return false; });
    }
    /// Gives up when `is_void` returns true. A thread that changes its result calls look_again(). Errors:
    /// RestartSys, Eio.
    Result<Guard> take_unless(const auto& is_void) {
        bool has_turn = false;
        TRY(waiters_.wait(
            scheduler::WaitMode::Interruptible, [&] { return (has_turn = try_take()) || is_void(); }));
        return has_turn ? Result<Guard>(Guard(*this)) : Error::Eio;
    }
    /// Waits uninterruptibly.
    Guard take_patiently() {
        // An uninterruptible wait without a deadline cannot fail.
        (void)waiters_.wait(scheduler::WaitMode::Uninterruptible, [this] { return try_take(); });
        return Guard(*this);
    }
    void look_again() { waiters_.wake_all(); }
    /// Does not wait. Errors: Eagain.
    Result<Guard> take_at_once() {
        if (!try_take()) return Error::Eagain;
        return Guard(*this);
    }
    bool is_taken() const { return is_taken_.load(std::memory_order_relaxed); }

  private:
    // seq_cst: pairs with give_back; a waiter calls it after it has entered the queue
    bool try_take() { return !is_taken_.exchange(true, std::memory_order_seq_cst); }
    void give_back() {
        // seq_cst: wake_one sees a waiter that entered the queue before
        is_taken_.store(false, std::memory_order_seq_cst);
        waiters_.wake_one();
    }

    std::atomic<bool> is_taken_{false};
    scheduler::WaitQueue waiters_;
};

}  // namespace exo::posix_x
