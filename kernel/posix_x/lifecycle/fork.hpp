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
    0x40000;  ///< CLONE_SYSVSEM. It has no effect: this kernel has no System V semaphores.
inline constexpr u64 SETTLS = 0x80000;
inline constexpr u64 PARENT_SETTID = 0x100000;
inline constexpr u64 CHILD_CLEARTID = 0x200000;
inline constexpr u64 DETACHED = 0x400000;  ///< Ignored, as on Linux.
inline constexpr u64 UNTRACED = 0x800000;  ///< It has no effect without ptrace.
inline constexpr u64 CHILD_SETTID = 0x1000000;
inline constexpr u64 NEWUSER = 0x10000000;
inline constexpr u64 NEWPID = 0x20000000;
/// NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWPID, NEWNET. None is supported: they give EPERM without
/// CAP_SYS_ADMIN, and EINVAL with it.
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
    u64 pidfd = 0;  ///< The address that gets CLONE_PIDFD's descriptor.
    bool has_wanted_tid = false;
    Pid wanted_tid = 0;  ///< clone3's set_tid.
};

/// Makes a new task. Returns the pid of the new process, or with CLONE_THREAD the number of the new task.
/// After an error no part of the child is left.
/// Errors: Einval (flags that exclude each other or are not supported), Eagain (limits), Eexist (the wanted
/// number is taken), Eperm (a wanted number or a namespace without CAP_SYS_ADMIN, a thread pointer outside
/// the user half), Enomem, Efault.
Result<Pid> clone_current_task(const CloneRequest& request);

/// Makes the first process. Its thread runs `entry(task)` in the kernel. Errors: Enomem.
Result<Ref<Task>> create_first_task(fs::Path root, Ref<vm::AddressSpace> space,
                                    scheduler::Thread::Entry entry);

}  // namespace exo::posix_x
