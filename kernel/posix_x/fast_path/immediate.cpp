// Calls that answer at once, most with a number of the caller's own: the short route (arch/x86_64/entry.S, exo_syscall_entry).
#include "posix_x/fast_path/fast_path.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/task.hpp"
#include "syscall/syscall.hpp"

namespace exo::posix_x {

namespace {

u64 fast_getpid(u64, u64, u64, u64, u64, u64) { return static_cast<u64>(current_process().pid()); }
u64 fast_gettid(u64, u64, u64, u64, u64, u64) { return static_cast<u64>(current_task().tid); }
u64 fast_getppid(u64, u64, u64, u64, u64, u64) { return static_cast<u64>(current_process().parent_pid()); }
u64 fast_getuid(u64, u64, u64, u64, u64, u64) { return current_task().identity->uid; }
u64 fast_geteuid(u64, u64, u64, u64, u64, u64) { return current_task().identity->euid; }
u64 fast_getgid(u64, u64, u64, u64, u64, u64) { return current_task().identity->gid; }
u64 fast_getegid(u64, u64, u64, u64, u64, u64) { return current_task().identity->egid; }

/// With nobody else to run there is nothing to give way to.
u64 fast_sched_yield(u64, u64, u64, u64, u64, u64) {
    return scheduler::SCHEDULER.others_are_waiting() ? DECLINED : 0;
}

}  // namespace

Result<> register_fast_immediate_calls() {
    using syscall::register_fast_path;
    TRY(register_fast_path(39, &fast_getpid));
    TRY(register_fast_path(110, &fast_getppid));
    TRY(register_fast_path(24, &fast_sched_yield));
    TRY(register_fast_path(186, &fast_gettid));
    TRY(register_fast_path(102, &fast_getuid));
    TRY(register_fast_path(107, &fast_geteuid));
    TRY(register_fast_path(104, &fast_getgid));
    TRY(register_fast_path(108, &fast_getegid));
    return {};
}

}  // namespace exo::posix_x
