// The table of system calls, merged at compile time from the tables beside the handlers. It lies in read-only memory.
#include "posix_x/call_table.hpp"

#include "posix_x/credentials/identity_calls.hpp"
#include "posix_x/fast_path/fast_path.hpp"
#include "posix_x/files/attributes.hpp"
#include "posix_x/files/control_calls.hpp"
#include "posix_x/files/descriptors.hpp"
#include "posix_x/files/extended_attributes.hpp"
#include "posix_x/files/lock_calls.hpp"
#include "posix_x/files/memfd.hpp"
#include "posix_x/files/mounts.hpp"
#include "posix_x/files/paths.hpp"
#include "posix_x/files/read_write.hpp"
#include "posix_x/files/splice_calls.hpp"
#include "posix_x/futex/futex_calls.hpp"
#include "posix_x/lifecycle/pidfd_calls.hpp"
#include "posix_x/lifecycle/process_calls.hpp"
#include "posix_x/lifecycle/process_settings.hpp"
#include "posix_x/memory/memory_calls.hpp"
#include "posix_x/polling/epoll_calls.hpp"
#include "posix_x/polling/poll.hpp"
#include "posix_x/polling/select_calls.hpp"
#include "posix_x/scheduling/limit_calls.hpp"
#include "posix_x/scheduling/rseq_calls.hpp"
#include "posix_x/scheduling/scheduling_calls.hpp"
#include "posix_x/signal/signal_calls.hpp"
#include "posix_x/signal/signalfd.hpp"
#include "posix_x/socket/message_calls.hpp"
#include "posix_x/socket/option_calls.hpp"
#include "posix_x/socket/socket_calls.hpp"
#include "posix_x/system/system_info.hpp"
#include "posix_x/time/cpu_time_calls.hpp"
#include "posix_x/time/posix_timer_calls.hpp"
#include "posix_x/time/sleep.hpp"
#include "posix_x/time/time_calls.hpp"
#include "posix_x/time/timerfd.hpp"
#include "posix_x/time/timers.hpp"
#include "syscall/table.hpp"

namespace exo::posix_x {

namespace {

using syscall::fast_route;

constexpr syscall::FastRoute FAST_ROUTES[] = {
    fast_route<sys_lseek, fast_lseek>(),
    fast_route<sys_epoll_wait, fast_epoll_wait>(),
    fast_route<sys_rt_sigprocmask, fast_rt_sigprocmask>(),
    fast_route<sys_sched_yield, fast_sched_yield>(),
    fast_route<sys_getpid, fast_getpid>(),
    fast_route<sys_getuid, fast_getuid>(),
    fast_route<sys_getgid, fast_getgid>(),
    fast_route<sys_geteuid, fast_geteuid>(),
    fast_route<sys_getegid, fast_getegid>(),
    fast_route<sys_getppid, fast_getppid>(),
    fast_route<sys_gettid, fast_gettid>(),
    fast_route<sys_futex, fast_futex>(),
    fast_route<sys_clock_gettime, fast_clock_gettime>(),
};

constexpr auto CALLS = syscall::with_routes(
    syscall::sort_calls(READ_WRITE_CALLS, DESCRIPTORS_CALLS, CONTROL_CALLS, PATHS_CALLS, ATTRIBUTES_CALLS,
                        XATTR_CALLS, MOUNTS_CALLS, POLL_CALLS, SELECT_CALLS, MEMORY_CALLS, PROCESS_CALLS,
                        PROCESS_SETTINGS_CALLS, LIMIT_CALLS, IDENTITY_CALLS, SIGNAL_CALLS, TIME_CALLS,
                        SLEEP_CALLS, CPU_TIME_CALLS, TIMERS_CALLS, POSIX_TIMER_CALLS, SCHEDULING_CALLS,
                        SYSTEM_INFO_CALLS, FUTEX_CALLS, LOCK_CALLS, SPLICE_CALLS, EPOLL_CALLS, MEMFD_CALLS,
                        TIMERFD_CALLS, SIGNALFD_CALLS, PIDFD_CALLS, SOCKET_CALLS, MESSAGE_CALLS,
                        SOCKET_OPTION_CALLS, RSEQ_CALLS),
    FAST_ROUTES);
static_assert(syscall::number_given_twice(CALLS) == syscall::NO_NUMBER, "two system calls have this number");
static_assert(syscall::number_beyond_limit(CALLS) == syscall::NO_NUMBER,
              "this number is not below arch::SYSTEM_CALL_LIMIT");

}  // namespace

std::span<const syscall::Call> all_calls() { return CALLS; }

}  // namespace exo::posix_x

namespace exo::upcalls {

extern "C" {
constinit const arch::CallHandlers exo_call_handlers = syscall::handlers_of(posix_x::CALLS);
constinit const arch::FastHandlers exo_fast_handlers = syscall::fast_handlers_of(posix_x::CALLS);
}

}  // namespace exo::upcalls
