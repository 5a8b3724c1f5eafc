#include "fs/locks/lock_graph.hpp"

namespace exo::fs {

constinit FileLocks::Graph FileLocks::graph;

/// LINUX: a chain of more than ten is not followed further, so a deadlock of such a length is not detected.
bool FileLocks::Graph::leads_to(const State& state, const LockOwner& from, const LockOwner& to) {
    constexpr u32 LONGEST_CHAIN = 10;
    LockOwner owner = from;
    for (u32 length = 0; length <= LONGEST_CHAIN; ++length) {
        if (owner == to) return true;
        if (owner.kind != LockKind::Posix) return false;
        // Several threads of a process may wait; one of them represents all.
        const Wait* wait = state.waits.lower_bound(Key{owner.object, 0});
        if (wait == nullptr || wait->request.owner.object != owner.object) return false;
        owner = wait->blocker;
    }
    return false;
}

Result<> FileLocks::Graph::enter(Wait& wait, const LockOwner& blocker) {
    if (wait.request.owner.kind != LockKind::Posix) {
        wait.blocker = blocker;
        return {};
    }
    auto state = state_.lock();
    if (leads_to(*state, blocker, wait.request.owner)) return Error::Edeadlk;
    wait.blocker = blocker;
    if (wait.graph_link.is_linked()) return {};
    wait.number = state->next_number++;
    (void)state->waits.insert(wait);
    return {};
}

void FileLocks::Graph::leave(Wait& wait) {
    if (wait.request.owner.kind != LockKind::Posix) return;
    auto state = state_.lock();
    if (wait.graph_link.is_linked()) state->waits.remove(wait);
}

}  // namespace exo::fs
