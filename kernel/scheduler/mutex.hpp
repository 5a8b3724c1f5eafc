// Locks that sleep: Mutex<T, rank> and RwLock<T, rank> own their data, like SpinLocked.
#pragma once

#include <optional>
#include <utility>

#include "scheduler/wait_queue.hpp"

namespace exo::scheduler {

namespace detail {

/// The word of a sleeping lock: a flag, and a queue of threads that wait for it. A running thread may take it
/// before a waiting one.
class MutexWord {
  public:
    constexpr MutexWord() = default;
    void acquire() {
        sync::assert_may_sleep();
        bool expected = false;
        // acquire: pairs with the release in release()
        if (!is_locked_.compare_exchange_strong(expected, true, std::memory_order_acquire)) [[unlikely]]
            (void)acquire_slowly(WaitMode::Uninterruptible);  // cannot fail
    }
    /// Errors: RestartSys (the thread is being killed; the lock is not held).
    Result<> acquire_killable() {
        sync::assert_may_sleep();
        bool expected = false;
        // acquire: pairs with the release in release()
        if (is_locked_.compare_exchange_strong(expected, true, std::memory_order_acquire)) [[likely]]
            return {};
        return acquire_slowly(WaitMode::Killable);
    }
    void release() {
        // seq_cst: has_waiters sees a waiter that entered the queue before
        is_locked_.store(false, std::memory_order_seq_cst);
        if (waiters_.has_waiters()) [[unlikely]]
            waiters_.wake_one();
    }

    // Pairs with release(). seq_cst, because a waiter tries again after it has entered the queue; so it sees
    // the release, or the release sees the waiter.
    bool try_acquire() { return !is_locked_.exchange(true, std::memory_order_seq_cst); }

  private:
    Result<> acquire_slowly(WaitMode mode);
    std::atomic<bool> is_locked_{false};
    WaitQueue waiters_;
};

/// The word of a reader-writer lock. A waiting writer keeps new readers out, so that writers do not starve.
class RwLockWord {
  public:
    constexpr RwLockWord() = default;
    void acquire_shared();
    void release_shared();
    void acquire_exclusive();
    void release_exclusive();
    /// Tries to take the lock exclusively. Never sleeps.
    bool try_exclusive();

  private:
    static constexpr u32 WRITER = 1U << 31;
    bool try_shared();
    // Separate functions, so that the common path above needs no saved registers.
    [[gnu::noinline]] void wait_for_shared();
    [[gnu::noinline]] void wait_for_exclusive();
    std::atomic<u32> state_{0};  ///< The number of readers, or WRITER.
    std::atomic<u32> waiting_writers_{0};
    WaitQueue waiters_;
};

}  // namespace detail

template <class T, sync::LockRank RANK> class Mutex {
  public:
    constexpr Mutex() = default;
    template <class... Args>
        requires(sizeof...(Args) > 0)
    explicit constexpr Mutex(Args&&... args) : value_(std::forward<Args>(args)...) {}

    struct AlreadyTaken {};
    class [[nodiscard]] Guard {
      public:
        Guard(Mutex& mutex, sync::Nesting nesting) : mutex_(&mutex) {
            sync::note_acquired(RANK, nesting);
            mutex_->word_.acquire();
        }
        Guard(Mutex& mutex, AlreadyTaken) : mutex_(&mutex) {
            sync::note_acquired(RANK, sync::Nesting::Ordered);
        }
        Guard(Guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
        Guard& operator=(Guard&&) = delete;
        ~Guard() { unlock(); }
        void unlock() {
            if (mutex_ == nullptr) return;
            mutex_->word_.release();
            sync::note_released(RANK);
            mutex_ = nullptr;
        }
        T& operator*() const { return mutex_->value_; }
        T* operator->() const { return &mutex_->value_; }

      private:
        Mutex* mutex_;
    };

    Guard lock() { return Guard(*this, sync::Nesting::Ordered); }
    /// For locks that are held for a long time. Errors: RestartSys (the thread is being killed).
    Result<Guard> lock_killable() {
        TRY(word_.acquire_killable());
        return Guard(*this, AlreadyTaken{});
    }
    /// Takes the lock if it is free; else returns nothing. Never sleeps.
    std::optional<Guard> try_lock() {
        if (!word_.try_acquire()) return std::nullopt;
        return Guard(*this, AlreadyTaken{});
    }
    Guard lock_nested() { return Guard(*this, sync::Nesting::SameRankAllowed); }
    T& unsafe_value() { return value_; }

  private:
    detail::MutexWord word_;
    T value_{};
};

template <class T, sync::LockRank RANK> class RwLock {
  public:
    constexpr RwLock() = default;
    template <class... Args>
        requires(sizeof...(Args) > 0)
    explicit constexpr RwLock(Args&&... args) : value_(std::forward<Args>(args)...) {}

    template <bool IS_EXCLUSIVE> class [[nodiscard]] Guard {
      public:
        using Value = std::conditional_t<IS_EXCLUSIVE, T, const T>;
        Guard(RwLock& lock, sync::Nesting nesting) : lock_(&lock) {
            sync::note_acquired(RANK, nesting);
            if constexpr (IS_EXCLUSIVE)
                lock_->word_.acquire_exclusive();
            else
                lock_->word_.acquire_shared();
        }
        struct AlreadyTaken {};
        Guard(RwLock& lock, AlreadyTaken) : lock_(&lock) {
            sync::note_acquired(RANK, sync::Nesting::Ordered);
        }
        Guard(Guard&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
        Guard& operator=(Guard&&) = delete;
        ~Guard() { unlock(); }
        void unlock() {
            if (lock_ == nullptr) return;
            if constexpr (IS_EXCLUSIVE)
                lock_->word_.release_exclusive();
            else
                lock_->word_.release_shared();
            sync::note_released(RANK);
            lock_ = nullptr;
        }
        Value& operator*() const { return lock_->value_; }
        Value* operator->() const { return &lock_->value_; }

      private:
        RwLock* lock_;
    };
    using SharedGuard = Guard<false>;
    using ExclusiveGuard = Guard<true>;

    SharedGuard lock_shared() { return SharedGuard(*this, sync::Nesting::Ordered); }
    ExclusiveGuard lock_exclusive() { return ExclusiveGuard(*this, sync::Nesting::Ordered); }
    /// Takes the lock exclusively if it is free; else returns nothing. Never sleeps.
    std::optional<ExclusiveGuard> try_lock_exclusive() {
        if (!word_.try_exclusive()) return std::nullopt;
        return ExclusiveGuard(*this, typename ExclusiveGuard::AlreadyTaken{});
    }
    /// The data, without the lock: for construction, and for data with locks of its own.
    T& unsafe_value() { return value_; }

  private:
    detail::RwLockWord word_;
    T value_{};
};

}  // namespace exo::scheduler
