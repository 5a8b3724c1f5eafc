// Process: what POSIX calls one: a pid, a parent, children, pending signals, limits, an exit status. Its threads of
// control are Tasks (task.hpp).
//
// Key types: Process, Task, ProcessTree (who is whose child, in which group and session; find by pid).
// Neighbours: signal/ (signals), lifecycle/ (fork, execve, exit), terminal/ (controlling terminals), procfs/ (what can be seen).
// Locking: the tree's spin lock (rank ProcessTree) guards parent, children, group, session, wait state and the pid table;
// Process::signals (rank SignalState) everything of signals. Neither is held while anything sleeps.
#pragma once

#include <atomic>

#include "abi/linux/scheduling.hpp"
#include "posix_x/process/child_wait.hpp"
#include "posix_x/process/cpu_timers.hpp"
#include "posix_x/process/identity.hpp"
#include "posix_x/process/resource_limits.hpp"
#include "posix_x/process/signals.hpp"
#include "scheduler/thread.hpp"
#include "scheduler/wait_queue.hpp"
#include "sync/spin_lock.hpp"
#include "time/timer.hpp"
#include "utils/string.hpp"
#include "utils/tree.hpp"
#include "vm/address_space.hpp"

namespace exo::fs {
class File;
}

namespace exo::posix_x {

struct ProcessGroup;

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

/// setitimer(ITIMER_REAL) and alarm. The timer's callback only raises Work::Personality; the process sends the signal
/// to itself on its way to user mode and arms the timer again.
struct RealTimer : time::Timer {
    RealTimer();
    /// Whose thread is interrupted. Set before the timer is armed, for good.
    scheduler::Thread* thread = nullptr;
    std::atomic<bool> has_expired{false};
    time::Nanoseconds interval = 0;
    time::Deadline deadline = time::Deadline::never();
};

/// sched_setscheduler(2).
struct Scheduling {
    abi::SchedulingPolicy policy = abi::SchedulingPolicy::Other;
    i32 priority = 0;  ///< 1 to 99 for FIFO and RR.
    bool resets_on_fork =
        false;  ///< Children start without a realtime policy and with no nice value below 0.
};

class Process final : public Object {
  public:
    explicit Process(Pid pid);
    ~Process() override;

    Pid pid() const { return pid_; }

    /// As of now: for getppid, which takes no lock.
    Pid parent_pid() const { return parent_pid_.load(std::memory_order_relaxed); }

    // ---- Under the tree's lock.
    Process* parent() const { return parent_; }
    void set_parent(Process* parent) {
        parent_ = parent;
        parent_pid_.store(parent != nullptr ? parent->pid() : 0, std::memory_order_relaxed);
    }
    ListNode sibling_link;
    List<Process, &Process::sibling_link> children;
    List<ChildWait, &ChildWait::link> child_waits;  ///< Of its tasks that wait for a child.
    TreeNode pid_link;
    ListNode group_link;
    ProcessGroup* membership = nullptr;  ///< The group's record, as long as the process is in the tree.
    Pid group = 0;  ///< Its number. Changes by TreeState::move_to, as does the session's.
    Pid session = 0;
    std::atomic<ProcessState> state{
        ProcessState::Running};  ///< Atomic for /proc, which asks without the lock.
    WaitStatus wait_status;
    Signal exit_signal =
        Signal::Chld;         ///< What the parent gets when this process ends; None for a silent clone.
    char last_name[16] = {};  ///< Of its task, once a zombie.
    bool stop_is_reportable = false;
    bool continue_is_reportable = false;
    bool has_executed = false;  ///< execve since fork: setpgid by the parent fails with EACCES.
    bool is_subreaper = false;
    Signal parent_death_signal = Signal::None;
    Ref<Object> terminal;  ///< The session's controlling Terminal (controlling_terminal in terminal.hpp).
    Pid hung_up_group =
        0;  ///< The foreground group of the terminal that this session leader lost by a hang-up; else 0.
    ResourceUsage usage;  ///< Final, once a zombie.
    ResourceUsage children_usage;
    Ref<UserRecord> user;  ///< Charged with this process until it is reaped.

    // ---- The data of the lock `signals` below.
    struct Signals {
        /// The process's one task (threads come later), not owned. Null before fork sets it, and once the process is a zombie.
        Task* task = nullptr;
        Ref<Identity> last_identity;  ///< Its task's, once a zombie: whose it is still counts.
        PendingSignals pending;       ///< A zombie keeps what it has not taken, as SigQ of its user tells.
        Ref<SignalActions> actions;
        bool is_exiting = false;  ///< exit_group or a fatal signal: every task ends.
        WaitStatus exit_status;
        /// Process 1: takes no signal that it has no handler for, until one is forced. LINUX: SIGNAL_UNKILLABLE.
        bool is_unkillable = false;
        bool is_stopping = false;  ///< A stop signal was taken; tasks wait until SIGCONT.
        Signal stop_signal = Signal::None;
    };
    sync::SpinLocked<Signals, sync::LockRank::SignalState> signals;
    /// Stopped tasks wait here.
    scheduler::WaitQueue continued;

    // ---- Own locks or the process's own task only.
    ResourceLimits limits;
    sync::SpinLocked<int, sync::LockRank::Process> limits_change{0};  ///< Held while `limits` changes.
    RealTimer real_timer;
    CpuTimers cpu_timers;
    time::Nanoseconds started_at = time::monotonic();
    i32 nice = 0;
    /// How readily it is ended when memory is short: -1000 (never) to 1000 (proc(5), "oom_score_adj").
    std::atomic<i32> oom_adjustment{0};
    /// The last one that somebody with CAP_SYS_RESOURCE gave it: without, it gets no lower. LINUX: oom_score_adj_min.
    std::atomic<i32> least_oom_adjustment{0};
    Scheduling scheduling;

    u64 limit(Resource resource) const { return limits.soft(resource); }

  private:
    Pid pid_;
    Process* parent_ = nullptr;
    std::atomic<Pid> parent_pid_{0};
};

}  // namespace exo::posix_x
