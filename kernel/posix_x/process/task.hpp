// Task: a thread of a process, and its references to shared objects: address space, program, descriptors,
// paths, identity. clone(2) decides which of them a child shares.
//
// Programs call it a thread if its process has several tasks. Other parts of the kernel find a task in its
// process's list (process.hpp).
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
#include "sync/tally.hpp"
#include "vm/address_space.hpp"

namespace exo::posix_x {

class Process;
class TaskTrace;
struct ProcessSignals;

/// The scheduling settings of one task (sched_setscheduler(2), setpriority(2)).
struct Scheduling {
    abi::SchedulingPolicy policy = abi::SchedulingPolicy::Other;
    i32 priority = 0;  ///< 1 to 99 for FIFO and RR.
    /// Children start without a realtime policy and without a negative nice value (SCHED_RESET_ON_FORK).
    bool resets_on_fork = false;
    i32 nice = 0;
    /// The task's CPU time when it got a realtime policy. RLIMIT_RTTIME counts from there.
    time::Nanoseconds realtime_since = 0;
    bool is_realtime() const {
        return policy == abi::SchedulingPolicy::Fifo || policy == abi::SchedulingPolicy::RoundRobin;
    }
};

/// The alternate signal stack (sigaltstack(2)).
struct AlternateStack {
    u64 base = 0;
    u64 size = 0;
    u32 flags = DISABLE;  ///< As the program gave them.

    static constexpr u32 DISABLE = 2;

    /// SS_AUTODISARM: the stack is disabled while a handler runs on it.
    static constexpr u32 AUTO_DISARM = 1U << 31;
};

/// The event that a vfork parent waits for: the child executed a program, or ended.
class VforkCompletion final : public Object {
  public:
    void complete();
    /// Waits for the event. Errors: RestartSys (the parent is being killed).
    Result<> wait();

  private:
    std::atomic<bool> is_complete_{false};
    scheduler::WaitQueue waiters_;
};

/// A wait with a fixed end, which restart_syscall(2) continues after Error::RestartWithBlock.
struct RestartBlock {
    /// Continues the call. Errors: Eintr when there is nothing to continue, and those of the call.
    Result<u64> (*resume)(const RestartBlock& block) = nullptr;
    time::Deadline deadline = time::Deadline::never();
    u64 address =
        0;  ///< The address of the remaining time (nanosleep), of the entries (poll) or of the word (futex).
    u32 count = 0;
    abi::ClockId clock{};  ///< The clock of the deadline, if that is a point in CPU time (clock_nanosleep).
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
    /// Changes only in execve: the calling task takes the number of its process's leader. Any thread may read it.
    Pid tid() const { return tid_.get(); }
    /// Called under the process tree's lock and the process's signal lock.
    void take_number_of(const Task& leader) { tid_.set(leader.tid()); }
    /// The thread that runs this task; the thread owns the task. Other threads may read it under the
    /// process's signal lock. Null once the task has ended.
    scheduler::Thread* thread = nullptr;
    /// Links it in the process's list, under the process's signal lock. A task that is not in the list has
    /// ended, or was never started.
    ListNode process_link;
    u64 place = 0;  ///< Larger than that of each task that was added before.
    /// Links it in the tree of tasks that are not leaders, under the process tree's lock.
    TreeNode thread_link;
    /// The user that is charged for this task (RLIMIT_NPROC) until it is reaped. Guarded by the process
    /// tree's lock.
    Ref<UserRecord> charged_user;

    /// The objects that the task uses, alone or with other tasks (clone(2)). Only the task itself replaces
    /// them. Other tasks (/proc) take references under the lock.
    struct Resources {
        Ref<vm::AddressSpace> space;
        Ref<ProgramImage> image;
        security::TableUser files;
        Ref<fs::PathContext> paths;
        Ref<Identity> identity;
    };
    sync::SpinLocked<Resources, sync::LockRank::Task> resources;
    // For the task itself, and for its creator before it runs.
    vm::AddressSpace& space() const { return *resources.unsafe_value().space; }
    const Ref<vm::AddressSpace>& shared_space() const { return resources.unsafe_value().space; }
    ProgramImage& image() const { return *resources.unsafe_value().image; }
    security::TableUser& files() { return resources.unsafe_value().files; }
    fs::PathContext& paths() const { return *resources.unsafe_value().paths; }
    const Identity& identity() const { return *resources.unsafe_value().identity; }

    /// The task's signals. Guarded by the process's signal lock.
    struct Signals {
        PendingSignals pending;
        SignalSet blocked;
        SignalSet awaited;       ///< The signals that a sigtimedwait in progress waits for.
        bool is_ending = false;  ///< It takes no more signals.
    };
    Signals& signals(ProcessSignals& /*locked*/) { return signals_; }
    const Signals& signals(const ProcessSignals& /*locked*/) const { return signals_; }
    /// The blocked signals. For the task itself, which alone changes them.
    SignalSet blocked() const { return signals_.blocked; }
    SignalSet saved_mask;  ///< The mask that sigsuspend, ppoll and pselect restore.
    bool has_saved_mask = false;
    AlternateStack alternate_stack;

    /// The last exception, which the signal frame reports.
    struct {
        u64 vector = 0;
        u64 error_code = 0;
        u64 address = 0;
    } last_fault;

    CpuAlarms::Locked cpu_alarms;  ///< The alarms of the task's own CPU clocks.
    /// The scheduler's samples post it if the task's CPU time is watched.
    Expiry cpu_check{*this, [](Object& task, u64) { check_cpu_timers(static_cast<Task&>(task)); }};
    sync::SpinLocked<Scheduling, sync::LockRank::Task> scheduling;
    /// PR_SET_PDEATHSIG: the signal that the process gets when its parent ends.
    std::atomic<Signal> parent_death_signal{Signal::None};
    /// The task's own wait status, reported for a leader that other tasks have outlived. LINUX:
    /// task_struct::exit_code.
    std::atomic<i32> exit_word{0};
    u64 clear_child_tid = 0;
    std::atomic<u64> robust_list{0};  ///< set_robust_list(2): the address of its head; 0: none.
    /// rseq(2): the address of the area (0: there is none), and the signature that stands before the abort
    /// address of its critical sections.
    struct {
        u64 address = 0;
        u32 signature = 0;
    } rseq;
    /// Whether the task can become the owner of a futex with priority inheritance. Guarded by INHERITANCE.
    /// LINUX: futex_state.
    enum class FutexState : u8 { Alive, Ending, Ended };
    std::atomic<FutexState> futex_state{FutexState::Alive};
    u64 set_child_tid = 0;       ///< CLONE_CHILD_SETTID: the child writes its number there, in its own
                                 ///< memory.
    Ref<VforkCompletion> vfork;  ///< Set while a vfork parent waits for this task.
    abi::PersonalityFlags personality{};
    bool has_personality(abi::PersonalityFlags flag) const { return abi::has(personality, flag); }
    RestartBlock restart;
    /// The recorder of its system calls (trace/task_trace.hpp). Null: the task is not traced. It is set
    /// before the task runs, or by the task itself.
    std::atomic<TaskTrace*> trace{nullptr};
    Ref<Object> trace_owner;

    // ---- For system calls of the task itself.
    arch::UserRegisters& registers() const { return thread->user_registers(); }
    fs::Caller caller() const { return {credentials_, paths()}; }
    const fs::Credentials& credentials() const { return credentials_; }
    /// Returns a reference, for other tasks.
    Ref<Identity> shared_identity() { return resources.lock()->identity; }
    /// Callable for another task too, while the caller holds a reference.
    UserId real_user() const { return real_user_.load(std::memory_order_relaxed); }
    /// Replaces the identity.
    void set_identity(Ref<Identity> next);
    u64 open_files_limit() const;

  private:
    sync::Tally<Pid> tid_;
    Signals signals_;
    fs::Credentials credentials_;
    std::atomic<UserId> real_user_{0};
};

/// The calling thread's task. The thread must have one: it runs a system call or handles a fault of a
/// program.
inline Task& current_task() { return *static_cast<Task*>(scheduler::current_thread().personality()); }
/// The calling thread's task, or null in a kernel thread.
inline Task* current_task_or_null() { return static_cast<Task*>(scheduler::current_thread().personality()); }

}  // namespace exo::posix_x
