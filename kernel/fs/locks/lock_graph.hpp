// The wait-for graph of record locks over all files. It finds deadlocks, for EDEADLK.
#pragma once

#include <functional>

#include "fs/locks/file_locks.hpp"

namespace exo::fs {

/// Contains only locks of LockKind::Posix. LINUX: posix_locks_deadlock.
class FileLocks::Graph {
  public:
    constexpr Graph() = default;

    /// Records that `wait` waits for `blocker`. Errors: Edeadlk (the blocker waits, perhaps through others,
    /// for the owner of `wait`); the graph is unchanged then.
    Result<> enter(Wait& wait, const LockOwner& blocker);
    void leave(Wait& wait);

  private:
    struct Key {
        const Object* owner;
        u64 number;
        friend bool operator<(const Key& a, const Key& b) {
            return a.owner != b.owner ? std::less<>()(a.owner, b.owner) : a.number < b.number;
        }
        static Key key(const Wait& wait) { return {wait.request.owner.object, wait.number}; }
    };
    using Waits = Tree<Wait, &Wait::graph_link, Key>;
    struct State {
        Waits waits;
        u64 next_number = 0;
    };
    static bool leads_to(const State& state, const LockOwner& from, const LockOwner& to);

    sync::SpinLocked<State, sync::LockRank::SpinLeaf> state_;
};

}  // namespace exo::fs
