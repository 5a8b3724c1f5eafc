// Process: a process in the sense of POSIX: a pid, a parent, children, pending signals, limits, an exit
// status, and a list of tasks (task.hpp), its threads.
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

/// The status word that wait4 stores (wait(2)).
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

/// CPU time and page faults of a process, or of its reaped children (getrusage(2)).
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

/// The state of a walk that sums up the usage of a process's tasks, oldest first, a bounded number at a time
/// under its signal lock. A task that ends before the walk reaches it adds its own usage.
struct UsageWalk {
    u64 place = 0;  ///< Task::place of the last task that was counted.
    ResourceUsage usage;
    ListNode link;
};

/// The data of the lock Process::signals.
struct ProcessSignals {
    /// The tasks that have not ended, oldest first, not owned. Empty before fork adds the first task, and in
    /// a zombie.
    List<Task, &Task::process_link> tasks;
    u64 next_place = 1;  ///< Task::place for the next task that is added.
    /// The number of tasks that have not begun to end. The task that makes it 0 ends the process.
    u32 live_tasks = 0;
    /// The task whose number is the process's. It is kept after its end until the process is reaped, because
    /// it has the process's identity and scheduling. Null before add_task and after the process was reaped.
    Ref<Task> leader;
    ResourceUsage ended_usage;  ///< The usage of tasks that have ended.
    List<UsageWalk, &UsageWalk::link> usage_walks;
    PendingSignals pending;  ///< A zombie keeps the signals that it has not taken, because SigQ of its user
                             ///< counts them.
    /// Contains every signal that is pending for a single task of the process. It may contain more.
    SignalSet pending_of_tasks;
    Ref<SignalActions> actions;
    bool is_exiting = false;  ///< exit_group or a fatal signal: every task must end.
    WaitStatus exit_status;   ///< The process's exit status, valid once is_exiting is set.
    u64 peak_pages = 0;       ///< The maximum of its memory, valid once the last task has released the
                              ///< memory.
    /// The task that executes a new program and waits for all other tasks to end.
    Task* only_survivor = nullptr;
    /// Process 1: it ignores signals without a handler, except forced ones. LINUX: SIGNAL_UNKILLABLE.
    bool is_unkillable = false;
    bool is_stopping = false;  ///< A stop signal was taken; the tasks wait for SIGCONT.
    Signal stop_signal = Signal::None;
    u32 stopped_tasks = 0;  ///< How many of the live tasks wait for SIGCONT.

    /// Whether the task has to end, because the process ends or another task executes a program.
    bool must_end(const Task& task) const {
        return is_exiting || (only_survivor != nullptr && only_survivor != &task);
    }

    /// The oldest task that was not told yet that it must end or stop; null: all were told (tell_some).
    Task* next_to_tell = nullptr;

    /// Adds a task. The first one becomes the leader.
    void add_task(Task& task);
    /// Removes a task that has ended, and adds its usage to that of the process.
    void remove_task(Task& task);
    /// The oldest task that was added after `task`. `task` itself may have been removed.
    Task* next_after(const Task& task);
    /// Makes all tasks end, and sets the process's exit status if none was set before. `first` (may be null)
    /// takes no signals any more. The caller then tells the other tasks (tell_tasks).
    void begin_exit(WaitStatus status, Task* first);
    /// Interrupts a bounded number of the tasks that were not told yet that they must end or stop. Returns
    /// whether more are left.
    bool tell_some();
};

class Process;

/// Interrupts all tasks that were not told yet that they must end or stop, a bounded number at a time; may
/// switch to another thread in between. Each interrupted task tells more tasks, so the work goes on even if
/// the caller does not run.
void tell_tasks(Process& process);

/// Visits the tasks of `process`, oldest first, a bounded number at a time under its signal lock; may switch
/// to another thread in between. A task that is added or removed meanwhile may be visited or not.
void for_each_task(Process& process, FunctionRef<void(ProcessSignals&, Task&)> visit);

class Process final : public Object {
  public:
    explicit Process(Pid pid);
    ~Process() override;

    Pid pid() const { return pid_; }

    /// The parent's pid at this moment, without a lock (getppid).
    Pid parent_pid() const { return parent_pid_.load(std::memory_order_relaxed); }

    // ---- Links for the process tree, which alone uses them.
    TreeNode pid_link;
    TreeNode sibling_link;
    TreeNode group_link;
    u64 sibling_number =
        0;  ///< Larger than that of each older sibling. ProcessTree::any_child uses it to continue a walk.
    u64 member_number = 0;  ///< Larger than that of each older member of its process group.

    /// The data of the process tree's lock.
    struct Links {
        struct SiblingKey {
            static u64 key(const Process& child) { return child.sibling_number; }
        };
        Process* parent = nullptr;
        Tree<Process, &Process::sibling_link, SiblingKey> children;  ///< Oldest first.
        /// The parent's task that made this process: its number, and its Task::place. If the place is 0 or
        /// that task has ended, the parent's oldest living task takes its role. LINUX: real_parent.
        Pid parent_tid = 0;
        u64 parent_place = 0;
        List<ChildWait, &ChildWait::link> child_waits;  ///< The waits of its tasks for a child.
        u64 wait_rounds = 0;                            ///< How often all of child_waits were woken.
        ProcessGroup* membership = nullptr;  ///< The record of its group, while the process is in the tree.
        Pid group = 0;  ///< The group's number. Only TreeState::move_to changes it and the session.
        Pid session = 0;
        WaitStatus wait_status;
        Signal exit_signal =
            Signal::Chld;         ///< The signal for the parent when this process ends. None: no signal.
        char last_name[16] = {};  ///< The name of its last task, valid in a zombie.
        bool stop_is_reportable = false;
        bool continue_is_reportable = false;
        bool has_executed = false;  ///< It has called execve since fork, so setpgid by the parent fails with
                                    ///< EACCES.
        bool is_subreaper = false;
        bool has_death_signal =
            false;  ///< One of its tasks has asked for a signal at its parent's end (PR_SET_PDEATHSIG).
        /// The terminal that controlled its session when the terminal's number of acquisitions was
        /// `acquisition`. Whether it still does: controlling_terminal.
        Ref<Object> terminal;
        u64 acquisition = 0;
        /// For a session leader: the foreground group of the terminal that it lost by a hang-up. Otherwise 0.
        Pid hung_up_group = 0;
        ResourceUsage usage;  ///< Final in a zombie.
        ResourceUsage children_usage;
    };
    /// The data of the tree's lock. A TreeState& proves that the caller holds it.
    Links& links(TreeState& /*locked*/) { return links_; }
    const Links& links(const TreeState& /*locked*/) const { return links_; }
    void set_parent(TreeState& tree, Process* parent) {
        links(tree).parent = parent;
        parent_pid_.store(parent != nullptr ? parent->pid() : 0, std::memory_order_relaxed);
    }
    /// Changes under the tree's lock. /proc reads it without the lock.
    std::atomic<ProcessState> state{ProcessState::Running};

    using Signals = ProcessSignals;
    sync::SpinLocked<Signals, sync::LockRank::SignalState> signals;
    /// A child has or had has_death_signal, so the end of a task of this process must search its children.
    /// Changes under the tree's lock.
    std::atomic<bool> children_have_death_signals{false};
    /// The signal actions, for tasks of this process. Only the process's own execve replaces them.
    SignalActions& own_actions() { return *signals.unsafe_value().actions; }
    /// Stopped tasks wait on it.
    scheduler::WaitQueue continued;
    /// A task that executes a program waits on it until all other tasks have ended.
    scheduler::WaitQueue task_ended;
    /// Polls of pidfds wait on it. Woken when the process has become a zombie, and when it was reaped.
    scheduler::WaitQueue ended;

    ResourceLimits limits;
    sync::SpinLocked<RealTimer, sync::LockRank::Process> real_timer{*this};
    sync::SpinLocked<PosixTimers, sync::LockRank::Process> posix_timers;
    sync::SpinLocked<CpuTimers, sync::LockRank::Process> cpu_timers;
    CpuAlarms::Locked cpu_alarms;  ///< The alarms of the CPU clocks of the whole process.
    time::Nanoseconds started_at = time::monotonic();
    /// How likely the out-of-memory killer chooses it: -1000 (never) to 1000 (proc(5), "oom_score_adj").
    std::atomic<i32> oom_adjustment{0};
    /// The last value that a task with CAP_SYS_RESOURCE set; other tasks cannot set a lower one. LINUX:
    /// oom_score_adj_min.
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
