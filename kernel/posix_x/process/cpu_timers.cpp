#include "posix_x/process/cpu_timers.hpp"

#include "posix_x/process/usage.hpp"

namespace exo::posix_x {

namespace {

using time::Nanoseconds;

void check_timer(Process& process, CpuTimer& timer, Nanoseconds used, Signal signal) {
    if (timer.expires_at == 0 || used < timer.expires_at) return;
    (void)send_signal(process, {.signal = signal});  // standard signals cannot fail
    if (timer.interval == 0) {
        timer.expires_at = 0;
        return;
    }
    // Expiries that were missed are not made up for.
    timer.expires_at += ((used - timer.expires_at) / timer.interval + 1) * timer.interval;
}

/// SIGXCPU at the soft limit and each second after it, SIGKILL at the hard one.
void check_limit(Process& process, Nanoseconds used) {
    const Limit limit = process.limits.of(Resource::Cpu);
    const u64 seconds = used / time::SECOND;
    if (limit.hard != NO_LIMIT && seconds >= limit.hard) {
        (void)send_signal(process, {.signal = Signal::Kill});
        return;
    }
    if (limit.soft == NO_LIMIT || seconds < limit.soft || used < process.cpu_timers.next_warning) return;
    process.cpu_timers.next_warning = (seconds + 1) * time::SECOND;
    (void)send_signal(process, {.signal = Signal::Xcpu});
}

}  // namespace

void check_cpu_timers(Task& task) {
    if (!task.thread->watches_cpu_time()) return;
    Process& process = *task.process;
    const ResourceUsage usage = usage_of(task);
    const Nanoseconds total = usage.user_time + usage.system_time;
    check_timer(process, process.cpu_timers.virtual_time, usage.user_time, Signal::Vtalrm);
    check_timer(process, process.cpu_timers.profiling, total, Signal::Prof);
    check_limit(process, total);
}

}  // namespace exo::posix_x
