// ProcessView: what can be told of a process, taken in one look.
#pragma once

#include "posix_x/process/process_tree.hpp"

namespace exo::posix_x::procfs {

struct ProcessView {
    Pid id = 0;       ///< Of the task that was looked at: the leader's is the process's.
    u32 threads = 0;  ///< Living tasks of the process.
    char name[16] = {};
    ProcessState state = ProcessState::Running;
    bool is_deaf_to_signals = false;  ///< It waits for what no signal ends; only SIGKILL may.
    bool is_running = false;          ///< Its thread has the CPU or waits for it.
    bool has_executed = false;
    Pid parent = 0;
    Pid group = 0;
    Pid session = 0;
    Pid foreground = -1;  ///< Of its terminal.
    u32 terminal = 0;     ///< The device, encoded; 0: none.
    Signal exit_signal = Signal::None;
    bool is_leader = true;
    i32 exit_word = 0;
    Scheduling scheduling;
    /// Less than its own only while it inherits (scheduler/inheritance.hpp).
    scheduler::Urgency urgency = scheduler::IDLE_URGENCY;
    time::Nanoseconds started_at = 0;
    ResourceUsage usage;
    ResourceUsage children_usage;
    Ref<Identity> identity;

    // ---- Empty for a zombie.
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
    /// From where mounts are shown: the root that the process had when its file was opened. Filled in for such files only.
    fs::Path mounts_root;

    std::string_view name_text() const { return name; }
    bool is_zombie() const { return state == ProcessState::Zombie || state == ProcessState::Reaped; }
    /// "S", as in /proc/PID/stat.
    char state_letter() const;
    /// "sleeping", as in /proc/PID/status.
    std::string_view state_name() const;
};

/// Whose files a directory of /proc holds: those of a process (0: its leader's, with sums over all tasks), or of one of its tasks.
using TaskOf = Pid;

/// A leader that has ended before its process is seen as a zombie. Errors: Esrch (the process was reaped, or has no such task).
Result<ProcessView> look_at(Process& process, TaskOf tid);

/// May the calling task, with these credentials, read what only those may see who may trace the process (ptrace(2),
/// PTRACE_MODE_READ_FSCREDS)? Errors: Eacces.
Result<> check_trace_access(const Process& process, const ProcessView& view,
                            const fs::Credentials& credentials);
/// With the calling task's own credentials. Errors: Eacces.
Result<> check_trace_access(const Process& process, const ProcessView& view);

}  // namespace exo::posix_x::procfs
