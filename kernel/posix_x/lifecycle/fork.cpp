#include "posix_x/lifecycle/fork.hpp"

#include <cstring>

#include "posix_x/process/process_tree.hpp"
#include "utils/scope.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

namespace {

Result<> check_flags(u64 flags) {
    using namespace clone_flag;
    if ((flags & FS) != 0 && (flags & (NEWNS | NEWUSER)) != 0) return Error::Einval;
    if ((flags & ~(SUPPORTED | NAMESPACES)) != 0) return Error::Einval;  // threads, user namespaces, ptrace
    if ((flags & SIGHAND) != 0 && (flags & VM) == 0) return Error::Einval;
    if ((flags & SIGNAL_MASK) != 0 && !is_valid_signal(static_cast<i64>(flags & SIGNAL_MASK)))
        return Error::Einval;
    return {};
}

/// Charges the parent's user with one more process. RLIMIT_NPROC bounds it, but not for root and its like (getrlimit(2)).
/// Errors: Eagain.
Result<Ref<UserRecord>> charge_user(Task& parent) {
    const Identity& identity = *parent.identity;
    const bool is_unbounded =
        identity.uid == 0 || identity.can(Capability::SysResource) || identity.can(Capability::SysAdmin);
    const u64 limit = is_unbounded ? NO_LIMIT : parent.process->limit(Resource::Processes);
    const Ref<UserRecord>& user = parent.process->user;
    if (!user->charge_process(limit)) return Error::Eagain;
    return user;
}

Result<> share_or_copy(Task& parent, Task& child, u64 flags) {
    using namespace clone_flag;
    child.identity = parent.identity;
    child.set_identity(parent.identity);
    child.space = (flags & VM) != 0 ? parent.space : TRY(parent.space->clone());
    child.files = (flags & FILES) != 0 ? parent.files.share() : TRY(parent.files.clone());
    child.paths = (flags & FS) != 0 ? parent.paths : TRY(parent.paths->clone());
    child.executable = parent.executable;
    if (child.executable) {
        // The program is being executed once more; it is already, so this cannot fail.
        (void)child.executable->inode().deny_write();
    }
    return {};
}

Result<> copy_signal_state(Task& parent, Task& child, u64 flags) {
    auto from = parent.process->signals.lock();
    Ref<SignalActions> actions = (flags & clone_flag::SIGHAND) != 0 ? from->actions : TRY(from->actions->clone());
    auto to = child.process->signals.lock_nested();
    to->actions = std::move(actions);
    to->task = &child;
    child.blocked = parent.blocked;
    // A child on the parent's memory must not use its alternate stack (sigaltstack(2)); vfork's may.
    const bool shares_stack = (flags & clone_flag::VM) != 0 && (flags & clone_flag::VFORK) == 0;
    if (!shares_stack) child.alternate_stack = parent.alternate_stack;
    return {};
}

/// LINUX: copy_namespaces: who may not make one is told so, whether or not the kernel has that kind.
Result<> check_namespaces(const Task& parent, u64 flags) {
    if ((flags & clone_flag::NAMESPACES) == 0) return {};
    return parent.identity->can(Capability::SysAdmin) ? Error::Einval : Error::Eperm;
}

/// The thread's user side: registers as the parent's, with 0 as the call's result, and the FPU as it is now.
Result<> prepare_thread(Task& parent, Task& child, scheduler::Thread& thread, const CloneRequest& request) {
    // LINUX: do_arch_prctl_64. An address that is not canonical would fault in the kernel where it is loaded.
    if ((request.flags & clone_flag::SETTLS) != 0 && request.thread_pointer >= memory::USER_END)
        return Error::Eperm;
    Box<scheduler::UserState> user = TRY(scheduler::UserState::create());
    scheduler::UserState& parents = *scheduler::current_thread().user();
    {
        const sync::InterruptsOff no_interrupts;
        if (parents.fpu_is_live)
            arch::fpu_save(user->fpu);
        else
            std::memcpy(user->fpu, parents.fpu, arch::fpu_area_size());
        parents.fs_base = arch::user_fs_base();
        parents.gs_base = arch::user_gs_base();
        parents.selectors = arch::user_selectors();
    }
    user->fs_base = (request.flags & clone_flag::SETTLS) != 0 ? request.thread_pointer : parents.fs_base;
    user->gs_base = parents.gs_base;
    user->selectors = parents.selectors;
    if ((request.flags & clone_flag::SETTLS) != 0) user->selectors.fs = 0;
    user->page_table = &child.space->page_table();
    thread.set_user(std::move(user));
    thread.add_work(scheduler::Work::RestoreFpu);
    thread.user_registers() = parent.registers();
    thread.user_registers().rax = 0;
    thread.user_registers().original_rax = ~0ULL;
    if (request.stack != 0) thread.user_registers().rsp = request.stack;
    return {};
}

void run_child(void* argument) {
    Task& task = *static_cast<Task*>(argument);
    if (task.set_child_tid != 0)
        (void)vm::UserOut<i32>(task.set_child_tid).write(task.tid);  // a bad address is ignored
    arch::enter_user(task.registers());
}

/// LINUX: sched_fork.
void inherit_scheduling(const Process& parent, Process& child, scheduler::Thread& thread) {
    child.nice = parent.nice;
    child.scheduling = parent.scheduling;
    if (!parent.scheduling.resets_on_fork) return;
    using Policy = abi::SchedulingPolicy;
    const bool was_realtime = parent.scheduling.priority != 0;
    child.scheduling = {was_realtime ? Policy::Other : parent.scheduling.policy, 0, false};
    if (!was_realtime && child.nice >= 0) return;
    child.nice = 0;
    if (child.scheduling.policy != Policy::Idle)
        scheduler::SCHEDULER.set_priority(thread, scheduler::ThreadPriority::Normal);
}

}  // namespace

Result<Pid> clone_current_task(const CloneRequest& request) {
    TRY(check_flags(request.flags));
    Task& parent = current_task();
    // LINUX: copy_process: a signal that waits comes first.
    if (has_deliverable_signal(parent)) return Error::RestartNoInterrupt;
    Ref<UserRecord> user = TRY(charge_user(parent));
    ScopeExit give_back_charge{[&] { parent.process->user->release_process(); }};

    const Pid pid = TRY(PROCESSES.reserve_pid());
    ScopeExit give_back_pid{[&] { PROCESSES.release_pid(pid); }};
    Ref<Process> process = TRY(make_ref<Process>(pid));
    Ref<Task> task = TRY(make_ref<Task>(process, pid));
    Ref<scheduler::Thread> thread = TRY(scheduler::Thread::create(
        scheduler::current_thread().name(), &run_child, task.get(), scheduler::current_thread().priority()));
    task->thread = thread.get();
    process->real_timer.thread = thread.get();
    TRY(share_or_copy(parent, *task, request.flags));
    ScopeExit undo_sharing{[&] {
        if (task->executable) task->executable->inode().end_deny_write();
    }};
    TRY(copy_signal_state(parent, *task, request.flags));
    TRY(check_namespaces(parent, request.flags));
    TRY(prepare_thread(parent, *task, *thread, request));
    if ((request.flags & clone_flag::PARENT_SETTID) != 0)
        TRY(vm::UserOut<i32>(request.parent_tid).write(pid));
    Ref<VforkCompletion> vfork;
    if ((request.flags & clone_flag::VFORK) != 0) vfork = task->vfork = TRY(make_ref<VforkCompletion>());

    // Once more: a signal that has come since then went to the group without the child.
    auto birth = PROCESSES.begin_birth();
    if (has_deliverable_signal(parent)) return Error::RestartNoInterrupt;
    // Nothing can fail from here on.
    undo_sharing.release();
    give_back_pid.release();
    give_back_charge.release();
    process->user = std::move(user);
    if ((request.flags & clone_flag::CHILD_CLEARTID) != 0) task->clear_child_tid = request.child_tid;
    if ((request.flags & clone_flag::CHILD_SETTID) != 0) task->set_child_tid = request.child_tid;
    task->personality = parent.personality;
    task->is_dumpable = parent.is_dumpable;
    task->places = parent.places;
    inherit_scheduling(*parent.process, *process, *thread);
    process->oom_adjustment = parent.process->oom_adjustment.load(std::memory_order_relaxed);
    process->least_oom_adjustment = parent.process->least_oom_adjustment.load(std::memory_order_relaxed);
    {
        auto change = parent.process->limits_change.lock();
        process->limits.copy_from(parent.process->limits);
    }
    if (process->limit(Resource::Cpu) != NO_LIMIT) thread->watch_cpu_time();
    process->exit_signal = static_cast<Signal>(request.flags & clone_flag::SIGNAL_MASK);
    Ref<Process> adopter = parent.process;
    if ((request.flags & clone_flag::PARENT) != 0) {
        auto tree = PROCESSES.lock();
        if (parent.process->parent() != nullptr) adopter = Ref<Process>(parent.process->parent());
        process->exit_signal = parent.process->exit_signal;
    }
    PROCESSES.add(*process, adopter.get());
    birth.unlock();
    thread->set_personality(std::move(task));
    scheduler::SCHEDULER.start_thread(std::move(thread));
    if (vfork) (void)vfork->wait();  // killed while waiting: the child is told nothing and goes on
    return pid;
}

Result<Ref<Task>> create_first_task(fs::Path root, Ref<vm::AddressSpace> space,
                                    scheduler::Thread::Entry entry) {
    // LINUX: stacks may take an eighth of the memory, and one user half of that (set_max_threads, fork_init).
    PROCESSES.set_most(memory::get_stats().total_frames * PAGE_SIZE / (128 * KIB));
    const Pid pid = TRY(PROCESSES.reserve_pid());
    Ref<Process> process = TRY(make_ref<Process>(pid));
    Ref<Task> task = TRY(make_ref<Task>(process, pid));
    Ref<scheduler::Thread> thread =
        TRY(scheduler::Thread::create("init", entry, task.get(), scheduler::ThreadPriority::Normal));
    task->thread = thread.get();
    process->real_timer.thread = thread.get();
    process->user = TRY(UserRecord::of(0));
    (void)process->user->charge_process(NO_LIMIT);
    task->space = std::move(space);
    task->files = TRY(security::TableUser::create());
    task->paths = TRY(make_ref<fs::PathContext>(std::move(root)));
    Ref<Identity> identity = TRY(make_ref<Identity>());
    identity->user = process->user;
    task->set_identity(std::move(identity));
    {
        Ref<SignalActions> actions = TRY(make_ref<SignalActions>());
        auto state = process->signals.lock();
        state->actions = std::move(actions);
        state->task = task.get();
        state->is_unkillable = true;
    }
    Box<scheduler::UserState> user = TRY(scheduler::UserState::create());
    user->page_table = &task->space->page_table();
    thread->set_user(std::move(user));
    thread->add_work(scheduler::Work::RestoreFpu);
    process->limits.set_initial(PROCESSES.most() / 2);
    PROCESSES.add(*process, nullptr);
    thread->set_personality(task);
    scheduler::SCHEDULER.start_thread(std::move(thread));
    return task;
}

}  // namespace exo::posix_x
