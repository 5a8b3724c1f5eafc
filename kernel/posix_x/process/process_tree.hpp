// ProcessTree: every process by pid; parents and children; groups and sessions.
#pragma once

#include "posix_x/process/process.hpp"
#include "posix_x/process/task.hpp"
#include "scheduler/mutex.hpp"

namespace exo::posix_x {

/// A process group: there as long as it has a member, zombies included. It lies in one session as a whole.
struct ProcessGroup {
    ProcessGroup(Pid number, Pid session) : number(number), session(session) {}

    const Pid number;
    const Pid session;
    TreeNode link;
    TreeNode session_link;
    List<Process, &Process::group_link> members;  ///< In the order in which they joined.
    usize size = 0;
};

struct TreeState {
    struct PidKey {
        static Pid key(const Process& process) { return process.pid(); }
    };
    using Processes = Tree<Process, &Process::pid_link, PidKey>;
    struct GroupKey {
        static Pid key(const ProcessGroup& group) { return group.number; }
    };
    struct SessionAndGroup {
        Pid session = 0;
        Pid group = 0;
        friend auto operator<=>(const SessionAndGroup&, const SessionAndGroup&) = default;
    };
    struct SessionKey {
        static SessionAndGroup key(const ProcessGroup& group) { return {group.session, group.number}; }
    };

    Processes by_pid;  ///< Zombies included, reaped ones not. Each holds a reference.
    Tree<ProcessGroup, &ProcessGroup::link, GroupKey> groups;
    Tree<ProcessGroup, &ProcessGroup::session_link, SessionKey> groups_by_session;
    Pid last_pid = 0;
    bool has_wrapped = false;  ///< Before that no number can be taken.
    Process* init = nullptr;
    u64 created = 0;  ///< Forks since boot (/proc/stat).

    /// Null if there is no such process.
    Process* find(Pid pid) const { return by_pid.find(pid); }
    /// Null if it has no member.
    ProcessGroup* find_group(Pid group) const { return groups.find(group); }
    bool has_group(Pid group) const { return find_group(group) != nullptr; }
    bool has_session(Pid session) const;
    /// setpgid(2), setsid(2): `process` is in that group of that session from now on. Errors: Enomem, nothing changed.
    Result<> move_to(Process& process, Pid group, Pid session);
    void join(Process& process, ProcessGroup& group);
    void leave(Process& process);

    bool group_is_in_session(Pid group, Pid session) const;
    /// POSIX: no member has a parent in another group of the same session.
    bool is_orphaned_group(Pid group, const Process* ignoring) const;
};

class ProcessTree {
  public:
    /// The state and its lock; rank ProcessTree.
    auto lock() { return state_.lock(); }
    Ref<Process> find(Pid pid);
    /// A free pid for a new process or task, reserved until the process is added. Errors: Eagain.
    Result<Pid> reserve_pid();
    void release_pid(Pid pid);
    /// How many processes there may be, root's and zombies included. LINUX: threads-max.
    u32 most() const { return most_.load(std::memory_order_relaxed); }
    void set_most(u64 most);
    /// The process becomes `parent`'s child (null: init itself) and can be found.
    void add(Process& process, Process* parent);
    /// Keeps fork from adding processes. A sender to many processes holds the guard from the collection of its targets until the
    /// last of them has the signal, so that it misses no child of a target. LINUX: tasklist_lock.
    auto keep_out_births() { return births_.lock_shared(); }
    /// Keeps senders to many processes out. fork holds the guard from its last look at pending signals until the child is in
    /// the tree.
    auto begin_birth() { return births_.lock_exclusive(); }
    usize count();
    /// Takes a zombie out, with its pid; its own children were given away when it ended. The tree must be locked, and
    /// the caller drops the returned reference after unlocking.
    Ref<Process> remove_locked(TreeState& tree, Process& process);
    /// Calls `visit` for each process in order of pid, without the lock, with a reference.
    void for_each(FunctionRef<void(Process&)> visit);
    /// The members of a group, none if there is no such group. Errors: Enomem.
    Result<Vector<Ref<Process>>> members_of(Pid group);
    /// All processes for which `is_wanted` holds, in order of pid. `is_wanted` runs under the tree's lock. Errors: Enomem.
    Result<Vector<Ref<Process>>> all_that(FunctionRef<bool(const Process&)> is_wanted);

  private:
    struct Nothing {};
    scheduler::RwLock<Nothing, sync::LockRank::SleepingLeaf> births_;
    sync::SpinLocked<TreeState, sync::LockRank::ProcessTree> state_;
    std::atomic<u32> live_{0};
    std::atomic<u32> most_{0};
};

/// The identity of a process's task, of a zombie the one that it ended with; null before there is a task.
Ref<Identity> identity_of(Process& process);

extern constinit ProcessTree PROCESSES;

}  // namespace exo::posix_x
