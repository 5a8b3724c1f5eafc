// Task: a thread of control of a process, and what it holds of the shared things: address space, descriptors, paths,
// identity. clone(2) decides which of them a child shares.
#pragma once

#include <atomic>

#include "abi/linux/process.hpp"
#include "fs/operations/vfs.hpp"
#include "fs/tree/path.hpp"
#include "posix_x/process/identity.hpp"
#include "posix_x/process/process.hpp"
#include "posix_x/process/stack_places.hpp"
#include "scheduler/scheduler.hpp"
#include "security/capability_table.hpp"

namespace exo::posix_x {

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
    struct {
        u32 expected = 0;
        u32 bits = 0;
        u32 flags = 0;
    } futex{};
};

class Task final : public Object {
  public:
    Task(Ref<Process> owner, Pid thread_id)
        : Object(ObjectKind::Thread),
          process(std::move(owner)),
          tid(thread_id) {}
    ~Task() override;

    const Ref<Process> process;
    const Pid tid;
    scheduler::Thread* thread = nullptr;  ///< Runs this task; owns it as its personality.

    // ---- The task's own, unless shared by clone(2). Other tasks (/proc) take references under task_lock.
    Ref<vm::AddressSpace> space;
    security::TableUser files;
    Ref<fs::PathContext> paths;
    Ref<Identity> identity;
    Ref<fs::File> executable;  ///< /proc/PID/exe
    sync::SpinLocked<int, sync::LockRank::Task> task_lock{0};

    // ---- Signals of this task, under the process's signal lock; `blocked` is written by the task only.
    PendingSignals pending;
    SignalSet blocked;
    SignalSet awaited;     ///< What a sigtimedwait in progress waits for.
    SignalSet saved_mask;  ///< What sigsuspend, ppoll and pselect put back.
    bool has_saved_mask = false;
    AlternateStack alternate_stack;

    /// The last exception, for the signal frame.
    struct {
        u64 vector = 0;
        u64 error_code = 0;
        u64 address = 0;
    } last_fault;

    StackPlaces places;  ///< Of arguments and environment, for /proc.
    u64 clear_child_tid = 0;
    u64 set_child_tid = 0;       ///< CLONE_CHILD_SETTID: written by the child, in its own memory.
    Ref<VforkCompletion> vfork;  ///< A parent waits for us.
    abi::PersonalityFlags personality{};
    bool has_personality(abi::PersonalityFlags flag) const { return abi::has(personality, flag); }
    bool is_dumpable = true;
    RestartBlock restart;

    // ---- For the calling task's own system calls.
    arch::UserRegisters& registers() const { return thread->user_registers(); }
    fs::Caller caller() const { return {credentials_, *paths}; }
    const fs::Credentials& credentials() const { return credentials_; }
    /// For other tasks.
    Ref<Identity> shared_identity() {
        auto guard = task_lock.lock();
        return identity;
    }
    /// Also of another task, as long as it is there.
    UserId real_user() const { return real_user_.load(std::memory_order_relaxed); }
    /// Puts `next` in place of the identity.
    void set_identity(Ref<Identity> next);
    u64 open_files_limit() { return process->limit(Resource::OpenFiles); }

  private:
    fs::Credentials credentials_;
    std::atomic<UserId> real_user_{0};
};

/// The calling thread's task; only where there is one (system calls, faults of programs).
inline Task& current_task() { return *static_cast<Task*>(scheduler::current_thread().personality()); }
inline Process& current_process() { return *current_task().process; }

/// The calling thread's task, or null (kernel threads).
inline Task* current_task_or_null() { return static_cast<Task*>(scheduler::current_thread().personality()); }

}  // namespace exo::posix_x
