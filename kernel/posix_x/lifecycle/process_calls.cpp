// Making processes, ending them and waiting for them; groups and sessions.
#include "posix_x/lifecycle/process_calls.hpp"

#include "abi/linux/process.hpp"
#include "abi/linux/signal_frame.hpp"
#include "posix_x/files/closing.hpp"
#include "posix_x/lifecycle/exec.hpp"
#include "posix_x/lifecycle/exit.hpp"
#include "posix_x/lifecycle/fork.hpp"
#include "posix_x/lifecycle/pidfd.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/rusage.hpp"
#include "posix_x/process/wait.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/terminal/terminal.hpp"
#include "posix_x/x86_64/signal_frame.hpp"

namespace exo::posix_x {

namespace {

using abi::WaitFlags;
using abi::WaitFor;

// ---- Making and ending

static_assert(clone_flag::VM == raw(abi::CloneFlags::Vm) &&
              clone_flag::SETTLS == raw(abi::CloneFlags::Settls) &&
              clone_flag::CHILD_SETTID == raw(abi::CloneFlags::ChildSettid));

using abi::CloneFlags;

constexpr CloneFlags NAMESPACES = CloneFlags::Newns | CloneFlags::Newcgroup | CloneFlags::Newuts |
                                  CloneFlags::Newipc | CloneFlags::Newpid | CloneFlags::Newnet;

/// This kernel cannot make namespaces: EINVAL, as in a Linux kernel without them. LINUX: a missing privilege
/// is reported first, unless the flags contradict each other (copy_process). Errors: Eperm.
Result<> check_namespaces(CloneFlags flags) {
    if (!has(flags, NAMESPACES) || current_task().identity().can(Capability::SysAdmin)) return {};
    const bool is_thread = has(flags, CloneFlags::Thread);
    const bool contradicts = (has(flags, CloneFlags::Newns) && has(flags, CloneFlags::Fs)) ||
                             (has(flags, CloneFlags::Sighand) && !has(flags, CloneFlags::Vm)) ||
                             (is_thread && !has(flags, CloneFlags::Sighand)) ||
                             (is_thread && has(flags, CloneFlags::Newpid));
    return contradicts || has(flags, CloneFlags::Newuser) ? Result<>() : Result<>(Error::Eperm);
}

}  // namespace

Answer<PidOf<PidUse::Process>> sys_fork(Context&) { return clone_current_task({}); }
Answer<PidOf<PidUse::Process>> sys_vfork(Context&) {
    constexpr u64 CHLD = 17;
    return clone_current_task({.flags = clone_flag::VFORK | clone_flag::VM | CHLD});
}
Answer<PidOf<PidUse::Process>> sys_clone(Context&, CloneWord flags, UserAddress stack, UserAddress parent_tid,
                                         UserAddress child_tid, UserAddress thread_pointer) {
    TRY(check_namespaces(static_cast<CloneFlags>(flags.value)));
    return clone_current_task({flags.value, stack.value, parent_tid.value, child_tid.value,
                               thread_pointer.value, parent_tid.value});
}

/// Copies the structure of clone3. LINUX: copy_struct_from_user. Errors: E2big (a longer structure with a
/// nonzero rest), Einval (a shorter one), Efault.
static Result<abi::clone_args> read_clone_args(u64 address, u64 size) {
    if (size > PAGE_SIZE) return Error::E2big;
    if (size < abi::CLONE_ARGS_SHORTEST) return Error::Einval;
    abi::clone_args args{};
    for (u64 at = sizeof(args); at < size; ++at)
        if (TRY(vm::UserIn<u8>(address + at).read()) != 0) return Error::E2big;
    // SAFETY: bytes of a structure of integers.
    TRY(vm::read_user(address, {reinterpret_cast<u8*>(&args), std::min<u64>(size, sizeof(args))}));
    return args;
}

/// The pid that clone3 asks for, or 0. LINUX: alloc_pid; there is one pid namespace. Errors: Einval, Efault.
static Result<Pid> wanted_tid(const abi::clone_args& args) {
    constexpr u64 MOST_NAMESPACES = 32;
    if (args.set_tid_size > MOST_NAMESPACES) return Error::Einval;
    if ((args.set_tid == 0) != (args.set_tid_size == 0)) return Error::Einval;
    return args.set_tid_size == 0 ? Result<Pid>(0) : vm::UserIn<Pid>(args.set_tid).read();
}

/// Checks the fields of clone3. LINUX: clone3_args_valid. Errors: Einval.
static Result<> check_clone3(const abi::clone_args& args) {
    using namespace clone_flag;
    constexpr u64 ALL_OF_CLONE = 0xffff'ffff;
    if ((args.flags & ~(ALL_OF_CLONE | abi::CLONE_CLEAR_SIGHAND)) != 0) return Error::Einval;
    if ((args.flags & (DETACHED | (SIGNAL_MASK & ~abi::CLONE_NEW_TIME))) != 0) return Error::Einval;
    if ((args.flags & SIGHAND) != 0 && (args.flags & abi::CLONE_CLEAR_SIGHAND) != 0) return Error::Einval;
    if ((args.flags & (THREAD | PARENT)) != 0 && args.exit_signal != 0) return Error::Einval;
    if ((args.stack == 0) != (args.stack_size == 0)) return Error::Einval;
    if (args.stack + args.stack_size < args.stack || args.stack + args.stack_size > memory::USER_END)
        return Error::Einval;
    return {};
}

Answer<PidOf<PidUse::Process>> sys_clone3(Context&, InBytes<1> arguments, Size size) {
    const abi::clone_args args = TRY(read_clone_args(arguments.address, size));
    const Pid tid = TRY(wanted_tid(args));
    const bool has_signal = args.exit_signal != 0;
    if (args.exit_signal > clone_flag::SIGNAL_MASK ||
        (has_signal && !is_valid_signal(static_cast<i64>(args.exit_signal))))
        return Error::Einval;
    TRY(check_clone3(args));
    if (args.set_tid_size > 1) return Error::Einval;
    // A time namespace's bit would be one of the signal's below.
    if ((args.flags & abi::CLONE_NEW_TIME) != 0)
        return current_task().identity().can(Capability::SysAdmin) ? Error::Einval : Error::Eperm;
    TRY(check_namespaces(static_cast<CloneFlags>(args.flags)));
    return clone_current_task({.flags = args.flags | args.exit_signal,
                               .stack = args.stack + args.stack_size,
                               .parent_tid = args.parent_tid,
                               .child_tid = args.child_tid,
                               .thread_pointer = args.tls,
                               .pidfd = args.pidfd,
                               .has_wanted_tid = args.set_tid_size != 0,
                               .wanted_tid = tid});
}

/// LINUX: ksys_unshare.
Result<> sys_unshare(Context&, CloneFlags asked) {
    constexpr CloneFlags KNOWN = NAMESPACES | CloneFlags::Newuser | CloneFlags::Thread | CloneFlags::Fs |
                                 CloneFlags::Sighand | CloneFlags::Vm | CloneFlags::Files |
                                 CloneFlags::Sysvsem | static_cast<CloneFlags>(abi::CLONE_NEW_TIME);
    constexpr CloneFlags CAN_BE_FORBIDDEN = NAMESPACES | static_cast<CloneFlags>(abi::CLONE_NEW_TIME);
    if (has(asked, ~KNOWN)) return Error::Einval;
    Task& task = current_task();
    if (has(asked, CloneFlags::Thread | CloneFlags::Sighand | CloneFlags::Vm)) {
        const auto state = task.process->signals.lock();
        // LINUX: thread_group_empty: a leader that has ended is still one of them.
        if (state->live_tasks > 1 || state->leader.get() != &task) return Error::Einval;
    }
    if (has(asked, CloneFlags::Sighand | CloneFlags::Vm) && task.process->own_actions().reference_count() > 1)
        return Error::Einval;
    if (has(asked, CloneFlags::Vm) && task.space().reference_count() > 1) return Error::Einval;
    if (has(asked, CloneFlags::Newuser)) return Error::Einval;
    if (has(asked, CAN_BE_FORBIDDEN))
        return task.identity().can(Capability::SysAdmin) ? Error::Einval : Error::Eperm;

    Ref<fs::PathContext> paths;
    if (has(asked, CloneFlags::Fs)) paths = TRY(task.paths().clone());
    security::TableUser files;
    if (has(asked, CloneFlags::Files) && !task.files().is_only_user()) files = TRY(task.files().clone());
    auto own = task.resources.lock();
    if (paths) std::swap(own->paths, paths);
    if (files) own->files = std::move(files);  // swaps: the old ones are left after the lock
    own.unlock();
    leave_files(std::move(files));
    return {};
}

Result<> sys_execve(Context&, ProgramPath path, OrNull<TextsArgument> arguments,
                    OrNull<TextsArgument> environment) {
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(path));
    return execute({.path = name.view()},
                   TRY(copy_program_arguments(arguments.address, environment.address)));
}

/// LINUX: the path is checked first, then the arguments and the environment, and then the flags and the
/// descriptor.
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

Result<> sys_exit(Context&, ExitCode code) { exit_current_task(WaitStatus::exited(code)); }
Result<> sys_exit_group(Context&, ExitCode code) {
    const WaitStatus status = WaitStatus::exited(code);
    {
        auto state = current_process().signals.lock();
        // LINUX: do_group_exit. Where another task executes a program already, only the caller ends.
        if (!state->must_end(current_task())) state->begin_exit(status, &current_task());
    }
    tell_tasks(current_process());
    exit_current_task(status);
}

// ---- Waiting

/// Converts the flags that wait4 and waitid share.
static WaitRequest request_of(WaitFlags options) {
    WaitRequest request;
    request.wants_stopped = has(options, WaitFlags::Untraced);
    request.wants_continued = has(options, WaitFlags::Continued);
    request.is_nonblocking = has(options, WaitFlags::Nohang);
    request.clones_only = has(options, WaitFlags::Clone);
    request.all_kinds = has(options, WaitFlags::All);
    request.own_only = has(options, WaitFlags::Nothread);
    return request;
}

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
        request.id = pid.value == 0 ? PROCESSES.group_of(current_process()) : -pid.value;
    }
    const WaitResult result = TRY(wait_for_child(request));
    if (result.pid == 0) return 0;
    if (!status.is_null()) TRY(status.write(result.status.word));
    if (!usage.is_null()) TRY(usage.write(to_abi(result.usage)));
    return result.pid;
}

/// The siginfo that waitid returns.
static SignalInfo info_of(const WaitResult& result) {
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

namespace {

/// The fields of siginfo_t that waitid writes. It does not change the others.
struct WaitidInfo {
    i32 signal;
    i32 error;
    i32 code;
};
}  // namespace
namespace {
struct WaitidChild {
    i32 pid;
    u32 uid;
    i32 status;
};
}  // namespace

static Result<> write_waitid_info(u64 address, const WaitResult& result) {
    constexpr u64 CHILD_OFFSET = __builtin_offsetof(abi::siginfo, words);
    const SignalInfo info = result.pid != 0 ? info_of(result) : SignalInfo{.code = 0};
    TRY(vm::UserOut<WaitidInfo>(address).write({static_cast<i32>(info.signal), 0, info.code}));
    return vm::UserOut<WaitidChild>(address + CHILD_OFFSET)
        .write({info.sender, info.sender_uid, info.status});
}

static Result<WaitResult> wait_by_id(WaitFor which, i32 id, WaitidFlags given) {
    const WaitFlags options = TRY(given.checked());
    if (!has(options, WaitFlags::Untraced | WaitFlags::Exited | WaitFlags::Continued)) return Error::Einval;
    WaitRequest request = request_of(options);
    request.wants_exited = has(options, WaitFlags::Exited);
    request.leaves_it = has(options, WaitFlags::Nowait);
    std::optional<FileUse> pidfd;
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
            request.id = id == 0 ? PROCESSES.group_of(current_process()) : id;
            break;
        case WaitFor::Pidfd: {
            if (id < 0) return Error::Einval;
            pidfd.emplace(TRY(use_file(Descriptor(static_cast<u64>(id)), Rights::Poll)));
            const ProcessFile* file = ProcessFile::of(**pidfd);
            if (file == nullptr) return Error::Ebadf;
            request.selection = ChildSelection::Pid;
            request.process = &file->process();
            request.id = request.process->pid();
            break;
        }
        default: return Error::Einval;
    }
    if (!pidfd || !(*pidfd)->is_nonblocking() || request.is_nonblocking) return wait_for_child(request);
    request.is_nonblocking = true;
    const WaitResult result = TRY(wait_for_child(request));
    if (result.pid == 0) return Error::Eagain;
    return result;
}

/// LINUX: after an error the structure is filled with zeros.
Result<> sys_waitid(Context&, WaitFor which, SelectedId<0> id, OrNull<vm::UserOut<abi::siginfo>> out,
                    WaitidFlags given, OrNull<vm::UserOut<abi::rusage>> usage) {
    const Result<WaitResult> result = wait_by_id(which, id.value, given);
    if (result && result->pid != 0 && !usage.is_null()) TRY(usage.write(to_abi(result->usage)));
    if (!out.is_null()) TRY(write_waitid_info(out.address(), result ? *result : WaitResult{}));
    return result ? Result<>{} : Result<>(result.error());
}

// ---- Numbers

Answer<PidOf<PidUse::Process>> sys_getpid(Context&) { return current_process().pid(); }
Answer<PidOf<PidUse::Thread>> sys_gettid(Context&) { return current_task().tid(); }
Answer<PidOf<PidUse::Process>> sys_getppid(Context&) { return current_process().parent_pid(); }
Answer<PidOf<PidUse::Thread>> sys_set_tid_address(Context&, UserAddress address) {
    current_task().clear_child_tid = address.value;
    return current_task().tid();
}

/// A field of the process that has a task with the number `pid` (0: the caller). Errors: Esrch.
static Result<Pid> look_up(Pid pid, Pid Process::Links::* field) {
    auto tree = PROCESSES.lock();
    const Process* process = pid == 0 ? &current_process() : tree->find_by_task(pid);
    if (process == nullptr) return Error::Esrch;
    return process->links(*tree).*field;
}
Answer<PidOf<PidUse::Group>> sys_getpgid(Context&, PidOf<PidUse::ProcessOrSelf> pid) {
    return look_up(pid.value, &Process::Links::group);
}
Answer<PidOf<PidUse::Group>> sys_getpgrp(Context&) { return look_up(0, &Process::Links::group); }
Answer<PidOf<PidUse::Session>> sys_getsid(Context&, PidOf<PidUse::ProcessOrSelf> pid) {
    return look_up(pid.value, &Process::Links::session);
}

Result<> sys_setpgid(Context&, PidOf<PidUse::ProcessOrSelf> pid, PidOf<PidUse::GroupOrOwn> group) {
    // LINUX: 0 stands for the process's own number, and a negative one for no group.
    if (group.value < 0 || (group.value == 0 && pid.value < 0)) return Error::Einval;
    Process& self = current_process();
    auto tree = PROCESSES.lock();
    Process* process = pid.value == 0 ? &self : tree->find_by_task(pid.value);
    if (process == nullptr) return Error::Esrch;
    if (pid.value != 0 && process->pid() != pid.value) return Error::Einval;  // LINUX: a thread's number
    const Pid wanted = group.value == 0 ? process->pid() : group.value;
    if (process != &self) {
        if (process->links(*tree).parent != &self) return Error::Esrch;
        if (process->links(*tree).session != self.links(*tree).session) return Error::Eperm;
        if (process->links(*tree).has_executed) return Error::Eacces;
    }
    if (process->links(*tree).session == process->pid()) return Error::Eperm;
    if (wanted != process->pid() && !tree->group_is_in_session(wanted, self.links(*tree).session))
        return Error::Eperm;
    return tree->move_to(*process, wanted, process->links(*tree).session);
}

Answer<PidOf<PidUse::Session>> sys_setsid(Context&) {
    Process& self = current_process();
    Ref<Object> left;  // dropped after the lock
    auto tree = PROCESSES.lock();
    if (self.links(*tree).group == self.pid() || tree->has_group(self.pid())) return Error::Eperm;
    TRY(tree->move_to(self, self.pid(), self.pid()));
    left = std::move(self.links(*tree).terminal);
    tree.unlock();
    return self.pid();
}

}  // namespace exo::posix_x
