// SpinLocked<T, rank, policy>: data with the spin lock that guards it. Holding the lock is the only way to
// the data.
//
//   SpinLocked<State, LockRank::RunQueue, IrqOff> state_;
//   auto state = state_.lock();
//   state->ready.push_back(thread);
//
// Key types: SpinLocked, its Guard, LockRank (lock_rank.hpp), LockWord (lock_word.hpp), PerCpu (per_cpu.hpp). Neighbours: arch below,
// everything above. Code that holds a spin lock does not sleep, does not access user memory, and does bounded
// work. Locks that interrupt handlers also take are IrqOff.
#pragma once

#include <type_traits>
#include <utility>

#include "arch/interface.hpp"
#include "sync/held_locks.hpp"
#include "sync/lock_rank.hpp"
#include "sync/lock_word.hpp"

namespace exo::sync {

/// Guard policy: the lock does not change interrupts, and handlers never take it.
struct IrqUntouched {
    static bool enter() { return false; }
    static void leave(bool) {}
};

/// Guard policy: interrupts are off while the lock is held, and restored afterwards.
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

/// Guard policy: like IrqOff, for a caller that has already turned interrupts off.
struct IrqOffAlready {
    static bool enter() {
        DEBUG_ASSERT(!arch::interrupts_enabled());
        return false;
    }
    static void leave(bool) {}
};

/// Turns interrupts off for a scope.
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

    template <class Way> class [[nodiscard]] GuardOf {
      public:
        GuardOf(SpinLocked& lock, Nesting nesting) : lock_(&lock), policy_state_(Way::enter()) {
            note_acquired(RANK, nesting);
            lock_->word_.acquire();
        }
        GuardOf(GuardOf&& other) noexcept
            : lock_(std::exchange(other.lock_, nullptr)),
              policy_state_(other.policy_state_) {}
        GuardOf& operator=(GuardOf&&) = delete;
        ~GuardOf() { unlock(); }
        /// Unlocks early. The guard must not be used afterwards.
        void unlock() {
            if (lock_ == nullptr) return;
            lock_->word_.release();
            note_released(RANK);
            lock_ = nullptr;
            Way::leave(policy_state_);
        }
        T& operator*() const { return lock_->value_; }
        T* operator->() const { return &lock_->value_; }

      private:
        SpinLocked* lock_;
        bool policy_state_;
    };

    using Guard = GuardOf<Policy>;

    Guard lock() { return Guard(*this, Nesting::Ordered); }
    /// Takes an IrqOff lock. The caller keeps interrupts off for longer than the guard lives.
    GuardOf<IrqOffAlready> lock_without_interrupts()
        requires std::is_same_v<Policy, IrqOff>
    {
        return GuardOf<IrqOffAlready>(*this, Nesting::Ordered);
    }
    /// Takes a second lock of the same rank. The caller follows an order of its own (by address, by parent).
    Guard lock_nested() { return Guard(*this, Nesting::SameRankAllowed); }

    /// The data, without the lock: where no other CPU or handler can use it (construction, panic), and for
    /// the one thread that alone changes it.
    T& unsafe_value() { return value_; }
    const T& unsafe_value() const { return value_; }

  private:
    LockWord word_;
    T value_{};
};

}  // namespace exo::sync
