// New tasks: fork, vfork and clone (clone(2)).
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// Bits of clone's flags.
namespace clone_flag {
inline constexpr u64 SIGNAL_MASK = 0xff;
inline constexpr u64 VM = 0x100;
inline constexpr u64 FS = 0x200;
inline constexpr u64 FILES = 0x400;
inline constexpr u64 SIGHAND = 0x800;
inline constexpr u64 PIDFD = 0x1000;
inline constexpr u64 VFORK = 0x4000;
inline constexpr u64 PARENT = 0x8000;
inline constexpr u64 THREAD = 0x10000;
inline constexpr u64 NEWNS = 0x20000;
inline constexpr u64 SYSVSEM =
    0x40000;  ///< There are no semaphores of System V whose adjustments could be shared.
inline constexpr u64 SETTLS = 0x80000;
inline constexpr u64 PARENT_SETTID = 0x100000;
inline constexpr u64 CHILD_CLEARTID = 0x200000;
inline constexpr u64 DETACHED = 0x400000;  ///< Ignored, as on Linux.
inline constexpr u64 UNTRACED = 0x800000;  ///< Means nothing without ptrace.
inline constexpr u64 CHILD_SETTID = 0x1000000;
inline constexpr u64 NEWUSER = 0x10000000;
inline constexpr u64 NEWPID = 0x20000000;
/// NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWPID, NEWNET: only for who has CAP_SYS_ADMIN, before they are found unsupported.
inline constexpr u64 NAMESPACES = NEWNS | 0x2000000 | 0x4000000 | 0x8000000 | 0x20000000 | 0x40000000;
inline constexpr u64 CLEAR_SIGHAND = 0x1'0000'0000;
inline constexpr u64 SUPPORTED = SIGNAL_MASK | VM | FS | FILES | SIGHAND | PIDFD | VFORK | PARENT | THREAD |
                                 SYSVSEM | SETTLS | PARENT_SETTID | CHILD_CLEARTID | CLEAR_SIGHAND |
                                 DETACHED | UNTRACED | CHILD_SETTID;
}  // namespace clone_flag

struct CloneRequest {
    u64 flags = 17;  ///< SIGCHLD
    u64 stack = 0;   ///< The child's stack pointer; 0: the parent's.
    u64 parent_tid = 0;
    u64 child_tid = 0;
    u64 thread_pointer = 0;
    u64 pidfd = 0;  ///< Where CLONE_PIDFD's descriptor goes.
    bool has_wanted_tid = false;
    Pid wanted_tid = 0;  ///< clone3's set_tid.
};

/// The pid of the new process, or with CLONE_THREAD the number of the new task. Errors: Einval (flags that exclude each other, or that are not supported), Eagain (limits),
/// Eexist (the wanted number is taken), Eperm (a number is wanted without CAP_SYS_ADMIN, a namespace without CAP_SYS_ADMIN, a thread pointer outside the user half), Enomem, Efault. Nothing is left of a child that could not be made.
Result<Pid> clone_current_task(const CloneRequest& request);

/// The first process. Its thread runs `entry(task)` in the kernel. Errors: Enomem.
Result<Ref<Task>> create_first_task(fs::Path root, Ref<vm::AddressSpace> space,
                                    scheduler::Thread::Entry entry);

}  // namespace exo::posix_x
