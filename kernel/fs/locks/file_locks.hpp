// FileLocks: the advisory locks of one file, the requests that wait for them, and their reports (fcntl(2),
// flock(2)).
//
// The first lock request on an inode makes the object; the inode keeps it. A waiting request is queued with
// all the memory that it will need. A thread that frees a range grants it to the waiting requests that fit,
// oldest first.
// Locking: `state_` (rank SleepingLeaf) guards the locks and waiting requests of one file. The wait-for graph
// that finds deadlocks (rank SpinLeaf, in file_locks.cpp) is locked under it.
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

    /// Reports name the file by this device and inode number.
    FileLocks(abi::DeviceNumber device, u64 inode_number);
    ~FileLocks() override;

    /// Sets a lock. It replaces the owner's locks in the range. An flock request gives its old lock up before
    /// it waits for the new one.
    /// Errors: Eagain (another owner's lock conflicts), Edeadlk (a LockKind::Posix request would close a
    /// circle of waiting owners), Enolck, Enomem, RestartSys.
    Result<> set(const LockRequest& request, Blocking blocking);
    /// Removes the owner's locks in the range. Errors: Enolck, Enomem.
    Result<> clear(const LockOwner& owner, const LockRange& range);
    /// Removes all locks of an owner that is about to end.
    void clear_all(const LockOwner& owner);

    struct Found {
        LockKind kind;
        LockMode mode;
        LockRange range;
        i32 pid;
    };
    /// The first lock that conflicts with the request.
    std::optional<Found> find_conflict(const LockRequest& request);

    /// Appends the lines of /proc/PID/fdinfo/N: locks set through `file` that belong to `file` or to `table`.
    /// Errors: Enomem.
    Result<> append_of_file(String& out, const Object& file, const Object& table);
    /// Appends the content of /proc/locks: all locks of the machine, newest first, each with its waiting
    /// requests. Errors: Enomem.
    static Result<> append_all(String& out);

  private:
    /// A waiting request, on the stack of its thread. The thread that grants or refuses it takes it out of
    /// the list.
    struct Wait {
        enum class Outcome : u8 { Open, Granted, Deadlock };

        explicit Wait(const LockRequest& wanted) : request(wanted) {}

        const LockRequest& request;
        RangeLocks::Spare spare{};
        LockOwner blocker{};     ///< Owner of the conflicting lock. Changes need the graph's lock too.
        bool must_look = false;  ///< The blocker has freed a range, so the request must be checked again.
        // seq_cst: pairs with the waiter's entry into `queue`
        std::atomic<Outcome> outcome{Outcome::Open};
        scheduler::WaitQueue queue;
        ListNode link;
        u64 number = 0;  ///< Its number in the graph.
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
