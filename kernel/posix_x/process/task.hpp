// Task: a thread of control of a process, and what it holds of the shared things: address space, program, descriptors, paths,
// identity. clone(2) decides which of them a child shares.
//
// A task of a process that has several tasks is what programs call a thread. /proc and others find a task in its process's list
// (process.hpp).
#pragma once

#include <atomic>

#include "abi/linux/process.hpp"
#include "abi/linux/scheduling.hpp"
#include "fs/operations/vfs.hpp"
#include "fs/tree/path.hpp"
#include "posix_x/process/cpu_timers.hpp"
#include "posix_x/process/expiry.hpp"
#include "posix_x/process/identity.hpp"
#include "posix_x/process/pid.hpp"
#include "posix_x/process/program_image.hpp"
#include "posix_x/process/signals.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/wait_queue.hpp"
#include "security/capability_table.hpp"
#include "vm/address_space.hpp"

namespace exo::posix_x {

class Process;
class TaskTrace;
struct ProcessSignals;

/// sched_setscheduler(2) and setpriority(2), of one task.
struct Scheduling {
    abi::SchedulingPolicy policy = abi::SchedulingPolicy::Other;
    i32 priority = 0;  ///< 1 to 99 for FIFO and RR.
    /// Children start without a realtime policy and with no nice value below 0.
    bool resets_on_fork = false;
    i32 nice = 0;
    /// What the task had run when it got a real-time policy: RLIMIT_RTTIME counts from there.
    time::Nanoseconds realtime_since = 0;
    bool is_realtime() const {
        return policy == abi::SchedulingPolicy::Fifo || policy == abi::SchedulingPolicy::RoundRobin;
    }
};

/// sigaltstack(2).
struct AlternateStack {
    u64 base = 0;
    u64 size = 0;
    u32 flags = DISABLE;  ///< As the program gave them.

    static constexpr u32 DISABLE = 2;

    /// SS_AUTODISARM: out of use while a handler runs on it.
    static constexpr u32 AUTO_DISARM = 1U << 31;
};

/// What a vfork parent waits for: the child has its own address space, or is gone.
class VforkCompletion final : public Object {
  public:
    void complete();
    /// Errors: RestartSys (the parent is being killed).
    Result<> wait();

  private:
    std::atomic<bool> is_complete_{false};
    scheduler::WaitQueue waiters_;
};

/// What restart_syscall(2) continues after Error::RestartWithBlock: a wait whose end is fixed.
struct RestartBlock {
    /// Errors: Eintr when there is nothing to continue, and those of the call.
    Result<u64> (*resume)(const RestartBlock& block) = nullptr;
    time::Deadline deadline = time::Deadline::never();
    u64 address =
        0;  ///< Where the remaining time goes (nanosleep), or the entries (poll) or the word (futex) are.
    u32 count = 0;
    abi::ClockId clock{};  ///< By which the deadline counts that is a point of CPU time (clock_nanosleep).
    struct {
        u32 expected = 0;
        u32 bits = 0;
        u32 flags = 0;
    } futex{};
};

class Task final : public Object {
  public:
    Task(Ref<Process> owner, Pid thread_id);
    ~Task() override;

    const Ref<Process> process;
    /// A task that executes a program takes the number of its process's leader; else it never changes.
    Pid tid;
    /// Runs this task and owns it as its personality. Others may look at it under the process's signal lock; null once the task has ended.
    scheduler::Thread* thread = nullptr;
    /// Its place in the process's list, under the process's signal lock. Out of the list the task has ended, or was never started.
    ListNode process_link;
    u64 place = 0;  ///< Larger than that of each task that came into the list before it.
    /// Its place among the tasks that are no leaders, under the process tree's lock.
    TreeNode thread_link;
    /// Charged with this task (RLIMIT_NPROC) until it is reaped; under the process tree's lock.
    Ref<UserRecord> charged_user;

    /// What the task has, alone or with others (clone(2)). Only the task itself puts something else in place. Other tasks (/proc) take
    /// references under the lock.
    struct Resources {
        Ref<vm::AddressSpace> space;
        Ref<ProgramImage> image;
        security::TableUser files;
        Ref<fs::PathContext> paths;
        Ref<Identity> identity;
    };
    sync::SpinLocked<Resources, sync::LockRank::Task> resources;
    // For the task itself, and before it runs.
    vm::AddressSpace& space() const { return *resources.unsafe_value().space; }
    const Ref<vm::AddressSpace>& shared_space() const { return resources.unsafe_value().space; }
    ProgramImage& image() const { return *resources.unsafe_value().image; }
    security::TableUser& files() { return resources.unsafe_value().files; }
    fs::PathContext& paths() const { return *resources.unsafe_value().paths; }
    const Identity& identity() const { return *resources.unsafe_value().identity; }

    /// What waits for this task, and for what it waits: the data of the process's signal lock, like Process::Signals.
    struct Signals {
        PendingSignals pending;
        SignalSet blocked;
        SignalSet awaited;       ///< What a sigtimedwait in progress waits for.
        bool is_ending = false;  ///< It takes no signal any more.
    };
    Signals& signals(ProcessSignals& /*locked*/) { return signals_; }
    const Signals& signals(const ProcessSignals& /*locked*/) const { return signals_; }
    /// For the task itself, which alone changes it.
    SignalSet blocked() const { return signals_.blocked; }
    SignalSet saved_mask;  ///< What sigsuspend, ppoll and pselect put back.
    bool has_saved_mask = false;
    AlternateStack alternate_stack;

    /// The last exception, for the signal frame.
    struct {
        u64 vector = 0;
        u64 error_code = 0;
        u64 address = 0;
    } last_fault;

    CpuAlarms::Locked cpu_alarms;  ///< Of its own CPU clocks.
    /// Posted by the scheduler's samples if the task watches its CPU time.
    Expiry cpu_check{*this, [](Object& task, u64) { check_cpu_timers(static_cast<Task&>(task)); }};
    sync::SpinLocked<Scheduling, sync::LockRank::Task> scheduling;
    /// PR_SET_PDEATHSIG: what the process gets when its parent ends.
    std::atomic<Signal> parent_death_signal{Signal::None};
    /// The wait status that it ended with, shown of a leader that others have outlived. LINUX: task_struct::exit_code.
    std::atomic<i32> exit_word{0};
    u64 clear_child_tid = 0;
    std::atomic<u64> robust_list{0};  ///< set_robust_list(2): the address of its head; 0: none.
    /// rseq(2): where the area is (0: there is none), and what stands before the abort address of its critical sections.
    struct {
        u64 address = 0;
        u32 signature = 0;
    } rseq;
    /// Whether it can become the owner of a futex with priority inheritance; the data of INHERITANCE. LINUX: futex_state.
    enum class FutexState : u8 { Alive, Ending, Ended };
    std::atomic<FutexState> futex_state{FutexState::Alive};
    u64 set_child_tid = 0;       ///< CLONE_CHILD_SETTID: written by the child, in its own memory.
    Ref<VforkCompletion> vfork;  ///< A parent waits for us.
    abi::PersonalityFlags personality{};
    bool has_personality(abi::PersonalityFlags flag) const { return abi::has(personality, flag); }
    RestartBlock restart;
    /// What is recorded of its system calls (trace/task_trace.hpp). Null: the task is not traced. Set before the task runs, or by
    /// itself.
    std::atomic<TaskTrace*> trace{nullptr};
    Ref<Object> trace_owner;

    // ---- For the calling task's own system calls.
    arch::UserRegisters& registers() const { return thread->user_registers(); }
    fs::Caller caller() const { return {credentials_, paths()}; }
    const fs::Credentials& credentials() const { return credentials_; }
    /// For other tasks.
    Ref<Identity> shared_identity() { return resources.lock()->identity; }
    /// Also of another task, as long as it is there.
    UserId real_user() const { return real_user_.load(std::memory_order_relaxed); }
    /// Puts `next` in place of the identity.
    void set_identity(Ref<Identity> next);
    u64 open_files_limit() const;

  private:
    Signals signals_;
    fs::Credentials credentials_;
    std::atomic<UserId> real_user_{0};
};

/// The calling thread's task; only where there is one (system calls, faults of programs).
inline Task& current_task() { return *static_cast<Task*>(scheduler::current_thread().personality()); }
/// The calling thread's task, or null (kernel threads).
inline Task* current_task_or_null() { return static_cast<Task*>(scheduler::current_thread().personality()); }

}  // namespace exo::posix_x
