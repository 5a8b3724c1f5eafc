#include "posix_x/process/cpu_timers.hpp"

#include <optional>

#include "posix_x/process/usage.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

using abi::CpuClockKind;
using time::Nanoseconds;

constexpr CpuClockKind KINDS[] = {CpuClockKind::Profiling, CpuClockKind::User, CpuClockKind::RunTime};
constexpr usize MOST_ALARMS_AT_ONCE = 32;

/// Returns true if the timer has expired, so that its process gets a signal.
bool check_timer(CpuTimer& timer, Nanoseconds used) {
    if (timer.expires_at == 0 || used < timer.expires_at) return false;
    if (timer.interval == 0) {
        timer.expires_at = 0;
        return true;
    }
    // Expiries that were missed are not made up for.
    timer.expires_at += ((used - timer.expires_at) / timer.interval + 1) * timer.interval;
    return true;
}

/// LINUX: check_process_timers, check_thread_timers: SIGKILL at the hard limit; SIGXCPU at the soft one,
/// which is then raised by a second.
/// `unit`: the limit's unit, in nanoseconds.
Signal check_limit(Process& process, Resource resource, Nanoseconds used, Nanoseconds unit) {
    const Limit limit = process.limits.of(resource);
    if (limit.soft == NO_LIMIT) return Signal::None;
    const u64 units = used / unit;
    if (limit.hard != NO_LIMIT && units >= limit.hard) return Signal::Kill;
    if (units < limit.soft) return Signal::None;
    process.limits.raise_soft(resource, limit.soft, limit.soft + time::SECOND / unit);
    return Signal::Xcpu;
}

void expire_alarms(CpuAlarms::Locked& alarms, const ResourceUsage& usage) {
    for (const CpuClockKind kind : KINDS) {
        const Nanoseconds now =
            kind == CpuClockKind::User ? usage.user_time : usage.user_time + usage.system_time;
        while (alarms.lock()->expire_some(kind, now)) scheduler::preempt_point();
    }
}

/// The CPU time of a task. Nothing: the task has ended.
struct TaskTime {
    ResourceUsage usage;
    Nanoseconds burst = 0;  ///< Since it last waited.
    Nanoseconds run_time = 0;
};
std::optional<TaskTime> time_of(Task& task) {
    auto state = task.process->signals.lock();
    if (task.thread == nullptr) return std::nullopt;
    const scheduler::CpuUse use = task.thread->cpu_use();
    return TaskTime{to_usage(use), scheduler::SCHEDULER.burst_time(*task.thread), use.run_time};
}

/// LINUX: rt.timeout: the thread's run time with a realtime policy since it last waited.
Nanoseconds realtime_run(Task& task, const TaskTime& time) {
    const Scheduling scheduling = *task.scheduling.lock();
    if (!scheduling.is_realtime()) return 0;
    const Nanoseconds with_policy =
        time.run_time > scheduling.realtime_since ? time.run_time - scheduling.realtime_since : 0;
    return std::min(time.burst, with_policy);
}

/// Sends a standard signal, which cannot fail.
void send(Process& process, Signal signal) {
    if (signal != Signal::None) (void)send_signal(process, {.signal = signal});
}

}  // namespace

void CpuAlarms::arm(CpuAlarm& alarm, CpuClockKind kind, Nanoseconds at) {
    cancel(alarm, kind);
    alarm.key_.at = at;
    of(kind).insert(alarm);
}

void CpuAlarms::cancel(CpuAlarm& alarm, CpuClockKind kind) {
    if (alarm.link_.is_linked()) of(kind).remove(alarm);
}

bool CpuAlarms::expire_some(CpuClockKind kind, Nanoseconds now) {
    for (usize count = 0; count < MOST_ALARMS_AT_ONCE; ++count) {
        CpuAlarm* alarm = of(kind).first();
        if (alarm == nullptr || alarm->key_.at > now) return false;
        of(kind).remove(*alarm);
        alarm->callback_(*alarm);
    }
    return true;
}

bool CpuAlarms::is_empty() const {
    return by_kind_[0].is_empty() && by_kind_[1].is_empty() && by_kind_[2].is_empty();
}

void watch_cpu_time(Process& process) {
    for_each_task(process, [](ProcessSignals&, const Task& task) { task.thread->watch_cpu_time(); });
}

void note_cpu_sample(Object& task) { static_cast<Task&>(task).cpu_check.post(); }

void check_cpu_timers(Task& task) {
    const std::optional<TaskTime> own = time_of(task);
    if (!own) return;
    Process& process = *task.process;
    expire_alarms(task.cpu_alarms, own->usage);
    send(process, check_limit(process, Resource::RealtimeTime, realtime_run(task, *own), time::MICROSECOND));
    // If many tasks end at once, each would sum up the usage of all others.
    if (process.signals.lock()->must_end(task)) return;
    const ResourceUsage usage = usage_of(process);
    const Nanoseconds total = usage.user_time + usage.system_time;
    expire_alarms(process.cpu_alarms, usage);
    bool is_virtual_due;
    bool is_profiling_due;
    {
        auto timers = process.cpu_timers.lock();
        is_virtual_due = check_timer(timers->virtual_time, usage.user_time);
        is_profiling_due = check_timer(timers->profiling, total);
    }
    if (is_virtual_due) send(process, Signal::Vtalrm);
    if (is_profiling_due) send(process, Signal::Prof);
    send(process, check_limit(process, Resource::Cpu, total, time::SECOND));
}

}  // namespace exo::posix_x
