// Processes: making, ending, waiting for them; groups and sessions.
#include "abi/linux/process.hpp"
#include "abi/linux/signal_frame.hpp"
#include "posix_x/lifecycle/exec.hpp"
#include "posix_x/lifecycle/exit.hpp"
#include "posix_x/lifecycle/fork.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/rusage.hpp"
#include "posix_x/process/wait.hpp"
#include "posix_x/syscalls/families.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/terminal/terminal.hpp"
#include "posix_x/x86_64/signal_frame.hpp"

namespace exo::posix_x {

namespace {

using abi::WaitFlags;
using abi::WaitFor;

// ---- Making and ending

/// The low byte is the signal that the parent gets.
struct CloneWord {
    static constexpr Description DESCRIPTION{.kind = Kind::Flags,
                                             .size = sizeof(u64),
                                             .of = "SignalInLowByte",
                                             .type = name_of_type<abi::CloneFlags>(),
                                             .values = enumerators<abi::CloneFlags>()};
    static constexpr CloneWord from_word(u64 word) { return {word}; }
    u64 value;
};
static_assert(clone_flag::VM == raw(abi::CloneFlags::Vm) &&
              clone_flag::SETTLS == raw(abi::CloneFlags::Settls) &&
              clone_flag::CHILD_SETTID == raw(abi::CloneFlags::ChildSettid));

using abi::CloneFlags;

constexpr CloneFlags NAMESPACES = CloneFlags::Newns | CloneFlags::Newcgroup | CloneFlags::Newuts |
                                  CloneFlags::Newipc | CloneFlags::Newpid | CloneFlags::Newnet;

/// There are no namespaces to be made: EINVAL, as on a kernel without them. LINUX: who may not make any is told so first,
/// but only if the flags do not contradict each other (copy_process). Errors: Eperm.
Result<> check_namespaces(CloneFlags flags) {
    if (!has(flags, NAMESPACES) || current_task().identity->can(Capability::SysAdmin)) return {};
    const bool is_thread = has(flags, CloneFlags::Thread);
    const bool contradicts = (has(flags, CloneFlags::Newns) && has(flags, CloneFlags::Fs)) ||
                             (has(flags, CloneFlags::Sighand) && !has(flags, CloneFlags::Vm)) ||
                             (is_thread && !has(flags, CloneFlags::Sighand)) ||
                             (is_thread && has(flags, CloneFlags::Newpid));
    return contradicts || has(flags, CloneFlags::Newuser) ? Result<>() : Result<>(Error::Eperm);
}

using ProgramPath = PathOf<PathUse::Program>;

Answer<PidOf<PidUse::Process>> sys_fork(Context&) { return clone_current_task({}); }
Answer<PidOf<PidUse::Process>> sys_vfork(Context&) {
    constexpr u64 CHLD = 17;
    return clone_current_task({.flags = clone_flag::VFORK | clone_flag::VM | CHLD});
}
Answer<PidOf<PidUse::Process>> sys_clone(Context&, CloneWord flags, UserAddress stack, UserAddress parent_tid,
                                         UserAddress child_tid, UserAddress thread_pointer) {
    TRY(check_namespaces(static_cast<CloneFlags>(flags.value)));
    return clone_current_task(
        {flags.value, stack.value, parent_tid.value, child_tid.value, thread_pointer.value});
}

/// LINUX: ksys_unshare. A process has one task, so what concerns threads is nothing to do.
Result<> sys_unshare(Context&, CloneFlags asked) {
    constexpr CloneFlags KNOWN = NAMESPACES | CloneFlags::Newuser | CloneFlags::Thread | CloneFlags::Fs |
                                 CloneFlags::Sighand | CloneFlags::Vm | CloneFlags::Files |
                                 CloneFlags::Sysvsem | static_cast<CloneFlags>(abi::CLONE_NEW_TIME);
    constexpr CloneFlags CAN_BE_FORBIDDEN = NAMESPACES | static_cast<CloneFlags>(abi::CLONE_NEW_TIME);
    if (has(asked, ~KNOWN)) return Error::Einval;
    Task& task = current_task();
    if (has(asked, CloneFlags::Sighand | CloneFlags::Vm)) {
        auto state = task.process->signals.lock();
        if (state->actions->reference_count() > 1) return Error::Einval;
    }
    if (has(asked, CloneFlags::Vm) && task.space->reference_count() > 1) return Error::Einval;
    if (has(asked, CloneFlags::Newuser)) return Error::Einval;
    if (has(asked, CAN_BE_FORBIDDEN))
        return task.identity->can(Capability::SysAdmin) ? Error::Einval : Error::Eperm;

    Ref<fs::PathContext> paths = has(asked, CloneFlags::Fs) ? TRY(task.paths->clone()) : task.paths;
    security::TableUser files;
    if (has(asked, CloneFlags::Files) && !task.files.is_only_user()) files = TRY(task.files.clone());
    auto guard = task.task_lock.lock();  // /proc of other processes looks at both under it
    std::swap(task.paths, paths);
    if (files) task.files = std::move(files);  // swaps: the old ones are left after the lock
    guard.unlock();
    return {};
}

Result<> sys_execve(Context&, ProgramPath path, OrNull<TextsArgument> arguments,
                    OrNull<TextsArgument> environment) {
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(path));
    return execute({.path = name.view()},
                   TRY(copy_program_arguments(arguments.address, environment.address)));
}

/// LINUX: the name comes first, then what the program is given, and only then the flags and the descriptor.
Result<> sys_execveat(Context&, Start directory, ProgramPath path, OrNull<TextsArgument> arguments,
                      OrNull<TextsArgument> environment,
                      Known<abi::AtFlags::EmptyPath | abi::AtFlags::SymlinkNofollow> given) {
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(path));
    const EmptyPath empty = empty_path(has(given.unchecked(), abi::AtFlags::EmptyPath));
    if (name.view().empty() && empty == EmptyPath::Refused) return Error::Enoent;
    ProgramArguments texts = TRY(copy_program_arguments(arguments.address, environment.address));
    const abi::AtFlags flags = TRY(given.checked());
    const StartDirectory start = TRY(StartDirectory::of(directory, name.view(), empty));
    return execute(
        {.path = name.view(), .start = start.start(), .descriptor = directory.value, .flags = flags},
        std::move(texts));
}

Result<> sys_exit_group(Context&, ExitCode code) { exit_current_task(WaitStatus::exited(code)); }

// ---- Waiting

/// What both calls say by flags.
WaitRequest request_of(WaitFlags options) {
    WaitRequest request;
    request.wants_stopped = has(options, WaitFlags::Untraced);
    request.wants_continued = has(options, WaitFlags::Continued);
    request.is_nonblocking = has(options, WaitFlags::Nohang);
    request.clones_only = has(options, WaitFlags::Clone);
    request.all_kinds = has(options, WaitFlags::All);
    return request;
}

using Wait4Flags = Known<WaitFlags::Nohang | WaitFlags::Untraced | WaitFlags::Continued |
                         WaitFlags::Nothread | WaitFlags::All | WaitFlags::Clone>;

Answer<PidOf<PidUse::Process>> sys_wait4(Context&, PidOf<PidUse::ProcessOrGroup> pid,
                                         OrNull<vm::UserOut<StatusWord>> status, Wait4Flags given,
                                         OrNull<vm::UserOut<abi::rusage>> usage) {
    const WaitFlags options = TRY(given.checked());
    if (pid.value == INT32_MIN) return Error::Esrch;
    WaitRequest request = request_of(options);
    if (pid.value > 0) {
        request.selection = ChildSelection::Pid;
        request.id = pid.value;
    } else if (pid.value != -1) {
        request.selection = ChildSelection::Group;
        request.id = pid.value == 0 ? current_process().group : -pid.value;
    }
    const WaitResult result = TRY(wait_for_child(request));
    if (result.pid == 0) return 0;
    if (!status.is_null()) TRY(status.write(result.status.word));
    if (!usage.is_null()) TRY(usage.write(to_abi(result.usage)));
    return result.pid;
}

/// What waitid tells in siginfo_t.
SignalInfo info_of(const WaitResult& result) {
    SignalInfo info{.signal = Signal::Chld, .sender = result.pid, .sender_uid = result.uid};
    const i32 word = result.status.word;
    if (word == WaitStatus::continued().word) {
        info.code = signal_code::CHILD_CONTINUED;
        info.status = static_cast<i32>(Signal::Cont);
    } else if ((word & 0xff) == 0x7f) {
        info.code = signal_code::CHILD_STOPPED;
        info.status = word >> 8;
    } else if (result.status.was_killed()) {
        info.code = (word & 0x80) != 0 ? signal_code::CHILD_DUMPED : signal_code::CHILD_KILLED;
        info.status = word & 0x7f;
    } else {
        info.code = signal_code::CHILD_EXITED;
        info.status = result.status.exit_code();
    }
    return info;
}

using WaitidFlags = Known<WaitFlags::Nohang | WaitFlags::Untraced | WaitFlags::Exited | WaitFlags::Continued |
                          WaitFlags::Nowait | WaitFlags::Nothread | WaitFlags::All | WaitFlags::Clone>;

/// The part of siginfo_t that waitid writes. The rest stays as the program left it.
struct WaitidInfo {
    i32 signal;
    i32 error;
    i32 code;
};
struct WaitidChild {
    i32 pid;
    u32 uid;
    i32 status;
};

Result<> write_waitid_info(u64 address, const WaitResult& result) {
    constexpr u64 CHILD_OFFSET = __builtin_offsetof(abi::siginfo, words);
    const SignalInfo info = result.pid != 0 ? info_of(result) : SignalInfo{.code = 0};
    TRY(vm::UserOut<WaitidInfo>(address).write({static_cast<i32>(info.signal), 0, info.code}));
    return vm::UserOut<WaitidChild>(address + CHILD_OFFSET)
        .write({info.sender, info.sender_uid, info.status});
}

Result<WaitResult> wait_by_id(WaitFor which, i32 id, WaitidFlags given) {
    const WaitFlags options = TRY(given.checked());
    if (!has(options, WaitFlags::Untraced | WaitFlags::Exited | WaitFlags::Continued)) return Error::Einval;
    WaitRequest request = request_of(options);
    request.wants_exited = has(options, WaitFlags::Exited);
    request.leaves_it = has(options, WaitFlags::Nowait);
    switch (which) {
        case WaitFor::All: break;
        case WaitFor::Pid:
            if (id <= 0) return Error::Einval;
            request.selection = ChildSelection::Pid;
            request.id = id;
            break;
        case WaitFor::Group:
            if (id < 0) return Error::Einval;
            request.selection = ChildSelection::Group;
            request.id = id == 0 ? current_process().group : id;
            break;
        case WaitFor::Pidfd: return id < 0 ? Error::Einval : Error::Ebadf;  // there are no pidfds
        default: return Error::Einval;
    }
    return wait_for_child(request);
}

/// LINUX: the structure is written, with zeros, after an error too.
Result<> sys_waitid(Context&, WaitFor which, SelectedId<0> id, OrNull<vm::UserOut<abi::siginfo>> out,
                    WaitidFlags given, OrNull<vm::UserOut<abi::rusage>> usage) {
    const Result<WaitResult> result = wait_by_id(which, id.value, given);
    if (result && result->pid != 0 && !usage.is_null()) TRY(usage.write(to_abi(result->usage)));
    if (!out.is_null()) TRY(write_waitid_info(out.address(), result ? *result : WaitResult{}));
    return result ? Result<>{} : Result<>(result.error());
}

// ---- Numbers

Answer<PidOf<PidUse::Process>> sys_getpid(Context&) { return current_process().pid(); }
Answer<PidOf<PidUse::Thread>> sys_gettid(Context&) { return current_task().tid; }
Answer<PidOf<PidUse::Process>> sys_getppid(Context&) { return current_process().parent_pid(); }
Answer<PidOf<PidUse::Thread>> sys_set_tid_address(Context&, UserAddress address) {
    current_task().clear_child_tid = address.value;
    return current_task().tid;
}

/// A field of the process `pid` (0: the caller). Errors: Esrch.
Result<Pid> look_up(Pid pid, Pid Process::* field) {
    auto tree = PROCESSES.lock();
    const Process* process = pid == 0 ? &current_process() : tree->find(pid);
    if (process == nullptr) return Error::Esrch;
    return process->*field;
}
Answer<PidOf<PidUse::Group>> sys_getpgid(Context&, PidOf<PidUse::ProcessOrSelf> pid) {
    return look_up(pid.value, &Process::group);
}
Answer<PidOf<PidUse::Group>> sys_getpgrp(Context&) { return look_up(0, &Process::group); }
Answer<PidOf<PidUse::Session>> sys_getsid(Context&, PidOf<PidUse::ProcessOrSelf> pid) {
    return look_up(pid.value, &Process::session);
}

Result<> sys_setpgid(Context&, PidOf<PidUse::ProcessOrSelf> pid, PidOf<PidUse::GroupOrOwn> group) {
    // LINUX: 0 stands for the process's own number, and a negative one for no group.
    if (group.value < 0 || (group.value == 0 && pid.value < 0)) return Error::Einval;
    Process& self = current_process();
    auto tree = PROCESSES.lock();
    Process* process = pid.value == 0 ? &self : tree->find(pid.value);
    if (process == nullptr) return Error::Esrch;
    const Pid wanted = group.value == 0 ? process->pid() : group.value;
    if (process != &self) {
        if (process->parent() != &self) return Error::Esrch;
        if (process->session != self.session) return Error::Eperm;
        if (process->has_executed) return Error::Eacces;
    }
    if (process->session == process->pid()) return Error::Eperm;
    if (wanted != process->pid() && !tree->group_is_in_session(wanted, self.session)) return Error::Eperm;
    return tree->move_to(*process, wanted, process->session);
}

Answer<PidOf<PidUse::Session>> sys_setsid(Context&) {
    Process& self = current_process();
    Ref<Object> left;  // dropped after the lock
    auto tree = PROCESSES.lock();
    if (self.group == self.pid() || tree->has_group(self.pid())) return Error::Eperm;
    TRY(tree->move_to(self, self.pid(), self.pid()));
    left = std::move(self.terminal);
    tree.unlock();
    return self.pid();
}

}  // namespace

Result<> register_process_calls() {
    using syscall::register_call;
    TRY(register_call<sys_getpid>(39, "getpid"));
    TRY(register_call<sys_clone>(56, "clone"));
    TRY(register_call<sys_fork>(57, "fork"));
    TRY(register_call<sys_vfork>(58, "vfork"));
    TRY(register_call<sys_execve>(59, "execve"));
    TRY(register_call<sys_exit_group>(60, "exit"));
    TRY(register_call<sys_wait4>(61, "wait4"));
    TRY(register_call<sys_setpgid>(109, "setpgid"));
    TRY(register_call<sys_getppid>(110, "getppid"));
    TRY(register_call<sys_getpgrp>(111, "getpgrp"));
    TRY(register_call<sys_setsid>(112, "setsid"));
    TRY(register_call<sys_getpgid>(121, "getpgid"));
    TRY(register_call<sys_getsid>(124, "getsid"));
    TRY(register_call<sys_gettid>(186, "gettid"));
    TRY(register_call<sys_set_tid_address>(218, "set_tid_address"));
    TRY(register_call<sys_exit_group>(231, "exit_group"));
    TRY(register_call<sys_waitid>(247, "waitid"));
    TRY(register_call<sys_unshare>(272, "unshare"));
    TRY(register_call<sys_execveat>(322, "execveat"));
    return {};
}

}  // namespace exo::posix_x
