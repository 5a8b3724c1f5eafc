// Processes: making, ending, waiting for them; groups and sessions; limits; what prctl and arch_prctl set.
#include <algorithm>

#include "abi/linux/signal_frame.hpp"
#include "drivers/platform.hpp"
#include "posix_x/exec/exec.hpp"
#include "posix_x/process/exit.hpp"
#include "posix_x/process/fork.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/rusage.hpp"
#include "posix_x/process/wait.hpp"
#include "posix_x/signal/frame.hpp"
#include "posix_x/syscalls/families.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x {

namespace {

// ---- Making and ending

Result<Pid> sys_fork(Context&) { return clone_current_task({}); }
Result<Pid> sys_vfork(Context&) {
    constexpr u64 CHLD = 17;
    return clone_current_task({.flags = clone_flag::VFORK | clone_flag::VM | CHLD});
}
Result<Pid> sys_clone(Context&, u64 flags, UserAddress stack, UserAddress parent_tid, UserAddress child_tid,
                      UserAddress thread_pointer) {
    return clone_current_task({flags, stack.value, parent_tid.value, child_tid.value, thread_pointer.value});
}

Result<> sys_execve(Context&, PathArgument path, UserAddress arguments, UserAddress environment) {
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(path));
    return execute({.path = name.view(), .arguments = arguments.value, .environment = environment.value});
}

Result<> sys_execveat(Context&, Descriptor directory, PathArgument path, UserAddress arguments,
                      UserAddress environment, abi::AtFlags flags) {
    using abi::AtFlags;
    if ((flags & ~(AtFlags::EmptyPath | AtFlags::SymlinkNofollow)) != AtFlags::None) return Error::Einval;
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(path));
    const StartDirectory start = TRY(StartDirectory::of(directory, name.view()));
    return execute({.path = name.view(),
                    .arguments = arguments.value,
                    .environment = environment.value,
                    .start = start.start(),
                    .descriptor = directory.value,
                    .flags = flags});
}

Result<> sys_exit_group(Context&, i32 code) { exit_current_task(WaitStatus::exited(code)); }

// ---- Waiting

constexpr u32 WAIT_NO_HANG = 1;
constexpr u32 WAIT_UNTRACED = 2;
constexpr u32 WAIT_EXITED = 4;
constexpr u32 WAIT_CONTINUED = 8;
constexpr u32 WAIT_LEAVE = 0x01000000;
constexpr u32 WAIT_NO_THREAD = 0x20000000;
constexpr u32 WAIT_ALL = 0x40000000;
constexpr u32 WAIT_CLONE = 0x80000000;

Result<Pid> sys_wait4(Context&, PidArgument pid, vm::UserOut<i32> status, u32 options,
                      vm::UserOut<abi::rusage> usage) {
    constexpr u32 KNOWN =
        WAIT_NO_HANG | WAIT_UNTRACED | WAIT_CONTINUED | WAIT_NO_THREAD | WAIT_ALL | WAIT_CLONE;
    if ((options & ~KNOWN) != 0) return Error::Einval;
    if (pid.value == INT32_MIN) return Error::Esrch;
    WaitRequest request;
    request.wants_stopped = (options & WAIT_UNTRACED) != 0;
    request.wants_continued = (options & WAIT_CONTINUED) != 0;
    request.is_nonblocking = (options & WAIT_NO_HANG) != 0;
    request.clones_only = (options & WAIT_CLONE) != 0;
    request.all_kinds = (options & WAIT_ALL) != 0;
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

Result<> sys_waitid(Context&, u32 which, PidArgument id, vm::UserOut<abi::siginfo> out, u32 options,
                    vm::UserOut<abi::rusage> usage) {
    constexpr u32 KNOWN = WAIT_NO_HANG | WAIT_UNTRACED | WAIT_EXITED | WAIT_CONTINUED | WAIT_LEAVE |
                          WAIT_NO_THREAD | WAIT_ALL | WAIT_CLONE;
    constexpr u32 WANTS = WAIT_UNTRACED | WAIT_EXITED | WAIT_CONTINUED;
    if ((options & ~KNOWN) != 0 || (options & WANTS) == 0) return Error::Einval;
    WaitRequest request;
    request.wants_exited = (options & WAIT_EXITED) != 0;
    request.wants_stopped = (options & WAIT_UNTRACED) != 0;
    request.wants_continued = (options & WAIT_CONTINUED) != 0;
    request.is_nonblocking = (options & WAIT_NO_HANG) != 0;
    request.leaves_it = (options & WAIT_LEAVE) != 0;
    request.clones_only = (options & WAIT_CLONE) != 0;
    request.all_kinds = (options & WAIT_ALL) != 0;
    switch (which) {
        case 0: break;  // P_ALL
        case 1:         // P_PID
            if (id.value <= 0) return Error::Einval;
            request.selection = ChildSelection::Pid;
            request.id = id.value;
            break;
        case 2:  // P_PGID
            if (id.value < 0) return Error::Einval;
            request.selection = ChildSelection::Group;
            request.id = id.value == 0 ? current_process().group : id.value;
            break;
        default: return Error::Einval;  // P_PIDFD: there are no pidfds
    }
    const WaitResult result = TRY(wait_for_child(request));
    if (result.pid != 0 && !usage.is_null()) TRY(usage.write(to_abi(result.usage)));
    if (out.is_null()) return {};
    abi::siginfo record{};
    if (result.pid != 0) fill_siginfo(info_of(result), record);
    return out.write(record);
}

// ---- Numbers

Result<Pid> sys_getpid(Context&) { return current_process().pid(); }
Result<Pid> sys_gettid(Context&) { return current_task().tid; }
Result<Pid> sys_getppid(Context&) { return current_process().parent_pid(); }
Result<Pid> sys_set_tid_address(Context&, UserAddress address) {
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
Result<Pid> sys_getpgid(Context&, PidArgument pid) { return look_up(pid.value, &Process::group); }
Result<Pid> sys_getpgrp(Context&) { return look_up(0, &Process::group); }
Result<Pid> sys_getsid(Context&, PidArgument pid) { return look_up(pid.value, &Process::session); }

Result<> sys_setpgid(Context&, PidArgument pid, PidArgument group) {
    if (group.value < 0) return Error::Einval;
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
    process->group = wanted;
    return {};
}

Result<Pid> sys_setsid(Context&) {
    Process& self = current_process();
    Ref<Terminal> left;  // dropped after the lock
    auto tree = PROCESSES.lock();
    if (self.group == self.pid() || tree->has_group(self.pid())) return Error::Eperm;
    self.session = self.group = self.pid();
    left = std::move(self.terminal);
    tree.unlock();
    return self.pid();
}

// ---- Limits

struct Rlimit {
    u64 soft;
    u64 hard;
};

/// RLIMIT_CPU is looked at while its process runs, once there is one.
void watch_cpu_time(Process& process) {
    auto state = process.signals.lock();
    if (state->task != nullptr) state->task->thread->watch_cpu_time();
}

Result<> set_limit(Task& caller, Process& target, Resource resource, const Rlimit& wanted) {
    if (wanted.soft > wanted.hard) return Error::Einval;
    constexpr u64 MAX_OPEN_FILES = 1024 * KIB;  // /proc/sys/fs/nr_open
    if (resource == Resource::OpenFiles && wanted.hard > MAX_OPEN_FILES) return Error::Eperm;
    if (resource == Resource::Cpu && wanted.soft != NO_LIMIT) watch_cpu_time(target);
    auto change = target.limits_change.lock();
    const bool may_raise = caller.identity->can(Capability::SysResource);
    if (wanted.hard > target.limits.of(resource).hard && !may_raise) return Error::Eperm;
    target.limits.set(resource, {wanted.soft, wanted.hard});
    return {};
}

/// prlimit(2): the caller itself, or one whose ids all match, or CAP_SYS_RESOURCE.
bool may_limit(Task& caller, Process& target) {
    if (&target == caller.process.get() || caller.identity->can(Capability::SysResource)) return true;
    const Ref<Identity> other = identity_of(target);
    if (!other) return false;
    const Identity& self = *caller.identity;
    return self.uid == other->euid && self.uid == other->suid && self.uid == other->uid &&
           self.gid == other->egid && self.gid == other->sgid && self.gid == other->gid;
}

Result<> sys_prlimit64(Context&, PidArgument pid, u32 resource, vm::UserIn<Rlimit> in,
                       vm::UserOut<Rlimit> out) {
    if (resource >= static_cast<u32>(Resource::COUNT)) return Error::Einval;
    Rlimit wanted{};
    if (!in.is_null()) wanted = TRY(in.read());
    Task& caller = current_task();
    const Ref<Process> target = pid.value == 0 ? caller.process : PROCESSES.find(pid.value);
    if (!target) return Error::Esrch;
    if (!may_limit(caller, *target)) return Error::Eperm;
    const Limit old = target->limits.of(static_cast<Resource>(resource));
    if (!in.is_null()) TRY(set_limit(caller, *target, static_cast<Resource>(resource), wanted));
    if (!out.is_null()) TRY(out.write({old.soft, old.hard}));
    return {};
}
Result<> sys_getrlimit(Context&, u32 resource, vm::UserOut<Rlimit> out) {
    if (resource >= static_cast<u32>(Resource::COUNT)) return Error::Einval;
    const Limit limit = current_process().limits.of(static_cast<Resource>(resource));
    return out.write({limit.soft, limit.hard});
}
Result<> sys_setrlimit(Context&, u32 resource, vm::UserIn<Rlimit> in) {
    if (resource >= static_cast<u32>(Resource::COUNT)) return Error::Einval;
    const Rlimit wanted = TRY(in.read());
    return set_limit(current_task(), current_process(), static_cast<Resource>(resource), wanted);
}

// ---- arch_prctl, prctl, personality

Result<> sys_arch_prctl(Context&, u32 code, UserAddress address) {
    constexpr u32 SET_GS = 0x1001;
    constexpr u32 SET_FS = 0x1002;
    constexpr u32 GET_FS = 0x1003;
    constexpr u32 GET_GS = 0x1004;
    constexpr u64 USER_TOP = 1ULL << 47;
    switch (code) {
        case SET_FS:
        case SET_GS: {
            if (address.value >= USER_TOP) return Error::Eperm;
            const sync::InterruptsOff no_interrupts;
            code == SET_FS ? arch::set_user_fs_base(address.value) : arch::set_user_gs_base(address.value);
            return {};
        }
        case GET_FS:
        case GET_GS: {
            u64 base;
            {
                const sync::InterruptsOff no_interrupts;
                base = code == GET_FS ? arch::user_fs_base() : arch::user_gs_base();
            }
            return vm::UserOut<u64>(address.value).write(base);
        }
        default: return Error::Einval;
    }
}

Result<> set_name(u64 address) {
    char name[16] = {};
    (void)TRY(vm::read_user_string(address, {name, sizeof(name) - 1}));
    scheduler::current_thread().set_name(name);
    return {};
}

Result<u64> sys_prctl(Context&, i32 option, u64 arg2, u64 arg3, u64 arg4, u64 arg5) {
    constexpr i32 SET_PDEATHSIG = 1;
    constexpr i32 GET_PDEATHSIG = 2;
    constexpr i32 GET_DUMPABLE = 3;
    constexpr i32 SET_DUMPABLE = 4;
    constexpr i32 GET_KEEPCAPS = 7;
    constexpr i32 SET_KEEPCAPS = 8;
    constexpr i32 SET_NAME = 15;
    constexpr i32 GET_NAME = 16;
    constexpr i32 CAPBSET_READ = 23;
    constexpr i32 SET_CHILD_SUBREAPER = 36;
    constexpr i32 GET_CHILD_SUBREAPER = 37;
    constexpr i32 SET_NO_NEW_PRIVS = 38;
    constexpr i32 GET_NO_NEW_PRIVS = 39;
    Task& task = current_task();
    Process& process = *task.process;
    switch (option) {
        case SET_PDEATHSIG:
            if (arg2 != 0 && !is_valid_signal(static_cast<i64>(arg2))) return Error::Einval;
            process.parent_death_signal = static_cast<Signal>(arg2);
            return 0ULL;
        case GET_PDEATHSIG:
            TRY(vm::UserOut<i32>(arg2).write(static_cast<i32>(process.parent_death_signal)));
            return 0ULL;
        case GET_DUMPABLE: return task.is_dumpable ? 1ULL : 0ULL;
        case SET_DUMPABLE:
            if (arg2 > 1) return Error::Einval;
            task.is_dumpable = arg2 == 1;
            return 0ULL;
        case GET_KEEPCAPS: return task.identity->keeps_capabilities ? 1ULL : 0ULL;
        case SET_KEEPCAPS: {
            if (arg2 > 1) return Error::Einval;
            Ref<Identity> next = TRY(task.identity->clone());
            next->keeps_capabilities = arg2 == 1;
            task.set_identity(std::move(next));
            return 0ULL;
        }
        case SET_NAME: TRY(set_name(arg2)); return 0ULL;
        case GET_NAME: {
            char name[16] = {};
            scheduler::current_thread().name().copy(name, sizeof(name) - 1);
            TRY(vm::write_user(arg2, bytes_of({name, sizeof(name)})));
            return 0ULL;
        }
        case CAPBSET_READ:
            if (arg2 > LAST_CAPABILITY) return Error::Einval;
            return task.identity->bounding >> arg2 & 1;
        case SET_CHILD_SUBREAPER: process.is_subreaper = arg2 != 0; return 0ULL;
        case GET_CHILD_SUBREAPER:
            TRY(vm::UserOut<i32>(arg2).write(process.is_subreaper ? 1 : 0));
            return 0ULL;
        case SET_NO_NEW_PRIVS: {
            if (arg2 != 1 || arg3 != 0 || arg4 != 0 || arg5 != 0) return Error::Einval;
            Ref<Identity> next = TRY(task.identity->clone());
            next->no_new_privileges = true;
            task.set_identity(std::move(next));
            return 0ULL;
        }
        case GET_NO_NEW_PRIVS:
            if (arg2 != 0 || arg3 != 0 || arg4 != 0 || arg5 != 0) return Error::Einval;
            return task.identity->no_new_privileges ? 1ULL : 0ULL;
        default: return Error::Einval;
    }
}

Result<u32> sys_personality(Context&, u32 wanted) {
    constexpr u32 QUERY = 0xffffffff;
    Task& task = current_task();
    const u32 old = task.personality_flags;
    if (wanted == QUERY) return old;
    // Linux stores any value; of those only ADDR_NO_RANDOMIZE means something here, and the rest is refused.
    if ((wanted & ~PERSONALITY_NO_RANDOMIZE) != 0) return Error::Einval;
    task.personality_flags = wanted;
    return old;
}

Result<> sys_reboot(Context&, u32 magic, u32 magic2, u32 command) {
    constexpr u32 MAGIC = 0xfee1dead;
    if (!current_task().identity->can(Capability::SysBoot)) return Error::Eperm;
    if (magic != MAGIC ||
        (magic2 != 672274793 && magic2 != 85072278 && magic2 != 369367448 && magic2 != 537993216))
        return Error::Einval;
    constexpr u32 RESTART = 0x01234567;
    constexpr u32 HALT = 0xcdef0123;
    constexpr u32 POWER_OFF = 0x4321fedc;
    constexpr u32 CAD_ON = 0x89abcdef;
    constexpr u32 CAD_OFF = 0;
    switch (command) {
        case RESTART: drivers::restart_machine();
        case HALT: drivers::halt_machine();
        case POWER_OFF: drivers::power_off_machine();
        case CAD_ON:
        case CAD_OFF: return {};  // no keyboard whose Ctrl-Alt-Del could be routed
        default: return Error::Einval;
    }
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
    TRY(register_call<sys_getrlimit>(97, "getrlimit"));
    TRY(register_call<sys_setpgid>(109, "setpgid"));
    TRY(register_call<sys_getppid>(110, "getppid"));
    TRY(register_call<sys_getpgrp>(111, "getpgrp"));
    TRY(register_call<sys_setsid>(112, "setsid"));
    TRY(register_call<sys_getpgid>(121, "getpgid"));
    TRY(register_call<sys_getsid>(124, "getsid"));
    TRY(register_call<sys_personality>(135, "personality"));
    TRY(register_call<sys_prctl>(157, "prctl"));
    TRY(register_call<sys_arch_prctl>(158, "arch_prctl"));
    TRY(register_call<sys_setrlimit>(160, "setrlimit"));
    TRY(register_call<sys_reboot>(169, "reboot"));
    TRY(register_call<sys_gettid>(186, "gettid"));
    TRY(register_call<sys_set_tid_address>(218, "set_tid_address"));
    TRY(register_call<sys_exit_group>(231, "exit_group"));
    TRY(register_call<sys_waitid>(247, "waitid"));
    TRY(register_call<sys_prlimit64>(302, "prlimit64"));
    TRY(register_call<sys_execveat>(322, "execveat"));
    return {};
}

}  // namespace exo::posix_x
