// FileLocks: what the advisory locks of one file are, who waits for one, and who is told (fcntl(2), flock(2)).
//
// An inode makes one when somebody first locks it, and keeps it. A request that must wait is queued with all the memory that it will
// need; whoever frees a range gives it to the waiters that can have it then, oldest first.
// Locking: `state_` (rank SleepingLeaf) owns locks and waiters of one file. The graph of who waits for whom (rank SpinLeaf, in
// file_locks.cpp) is taken under it, to find circles.
#pragma once

#include "abi/linux/stat.hpp"
#include "fs/locks/range_locks.hpp"
#include "scheduler/block_until.hpp"
#include "scheduler/mutex.hpp"
#include "utils/string.hpp"

namespace exo::fs {

class FileLocks final : public Object {
  public:
    using Blocking = scheduler::Blocking;

    /// Of the file with this device and number, by which reports name it.
    FileLocks(abi::DeviceNumber device, u64 inode_number);
    ~FileLocks() override;

    /// Sets a lock, in place of what the owner has in the range. A lock of flock is given up before the wait for another.
    /// Errors: Eagain (another owner's lock excludes it), Edeadlk (of LockKind::Posix, where that owner waits for this one), Enolck,
    /// Enomem, RestartSys.
    Result<> set(const LockRequest& request, Blocking blocking);
    /// Errors: Enolck, Enomem.
    Result<> clear(const LockOwner& owner, const LockRange& range);
    /// Everything that the owner has: it is about to go.
    void clear_all(const LockOwner& owner);

    struct Found {
        LockKind kind;
        LockMode mode;
        LockRange range;
        i32 pid;
    };
    /// The first lock that excludes the request.
    std::optional<Found> find_conflict(const LockRequest& request);

    /// Lines of /proc/PID/fdinfo/N: the locks that were set through `file`, and belong to it or to `table`. Errors: Enomem.
    Result<> append_of_file(String& out, const Object& file, const Object& table);
    /// /proc/locks: all locks of the machine, the newest first, each with who waits for it. Errors: Enomem.
    static Result<> append_all(String& out);

  private:
    /// A request that waits: on its thread's stack. Whoever decides it takes it out of the list.
    struct Wait {
        enum class Outcome : u8 { Open, Granted, Deadlock };

        explicit Wait(const LockRequest& wanted) : request(wanted) {}

        const LockRequest& request;
        RangeLocks::Spare spare{};
        LockOwner blocker{};     ///< Whose lock excludes it; under the graph's lock too.
        bool must_look = false;  ///< The blocker has freed something.
        // seq_cst: pairs with the waiter's entry into `queue`
        std::atomic<Outcome> outcome{Outcome::Open};
        scheduler::WaitQueue queue;
        ListNode link;
        u64 number = 0;  ///< In the graph.
        TreeNode graph_link;
    };
    struct State {
        RangeLocks& locks_of(LockKind kind) { return kind == LockKind::Flock ? flocks : records; }
        RangeLocks records;
        RangeLocks flocks;
        List<Wait, &Wait::link> waits;  ///< Oldest first.
    };
    class Graph;
    class Report;
    struct Key {
        static u64 key(const FileLocks& locks) { return locks.id_; }
    };
    static Graph graph;

    Result<> wait(const LockRequest& request);
    static void free(State& state, const LockOwner& freed);
    static void mark_blocked_by(State& state, const LockOwner& owner);
    static RangeLocks::Change decide(State& state, Wait& wait);
    static void finish(Wait& wait, Wait::Outcome outcome);

    const abi::DeviceNumber device_;
    const u64 inode_number_;
    const u64 id_;
    TreeNode link_;
    scheduler::Mutex<State, sync::LockRank::SleepingLeaf> state_;

  public:
    using All = Tree<FileLocks, &FileLocks::link_, Key>;
};

}  // namespace exo::fs
