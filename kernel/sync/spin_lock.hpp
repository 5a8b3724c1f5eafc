// SpinLocked<T, rank, policy>: data and the only way to it.
//
//   SpinLocked<State, LockRank::RunQueue, IrqOff> state_;
//   auto state = state_.lock();
//   state->ready.push_back(thread);
//
// Key types: SpinLocked, its Guard, LockRank (lock_rank.hpp), PerCpu (per_cpu.hpp). Neighbours: arch below,
// everything above. Under a spin lock: no sleeping, no user memory, bounded work. IrqOff locks are for what
// interrupt handlers take too.
#pragma once

#include <atomic>
#include <utility>

#include "arch/interface.hpp"
#include "sync/held_locks.hpp"
#include "sync/lock_rank.hpp"

namespace exo::sync {

/// Guard policy: interrupts stay as they are; the lock is never taken by a handler.
struct IrqUntouched {
    static bool enter() { return false; }
    static void leave(bool) {}
};

/// Guard policy: interrupts off while the lock is held, restored after.
struct IrqOff {
    static bool enter() {
        const bool were_enabled = arch::interrupts_enabled();
        if (were_enabled) arch::disable_interrupts();
        return were_enabled;
    }
    static void leave(bool were_enabled) {
        if (were_enabled) arch::enable_interrupts();
    }
};

/// Interrupts off for a scope.
class [[nodiscard]] InterruptsOff {
  public:
    InterruptsOff() : were_enabled_(IrqOff::enter()) {}
    ~InterruptsOff() { IrqOff::leave(were_enabled_); }
    InterruptsOff(const InterruptsOff&) = delete;
    InterruptsOff& operator=(const InterruptsOff&) = delete;

  private:
    bool were_enabled_;
};

template <class T, LockRank RANK, class Policy = IrqUntouched> class SpinLocked {
  public:
    constexpr SpinLocked() = default;
    template <class... Args>
        requires(sizeof...(Args) > 0)
    explicit constexpr SpinLocked(Args&&... args) : value_(std::forward<Args>(args)...) {}
    SpinLocked(const SpinLocked&) = delete;
    SpinLocked& operator=(const SpinLocked&) = delete;

    class [[nodiscard]] Guard {
      public:
        Guard(SpinLocked& lock, Nesting nesting) : lock_(&lock), policy_state_(Policy::enter()) {
            note_acquired(RANK, nesting);
            lock_->acquire();
        }
        Guard(Guard&& other) noexcept
            : lock_(std::exchange(other.lock_, nullptr)),
              policy_state_(other.policy_state_) {}
        Guard& operator=(Guard&&) = delete;
        ~Guard() { unlock(); }
        /// Early release; the guard must not be used after.
        void unlock() {
            if (lock_ == nullptr) return;
            lock_->release();
            note_released(RANK);
            lock_ = nullptr;
            Policy::leave(policy_state_);
        }
        T& operator*() const { return lock_->value_; }
        T* operator->() const { return &lock_->value_; }

      private:
        SpinLocked* lock_;
        bool policy_state_;
    };

    Guard lock() { return Guard(*this, Nesting::Ordered); }
    /// For a second lock of the same rank; the caller has an order of its own (by address, by parent).
    Guard lock_nested() { return Guard(*this, Nesting::SameRankAllowed); }

    /// Without the lock: where no other CPU or handler can be in it (construction, panic), and for the one thread that alone changes it.
    T& unsafe_value() { return value_; }
    const T& unsafe_value() const { return value_; }

  private:
    void acquire() {
        // acquire: pairs with the release in release()
        while (locked_.exchange(true, std::memory_order_acquire)) {
            while (locked_.load(std::memory_order_relaxed)) arch::relax();
        }
    }
    void release() { locked_.store(false, std::memory_order_release); }

    std::atomic<bool> locked_{false};
    T value_{};
};

}  // namespace exo::sync
