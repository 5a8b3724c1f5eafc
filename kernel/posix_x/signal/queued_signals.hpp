// How many signals wait with an entry of their own, by the user for whose processes they are: what RLIMIT_SIGPENDING bounds
// (getrlimit(2)) and SigQ in /proc/PID/status shows.
#pragma once

#include "posix_x/identity.hpp"
#include "sync/spin_lock.hpp"
#include "utils/tree.hpp"

namespace exo::posix_x {

class QueuedSignals {
  public:
    constexpr QueuedSignals() = default;
    /// One more of `user`; false if there are `most` already, or no memory to count them.
    bool charge(UserId user, u64 most);
    void release(UserId user);
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
    struct Counts {
        u64 of_root = 0;  ///< Without a node: nearly all signals are root's.
        Tree<Count, &Count::link, CountKey> others;
    };
    sync::SpinLocked<Counts, sync::LockRank::SpinLeaf> counts_;
};

extern constinit QueuedSignals QUEUED_SIGNALS;

}  // namespace exo::posix_x
