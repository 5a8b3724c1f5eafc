// Process: what POSIX calls one: a pid, a parent, children, pending signals, limits, an exit status, and a list of tasks
// (task.hpp), its threads of control.
//
// Key types: Process, Task, ProcessTree (who is whose child, in which group and session; find by pid).
// Neighbours: signal/ (signals), lifecycle/ (fork, execve, exit), terminal/ (controlling terminals), procfs/ (what can be seen).
// Locking: each lock owns its data. The tree's spin lock (rank ProcessTree) owns Process::Links: parent, children, group, session, wait
// state. Process::signals (rank SignalState) owns the tasks and what waits for them. Neither is held while anything sleeps.
#pragma once

#include <atomic>

#include "posix_x/process/child_wait.hpp"
#include "posix_x/process/cpu_timers.hpp"
#include "posix_x/process/identity.hpp"
#include "posix_x/process/posix_timer.hpp"
#include "posix_x/process/real_timer.hpp"
#include "posix_x/process/resource_limits.hpp"
#include "posix_x/process/signals.hpp"
#include "posix_x/process/task.hpp"
#include "scheduler/thread.hpp"
#include "scheduler/wait_queue.hpp"
#include "sync/spin_lock.hpp"
#include "time/timer.hpp"
#include "utils/function_ref.hpp"
#include "utils/string.hpp"
#include "utils/tree.hpp"
#include "vm/address_space.hpp"

namespace exo::fs {
class File;
}

namespace exo::posix_x {

struct ProcessGroup;
struct TreeState;

enum class ProcessState : u8 { Running, Stopped, Zombie, Reaped };

/// The word that wait4 stores (wait(2)).
struct WaitStatus {
    i32 word = 0;
    static constexpr WaitStatus exited(i32 code) { return {(code & 0xff) << 8}; }
    static constexpr WaitStatus killed(Signal signal, bool dumped_core) {
        return {static_cast<i32>(signal) | (dumped_core ? 0x80 : 0)};
    }
    static constexpr WaitStatus stopped(Signal signal) { return {static_cast<i32>(signal) << 8 | 0x7f}; }
    static constexpr WaitStatus continued() { return {0xffff}; }
    constexpr bool was_killed() const { return (word & 0x7f) != 0 && (word & 0xff) != 0x7f; }
    constexpr Signal signal() const { return static_cast<Signal>(word & 0x7f); }
    constexpr i32 exit_code() const { return word >> 8 & 0xff; }
};

/// CPU time and faults, of a process or of its reaped children (getrusage(2)).
struct ResourceUsage {
    time::Nanoseconds user_time = 0;
    time::Nanoseconds system_time = 0;
    u64 minor_faults = 0;
    u64 major_faults = 0;
    u64 voluntary_switches = 0;
    u64 involuntary_switches = 0;
    u64 max_resident_pages = 0;
    void add(const ResourceUsage& other);
};

/// Adds up what the tasks of a process have used, oldest first, a bounded number at a time under its signal lock. A task that ends before
/// the walk has come to it adds its own part.
struct UsageWalk {
    u64 place = 0;  ///< Task::place of the last one that is counted.
    ResourceUsage usage;
    ListNode link;
};

/// The data of the lock Process::signals.
struct ProcessSignals {
    /// The tasks that have not ended, oldest first, not owned. Empty before fork adds the first, and once the process is a zombie.
    List<Task, &Task::process_link> tasks;
    u64 next_place = 1;  ///< Of the task that comes next into the list (Task::place).
    /// Of them, those that have not begun to end. The one that makes it 0 ends the process.
    u32 live_tasks = 0;
    /// The task whose number is the process's. It stays after its end until the process is reaped: whose the process is, and how it
    /// was scheduled, is the leader's to tell. Null before add_task and after the process was reaped.
    Ref<Task> leader;
    ResourceUsage ended_usage;  ///< Of tasks that have ended.
    List<UsageWalk, &UsageWalk::link> usage_walks;
    PendingSignals pending;  ///< A zombie keeps what it has not taken, as SigQ of its user tells.
    /// No task has any other signal pending for itself alone. It may be more than they have.
    SignalSet pending_of_tasks;
    Ref<SignalActions> actions;
    bool is_exiting = false;  ///< exit_group or a fatal signal: every task ends.
    WaitStatus exit_status;   ///< Of the process, from then on.
    u64 peak_pages = 0;       ///< The most memory that it had, once the last task has given it back.
    /// The task that executes a new program, while it waits for the end of all others.
    Task* only_survivor = nullptr;
    /// Process 1: takes no signal that it has no handler for, until one is forced. LINUX: SIGNAL_UNKILLABLE.
    bool is_unkillable = false;
    bool is_stopping = false;  ///< A stop signal was taken; tasks wait until SIGCONT.
    Signal stop_signal = Signal::None;
    u32 stopped_tasks = 0;  ///< Of the live ones, those that wait.

    /// The task has been told to end: the process ends, or another task executes a program.
    bool must_end(const Task& task) const {
        return is_exiting || (only_survivor != nullptr && only_survivor != &task);
    }

    /// The oldest task that does not know yet that it must end or stop; null: all know (tell_some).
    Task* next_to_tell = nullptr;

    /// The first one becomes the leader.
    void add_task(Task& task);
    /// The task has ended; what it has used counts as the process's from now on.
    void remove_task(Task& task);
    /// The oldest task that came into the list after `task`, which may have left it.
    Task* next_after(const Task& task);
    /// All tasks end, with this status of the process; the first status counts. `first` (may be null) takes no signal any more. The caller
    /// sees to it that the others are told (tell_tasks).
    void begin_exit(WaitStatus status, Task* first);
    /// Interrupts a bounded number of those that do not know yet that they must end or stop. True: there are more.
    bool tell_some();
};

class Process;

/// Interrupts all tasks that do not know yet that they must end or stop, a bounded number at a time. May switch to another thread in
/// between. Each task that has been told tells some more, so that all of them soon know even if the caller does not run.
void tell_tasks(Process& process);

/// Visits the tasks of `process`, oldest first, a bounded number at a time under its signal lock. May switch to another thread in
/// between. A task that comes or goes meanwhile may be visited or not.
void for_each_task(Process& process, FunctionRef<void(ProcessSignals&, Task&)> visit);

class Process final : public Object {
  public:
    explicit Process(Pid pid);
    ~Process() override;

    Pid pid() const { return pid_; }

    /// As of now: for getppid, which takes no lock.
    Pid parent_pid() const { return parent_pid_.load(std::memory_order_relaxed); }

    // ---- Its places in the process tree, which alone uses them.
    TreeNode pid_link;
    TreeNode sibling_link;
    TreeNode group_link;
    u64 sibling_number =
        0;  ///< Larger than that of each older child. A walk finds its place again by it (ProcessTree::any_child).
    u64 member_number = 0;  ///< The same among the members of its group.

    /// The data of the process tree's lock.
    struct Links {
        struct SiblingKey {
            static u64 key(const Process& child) { return child.sibling_number; }
        };
        Process* parent = nullptr;
        Tree<Process, &Process::sibling_link, SiblingKey> children;  ///< Oldest first.
        /// Whose child it is of the parent's tasks: the number of the task that made it, and its place (Task::place). Place 0, or a task
        /// that has ended: the oldest one that lives. LINUX: real_parent.
        Pid parent_tid = 0;
        u64 parent_place = 0;
        List<ChildWait, &ChildWait::link> child_waits;  ///< Of its tasks that wait for a child.
        u64 wait_rounds = 0;  ///< How often all of child_waits were told, whatever they wait for.
        ProcessGroup* membership = nullptr;  ///< The group's record, as long as the process is in the tree.
        Pid group = 0;  ///< Its number. Changes by TreeState::move_to, as does the session's.
        Pid session = 0;
        WaitStatus wait_status;
        Signal exit_signal =
            Signal::Chld;         ///< What the parent gets when this process ends; None for a silent clone.
        char last_name[16] = {};  ///< Of its last task, once a zombie.
        bool stop_is_reportable = false;
        bool continue_is_reportable = false;
        bool has_executed = false;  ///< execve since fork: setpgid by the parent fails with EACCES.
        bool is_subreaper = false;
        bool has_death_signal =
            false;  ///< A task of it has asked for a signal at its parent's end (PR_SET_PDEATHSIG).
        /// The Terminal that controlled its session when `acquisition` was its number. controlling_terminal tells whether it still does.
        Ref<Object> terminal;
        u64 acquisition = 0;
        /// The foreground group of the terminal that this session leader lost by a hang-up; else 0.
        Pid hung_up_group = 0;
        ResourceUsage usage;  ///< Final, once a zombie.
        ResourceUsage children_usage;
    };
    /// Whoever has the tree's state holds its lock (ProcessTree::lock).
    Links& links(TreeState& /*locked*/) { return links_; }
    const Links& links(const TreeState& /*locked*/) const { return links_; }
    void set_parent(TreeState& tree, Process* parent) {
        links(tree).parent = parent;
        parent_pid_.store(parent != nullptr ? parent->pid() : 0, std::memory_order_relaxed);
    }
    /// Changes under the tree's lock; /proc asks without it.
    std::atomic<ProcessState> state{ProcessState::Running};

    using Signals = ProcessSignals;
    sync::SpinLocked<Signals, sync::LockRank::SignalState> signals;
    /// A child has or had has_death_signal, so that the end of a task of this process must look for it. Changes under the tree's lock.
    std::atomic<bool> children_have_death_signals{false};
    /// For the calling task's process. Only its own execve puts others in place.
    SignalActions& own_actions() { return *signals.unsafe_value().actions; }
    /// Stopped tasks wait here.
    scheduler::WaitQueue continued;
    /// A task that executes a program waits here until all others have ended.
    scheduler::WaitQueue task_ended;
    /// Who polls a pidfd waits here for the end of the process: woken after it has become a zombie, or was reaped.
    scheduler::WaitQueue ended;

    ResourceLimits limits;
    sync::SpinLocked<RealTimer, sync::LockRank::Process> real_timer{*this};
    sync::SpinLocked<PosixTimers, sync::LockRank::Process> posix_timers;
    sync::SpinLocked<CpuTimers, sync::LockRank::Process> cpu_timers;
    CpuAlarms::Locked cpu_alarms;  ///< Of the CPU clocks of the process as a whole.
    time::Nanoseconds started_at = time::monotonic();
    /// How readily it is ended when memory is short: -1000 (never) to 1000 (proc(5), "oom_score_adj").
    std::atomic<i32> oom_adjustment{0};
    /// The last one that somebody with CAP_SYS_RESOURCE gave it: without, it gets no lower. LINUX: oom_score_adj_min.
    std::atomic<i32> least_oom_adjustment{0};

    u64 limit(Resource resource) const { return limits.soft(resource); }

  private:
    Pid pid_;
    Links links_;
    std::atomic<Pid> parent_pid_{0};
};

inline Process& current_process() { return *current_task().process; }
inline u64 Task::open_files_limit() const { return process->limit(Resource::OpenFiles); }

}  // namespace exo::posix_x
