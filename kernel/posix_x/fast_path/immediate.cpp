// Calls that return at once, most of them a number of the caller's own: the fast path (arch/x86_64/entry.S,
// exo_syscall_entry).
#include "posix_x/fast_path/fast_path.hpp"
#include "posix_x/process/process.hpp"
#include "posix_x/process/process_tree.hpp"

namespace exo::posix_x {

FastAnswer fast_getpid() { return static_cast<u64>(current_process().pid()); }
FastAnswer fast_gettid() { return static_cast<u64>(current_task().tid()); }
FastAnswer fast_getppid() { return static_cast<u64>(current_process().parent_pid()); }
FastAnswer fast_getuid() { return current_task().identity().uid; }
FastAnswer fast_geteuid() { return current_task().identity().euid; }
FastAnswer fast_getgid() { return current_task().identity().gid; }
FastAnswer fast_getegid() { return current_task().identity().egid; }

/// Does nothing if no other thread can run.
FastAnswer fast_sched_yield() {
    return scheduler::SCHEDULER.others_are_waiting() ? FastAnswer(DECLINED) : FastAnswer(0);
}

}  // namespace exo::posix_x
