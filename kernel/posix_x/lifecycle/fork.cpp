#include "posix_x/lifecycle/fork.hpp"

#include <optional>

#include "posix_x/lifecycle/pidfd.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/scheduling/rseq.hpp"
#include "posix_x/scheduling/scheduling.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/trace/trace.hpp"
#include "posix_x/x86_64/start_registers.hpp"
#include "utils/scope.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

namespace {

Result<> check_flags(u64 flags) {
    using namespace clone_flag;
    if ((flags & FS) != 0 && (flags & (NEWNS | NEWUSER)) != 0) return Error::Einval;
    if ((flags & ~(SUPPORTED | NAMESPACES)) != 0) return Error::Einval;  // user namespaces, ptrace
    if ((flags & THREAD) != 0 && (flags & SIGHAND) == 0) return Error::Einval;
    if ((flags & SIGHAND) != 0 && (flags & VM) == 0) return Error::Einval;
    if ((flags & PIDFD) != 0 && (flags & (DETACHED | THREAD)) != 0) return Error::Einval;
    // LINUX: siblings of init would remain zombies.
    if ((flags & PARENT) != 0 && current_process().pid() == FIRST_PID) return Error::Einval;
    if ((flags & THREAD) != 0 && (flags & NEWPID) != 0) return Error::Einval;
    if ((flags & SIGNAL_MASK) != 0 && !is_valid_signal(static_cast<i64>(flags & SIGNAL_MASK)))
        return Error::Einval;
    return {};
}

/// Charges the parent's user for one more task. RLIMIT_NPROC limits this, except for privileged users
/// (getrlimit(2)).
/// Errors: Eagain.
Result<Ref<UserRecord>> charge_user(Task& parent) {
    const Identity& identity = parent.identity();
    const bool is_unbounded =
        identity.uid == 0 || identity.can(Capability::SysResource) || identity.can(Capability::SysAdmin);
    const u64 limit = is_unbounded ? NO_LIMIT : parent.process->limit(Resource::Processes);
    Ref<UserRecord> user = PROCESSES.charged_user(parent);
    if (!user->charge_process(limit)) return Error::Eagain;
    return user;
}

Result<> share_or_copy(Task& parent, Task& child, u64 flags) {
    using namespace clone_flag;
    const Task::Resources& from = parent.resources.unsafe_value();  // the caller's own
    child.set_identity(from.identity);
    Task::Resources& to = child.resources.unsafe_value();  // no other thread has the child yet
    to.space = (flags & VM) != 0 ? from.space : TRY(from.space->clone());
    to.files = (flags & FILES) != 0 ? parent.files().share() : TRY(parent.files().clone());
    to.paths = (flags & FS) != 0 ? from.paths : TRY(from.paths->clone());
    to.image = (flags & VM) != 0 ? from.image : TRY(from.image->clone());
    return {};
}

Result<> copy_signal_state(Task& parent, Task& child, u64 flags) {
    using namespace clone_flag;
    if ((flags & THREAD) == 0) {
        SignalActions& own = parent.process->own_actions();
        Ref<SignalActions> actions = (flags & SIGHAND) != 0 ? Ref<SignalActions>(&own) : TRY(own.clone());
        if ((flags & CLEAR_SIGHAND) != 0) actions->reset_handlers();
        child.process->signals.lock()->actions = std::move(actions);
    }
    child.signals(child.process->signals.unsafe_value()).blocked =
        parent.blocked();  // no other thread has the child yet
    // A child on the parent's memory must not use its alternate stack (sigaltstack(2)); vfork's may.
    const bool shares_stack = (flags & VM) != 0 && (flags & VFORK) == 0;
    if (!shares_stack) child.alternate_stack = parent.alternate_stack;
    return {};
}

/// LINUX: copy_namespaces: a missing privilege is reported first, whether or not the kernel has that kind of
/// namespace.
Result<> check_namespaces(const Task& parent, u64 flags) {
    if ((flags & clone_flag::NAMESPACES) == 0) return {};
    return parent.identity().can(Capability::SysAdmin) ? Error::Einval : Error::Eperm;
}

std::optional<u64> thread_pointer_of(const CloneRequest& request) {
    return (request.flags & clone_flag::SETTLS) != 0 ? std::optional(request.thread_pointer) : std::nullopt;
}

void run_child(void* argument) {
    Task& task = *static_cast<Task*>(argument);
    if (task.set_child_tid != 0)
        (void)vm::UserOut<i32>(task.set_child_tid).write(task.tid());  // a bad address is ignored
    arch::enter_user(task.registers());
}

/// LINUX: sched_fork.
void inherit_scheduling(Task& parent, Task& child) {
    using Policy = abi::SchedulingPolicy;
    const Scheduling from = *parent.scheduling.lock();
    Scheduling to = from;
    if (from.resets_on_fork) {
        const bool was_realtime = from.priority != 0;
        const bool is_normal = was_realtime || from.nice < 0;
        to = {was_realtime ? Policy::Other : from.policy, 0, false, is_normal ? 0 : from.nice};
    }
    to.realtime_since = 0;
    *child.scheduling.lock() = to;
    child.thread->begin_scheduling(urgency_of(to), realtime_policy_of(to));
    child.thread->inherit_cpus(*parent.thread);
}

}  // namespace

/// Reserves the pid that the caller wants. LINUX: alloc_pid. Errors: Einval, Eperm, Eexist, Eagain.
static Result<Pid> reserve_wanted(Pid pid) {
    if (pid < 1 || pid >= static_cast<Pid>(pid_max.load(std::memory_order_relaxed))) return Error::Einval;
    const Identity& identity = current_task().identity();
    if (!identity.can(Capability::SysAdmin) && !identity.can(Capability::CheckpointRestore))
        return Error::Eperm;
    return PROCESSES.reserve_pid(pid);
}

/// Adds a new process with its first task. It fails only if a signal came meanwhile. Errors:
/// RestartNoInterrupt.
static Result<> add_process(Task& parent, Task& child, const CloneRequest& request) {
    Process& process = *child.process;
    // Once more: a signal that has come since the first look went to the group without the child.
    auto birth = PROCESSES.begin_birth();
    if (has_deliverable_signal(parent)) return Error::RestartNoInterrupt;
    process.signals.lock()->add_task(child);
    process.oom_adjustment = parent.process->oom_adjustment.load(std::memory_order_relaxed);
    process.least_oom_adjustment = parent.process->least_oom_adjustment.load(std::memory_order_relaxed);
    process.limits.copy_from(parent.process->limits);
    const bool has_limit =
        process.limit(Resource::Cpu) != NO_LIMIT || process.limit(Resource::RealtimeTime) != NO_LIMIT;
    if (has_limit) child.thread->watch_cpu_time();
    const bool has_my_parent = (request.flags & clone_flag::PARENT) != 0;
    PROCESSES.add(process, parent, has_my_parent ? Relation::Sibling : Relation::Child,
                  static_cast<Signal>(request.flags & clone_flag::SIGNAL_MASK));
    return {};
}

/// Adds a task to the caller's process. It fails only if a signal came meanwhile. Errors: RestartNoInterrupt.
static Result<> add_thread(Task& parent, Task& child) {
    // The caller looks for signals and adds the task in one section: what is told to all tasks after it reaches the new one too.
    auto state = parent.process->signals.lock();
    if (has_deliverable_signal(*state, parent)) return Error::RestartNoInterrupt;
    state->add_task(child);
    state.unlock();
    PROCESSES.add_thread(child);
    if (parent.thread->watches_cpu_time()) child.thread->watch_cpu_time();
    return {};
}

Result<Pid> clone_current_task(const CloneRequest& request) {
    // LINUX: kernel_clone: clone(2) has one pointer for both.
    constexpr u64 BOTH = clone_flag::PIDFD | clone_flag::PARENT_SETTID;
    if ((request.flags & BOTH) == BOTH && request.pidfd == request.parent_tid) return Error::Einval;
    TRY(check_flags(request.flags));
    Task& parent = current_task();
    // LINUX: copy_process: a signal that waits comes first.
    if (has_deliverable_signal(parent)) return Error::RestartNoInterrupt;
    Ref<UserRecord> user = TRY(charge_user(parent));
    ScopeExit give_back_charge{[&] { user->release_process(); }};

    const bool is_thread = (request.flags & clone_flag::THREAD) != 0;
    const Pid pid =
        TRY(request.has_wanted_tid ? reserve_wanted(request.wanted_tid) : PROCESSES.reserve_pid());
    ScopeExit give_back_pid{[&] { PROCESSES.release_pid(pid); }};
    Ref<Process> process = is_thread ? parent.process : TRY(make_ref<Process>(pid));
    Ref<Task> task = TRY(make_ref<Task>(process, pid));
    Ref<scheduler::Thread> thread = TRY(scheduler::Thread::create(
        scheduler::current_thread().name(), &run_child, task.get(), scheduler::ThreadPriority::Normal));
    task->thread = thread.get();
    task->charged_user = user;
    TRY(share_or_copy(parent, *task, request.flags));
    TRY(copy_signal_state(parent, *task, request.flags));
    TRY(check_namespaces(parent, request.flags));
    TRY(copy_user_state(parent, *task, thread_pointer_of(request), request.stack));
    if ((request.flags & clone_flag::VM) == 0) copy_rseq(parent, *task);
    if ((request.flags & clone_flag::CHILD_CLEARTID) != 0) task->clear_child_tid = request.child_tid;
    if ((request.flags & clone_flag::CHILD_SETTID) != 0) task->set_child_tid = request.child_tid;
    task->personality = parent.personality;
    inherit_scheduling(parent, *task);
    TRY(trace::prepare_child(parent, *task));
    security::Reservation pidfd_slot;
    Ref<fs::File> pidfd;
    if ((request.flags & clone_flag::PIDFD) != 0) {
        pidfd_slot = TRY(parent.files()->reserve(descriptor_limit()));
        pidfd = TRY(ProcessFile::create(process, {}));
        TRY(vm::UserOut<i32>(request.pidfd).write(static_cast<i32>(pidfd_slot.number())));
    }
    if ((request.flags & clone_flag::PARENT_SETTID) != 0)
        (void)vm::UserOut<i32>(request.parent_tid)
            .write(pid);  // LINUX: kernel_clone: a bad address is the program's loss
    Ref<VforkCompletion> vfork;
    if ((request.flags & clone_flag::VFORK) != 0) vfork = task->vfork = TRY(make_ref<VforkCompletion>());
    TRY(is_thread ? add_thread(parent, *task) : add_process(parent, *task, request));
    give_back_pid.release();
    give_back_charge.release();
    if (pidfd) (void)pidfd_slot.commit({std::move(pidfd), security::ALL_RIGHTS}, security::OnExec::Close);
    trace::announce_child(parent, *task);
    thread->set_number(task->tid());
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
    Ref<UserRecord> root_user = TRY(UserRecord::of(0));
    (void)root_user->charge_process(NO_LIMIT);
    Task::Resources& resources = task->resources.unsafe_value();  // no other thread has the task yet
    resources.space = std::move(space);
    resources.image = TRY(make_ref<ProgramImage>());
    resources.files = TRY(security::TableUser::create());
    resources.paths = TRY(make_ref<fs::PathContext>(std::move(root)));
    Ref<Identity> identity = TRY(make_ref<Identity>());
    identity->user = root_user;
    task->set_identity(std::move(identity));
    {
        Ref<SignalActions> actions = TRY(make_ref<SignalActions>());
        auto state = process->signals.lock();
        state->actions = std::move(actions);
        state->add_task(*task);
        state->is_unkillable = true;
    }
    Box<scheduler::UserState> user = TRY(scheduler::UserState::create());
    user->page_table = &task->space().page_table();
    thread->set_user(std::move(user));
    thread->add_work(scheduler::Work::RestoreFpu);
    process->limits.set_initial(PROCESSES.most() / 2);
    task->charged_user = std::move(root_user);
    PROCESSES.add_first(*process);
    thread->set_number(task->tid());
    thread->set_personality(task);
    scheduler::SCHEDULER.start_thread(std::move(thread));
    return task;
}

}  // namespace exo::posix_x
