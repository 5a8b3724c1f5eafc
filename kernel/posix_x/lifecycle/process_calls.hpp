// The system calls of process_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/fcntl.hpp"
#include "abi/linux/process.hpp"
#include "abi/linux/resource.hpp"
#include "abi/linux/signal_frame.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using ProgramPath = PathOf<PathUse::Program>;

/// clone's flags argument. Its low byte is the signal for the parent.
struct CloneWord {
    static constexpr Description DESCRIPTION{.kind = Kind::Flags,
                                             .size = sizeof(u64),
                                             .of = "SignalInLowByte",
                                             .type = name_of_type<abi::CloneFlags>(),
                                             .values = enumerators<abi::CloneFlags>()};
    static constexpr CloneWord from_word(u64 word) { return {word}; }
    u64 value;
};

using Wait4Flags = Known<abi::WaitFlags::Nohang | abi::WaitFlags::Untraced | abi::WaitFlags::Continued |
                         abi::WaitFlags::Nothread | abi::WaitFlags::All | abi::WaitFlags::Clone>;

using WaitidFlags = Known<abi::WaitFlags::Nohang | abi::WaitFlags::Untraced | abi::WaitFlags::Exited |
                          abi::WaitFlags::Continued | abi::WaitFlags::Nowait | abi::WaitFlags::Nothread |
                          abi::WaitFlags::All | abi::WaitFlags::Clone>;

Answer<PidOf<PidUse::Process>> sys_fork(Context&);
Answer<PidOf<PidUse::Process>> sys_vfork(Context&);
Answer<PidOf<PidUse::Process>> sys_clone(Context&, CloneWord flags, UserAddress stack, UserAddress parent_tid,
                                         UserAddress child_tid, UserAddress thread_pointer);
Answer<PidOf<PidUse::Process>> sys_clone3(Context&, InBytes<1> arguments, Size size);
Result<> sys_unshare(Context&, abi::CloneFlags asked);
Result<> sys_execve(Context&, ProgramPath path, OrNull<TextsArgument> arguments,
                    OrNull<TextsArgument> environment);
Result<> sys_execveat(Context&, Start directory, ProgramPath path, OrNull<TextsArgument> arguments,
                      OrNull<TextsArgument> environment,
                      Known<abi::AtFlags::EmptyPath | abi::AtFlags::SymlinkNofollow> given);
Result<> sys_exit(Context&, ExitCode code);
Result<> sys_exit_group(Context&, ExitCode code);
Answer<PidOf<PidUse::Process>> sys_wait4(Context&, PidOf<PidUse::ProcessOrGroup> pid,
                                         OrNull<vm::UserOut<StatusWord>> status, Wait4Flags given,
                                         OrNull<vm::UserOut<abi::rusage>> usage);
Result<> sys_waitid(Context&, abi::WaitFor which, SelectedId<0> id, OrNull<vm::UserOut<abi::siginfo>> out,
                    WaitidFlags given, OrNull<vm::UserOut<abi::rusage>> usage);
Answer<PidOf<PidUse::Process>> sys_getpid(Context&);
Answer<PidOf<PidUse::Thread>> sys_gettid(Context&);
Answer<PidOf<PidUse::Process>> sys_getppid(Context&);
Answer<PidOf<PidUse::Thread>> sys_set_tid_address(Context&, UserAddress address);
Answer<PidOf<PidUse::Group>> sys_getpgid(Context&, PidOf<PidUse::ProcessOrSelf> pid);
Answer<PidOf<PidUse::Group>> sys_getpgrp(Context&);
Answer<PidOf<PidUse::Session>> sys_getsid(Context&, PidOf<PidUse::ProcessOrSelf> pid);
Result<> sys_setpgid(Context&, PidOf<PidUse::ProcessOrSelf> pid, PidOf<PidUse::GroupOrOwn> group);
Answer<PidOf<PidUse::Session>> sys_setsid(Context&);

inline constexpr syscall::Family PROCESS_FAMILY{"process_calls",
                                                "kernel/posix_x/lifecycle/process_calls.cpp"};
inline constexpr syscall::Call PROCESS_CALLS[] = {
    call<sys_getpid>(39, "getpid", PROCESS_FAMILY),
    call<sys_clone>(56, "clone", PROCESS_FAMILY),
    call<sys_fork>(57, "fork", PROCESS_FAMILY),
    call<sys_vfork>(58, "vfork", PROCESS_FAMILY),
    call<sys_execve>(59, "execve", PROCESS_FAMILY),
    call<sys_exit>(60, "exit", PROCESS_FAMILY),
    call<sys_wait4>(61, "wait4", PROCESS_FAMILY),
    call<sys_setpgid>(109, "setpgid", PROCESS_FAMILY),
    call<sys_getppid>(110, "getppid", PROCESS_FAMILY),
    call<sys_getpgrp>(111, "getpgrp", PROCESS_FAMILY),
    call<sys_setsid>(112, "setsid", PROCESS_FAMILY),
    call<sys_getpgid>(121, "getpgid", PROCESS_FAMILY),
    call<sys_getsid>(124, "getsid", PROCESS_FAMILY),
    call<sys_gettid>(186, "gettid", PROCESS_FAMILY),
    call<sys_set_tid_address>(218, "set_tid_address", PROCESS_FAMILY),
    call<sys_exit_group>(231, "exit_group", PROCESS_FAMILY),
    call<sys_waitid>(247, "waitid", PROCESS_FAMILY),
    call<sys_unshare>(272, "unshare", PROCESS_FAMILY),
    call<sys_execveat>(322, "execveat", PROCESS_FAMILY),
    call<sys_clone3>(435, "clone3", PROCESS_FAMILY),
};

}  // namespace exo::posix_x
