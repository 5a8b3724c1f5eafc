// Counts the queued signals of each user, over all processes of the user. RLIMIT_SIGPENDING limits the count
// (getrlimit(2)), and SigQ in /proc/PID/status shows it.
#pragma once

#include <atomic>

#include "posix_x/process/identity.hpp"
#include "sync/spin_lock.hpp"
#include "utils/tree.hpp"

namespace exo::posix_x {

class QueuedSignals {
  public:
    constexpr QueuedSignals() = default;
    /// Counts one more signal of `user`. Returns false if there are already `most`, or if there is no memory
    /// for the count.
    bool charge(UserId user, u64 most) {
        if (user != 0) [[unlikely]]
            return charge_other(user, most);
        if (of_root_.fetch_add(1, std::memory_order_relaxed) < most) return true;
        of_root_.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    void release(UserId user) {
        if (user != 0) [[unlikely]]
            return release_other(user);
        of_root_.fetch_sub(1, std::memory_order_relaxed);
    }
    u64 of(UserId user);

  private:
    struct Count {
        UserId user = 0;
        u64 signals = 0;
        TreeNode link;
    };
    struct CountKey {
        static UserId key(const Count& count) { return count.user; }
    };
    using Counts = Tree<Count, &Count::link, CountKey>;

    bool charge_other(UserId user, u64 most);
    void release_other(UserId user);

    std::atomic<u64> of_root_{0};  ///< The count of root, which has nearly all signals.
    sync::SpinLocked<Counts, sync::LockRank::SpinLeaf> others_;
};

extern constinit QueuedSignals QUEUED_SIGNALS;

}  // namespace exo::posix_x
