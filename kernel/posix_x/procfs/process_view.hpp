// ProcessView: a snapshot of what /proc reports about a process.
#pragma once

#include "posix_x/process/process_tree.hpp"

namespace exo::posix_x::procfs {

struct ProcessView {
    Pid id = 0;       ///< The number of the task in the snapshot. The leader's number is the process's.
    u32 threads = 0;  ///< Living tasks of the process.
    char name[16] = {};
    ProcessState state = ProcessState::Running;
    bool is_deaf_to_signals = false;  ///< It is in an uninterruptible wait, or one that only SIGKILL ends.
    bool is_running = false;          ///< Its thread runs or is ready to run.
    bool has_executed = false;
    Pid parent = 0;
    Pid group = 0;
    Pid session = 0;
    Pid foreground = -1;  ///< The foreground group of its terminal.
    u32 terminal = 0;     ///< The device, encoded; 0: none.
    Signal exit_signal = Signal::None;
    bool is_leader = true;
    i32 exit_word = 0;
    Scheduling scheduling;
    /// More urgent than the task's own priority only while it inherits one (scheduler/inheritance.hpp).
    scheduler::Urgency urgency = scheduler::IDLE_URGENCY;
    u32 last_cpu = 0;  ///< The CPU on which the task runs or ran last.
    u64 allowed_cpus = 0;
    time::Nanoseconds started_at = 0;
    ResourceUsage usage;
    ResourceUsage children_usage;
    Ref<Identity> identity;

    // ---- Empty in the snapshot of a zombie.
    SignalSet pending;
    SignalSet process_pending;
    SignalSet blocked;
    SignalSet ignored;
    SignalSet caught;
    StackPlaces places;
    bool is_dumpable = true;
    Ref<vm::AddressSpace> space;
    Ref<fs::PathContext> paths;
    Ref<fs::File> executable;
    Ref<security::CapabilityTable> files;
    /// The root from which mounts are shown: the root of the process when the file was opened. Set only for
    /// such files.
    fs::Path mounts_root;

    std::string_view name_text() const { return name; }
    bool is_zombie() const { return state == ProcessState::Zombie || state == ProcessState::Reaped; }
    /// The letter of the state in /proc/PID/stat, such as "S".
    char state_letter() const;
    /// The name of the state in /proc/PID/status, such as "sleeping".
    std::string_view state_name() const;
};

/// Selects the task that a directory of /proc describes: 0 for the process (its leader, with sums over all
/// tasks), or the number of a task.
using TaskOf = Pid;

/// Takes a snapshot. A leader that has ended before its process looks like a zombie. Errors: Esrch (the
/// process was reaped, or has no such task).
Result<ProcessView> look_at(Process& process, TaskOf tid);

/// Checks with the given credentials that the calling task may trace the process, which protected files
/// require (ptrace(2), PTRACE_MODE_READ_FSCREDS). Errors: Eacces.
Result<> check_trace_access(const Process& process, const ProcessView& view,
                            const fs::Credentials& credentials);
/// Checks the same access with the calling task's own credentials. Errors: Eacces.
Result<> check_trace_access(const Process& process, const ProcessView& view);

}  // namespace exo::posix_x::procfs
