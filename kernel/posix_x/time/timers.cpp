// alarm, getitimer, setitimer: a process's three interval timers, of real time, of its own and of all its CPU time.
#include "posix_x/process/usage.hpp"
#include "posix_x/scheduling/scheduling.hpp"
#include "posix_x/syscalls/families.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/syscalls/time_values.hpp"

namespace exo::posix_x {

namespace {

using abi::IntervalTimer;

struct TimerSetting {
    Nanoseconds left = 0;  ///< 0: not running.
    Nanoseconds interval = 0;
};

/// An armed timer that is just due has a little left: 0 would mean that it does not run.
TimerSetting read_timer(const RealTimer& timer) {
    if (timer.deadline.is_never()) return {0, timer.interval};
    const Nanoseconds left = time_left(timer.deadline);
    return {left > 0 ? left : time::MICROSECOND, timer.interval};
}

/// Only the process's own task gets here, and it re-arms the timer itself on its way to user mode.
TimerSetting set_timer(const TimerSetting& wanted) {
    RealTimer& timer = current_process().real_timer;
    const TimerSetting old = read_timer(timer);
    timer.cancel();
    timer.interval = wanted.interval;
    timer.deadline = wanted.left > 0 ? time::Deadline::after(wanted.left) : time::Deadline::never();
    timer.arm(timer.deadline);
    return old;
}

/// LINUX: half a second and more left counts as a whole one, and less than a second as one: 0 means "none was set".
Answer<Seconds> sys_alarm(Context&, Seconds seconds) {
    const TimerSetting old = set_timer({seconds * time::SECOND, 0});
    const Nanoseconds whole = old.left / time::SECOND;
    const bool rounds_up = old.left % time::SECOND >= time::SECOND / 2 || (whole == 0 && old.left > 0);
    return static_cast<u32>(whole + (rounds_up ? 1 : 0));
}

/// What the timer counts, for the calling task.
Nanoseconds used_for(IntervalTimer which) {
    const ResourceUsage usage = usage_of(current_task());
    return which == IntervalTimer::Virtual ? usage.user_time : usage.user_time + usage.system_time;
}

CpuTimer& cpu_timer(IntervalTimer which) {
    CpuTimers& timers = current_process().cpu_timers;
    return which == IntervalTimer::Virtual ? timers.virtual_time : timers.profiling;
}

TimerSetting read_cpu_timer(IntervalTimer which) {
    const CpuTimer& timer = cpu_timer(which);
    if (timer.expires_at == 0) return {0, timer.interval};
    const Nanoseconds used = used_for(which);
    return {timer.expires_at > used ? timer.expires_at - used : time::MICROSECOND, timer.interval};
}

TimerSetting set_cpu_timer(IntervalTimer which, const TimerSetting& wanted) {
    const TimerSetting old = read_cpu_timer(which);
    cpu_timer(which) = {wanted.left > 0 ? used_for(which) + wanted.left : 0, wanted.interval};
    if (wanted.left > 0) current_task().thread->watch_cpu_time();
    return old;
}

/// Errors: Einval.
Result<IntervalTimer> which_timer(IntervalTimer which) {
    if (which < IntervalTimer::Real || which > IntervalTimer::Profiling) return Error::Einval;
    return which;
}

abi::itimerval to_abi(const TimerSetting& setting) {
    return {to_timeval(setting.interval), to_timeval(setting.left)};
}

Result<> sys_getitimer(Context&, IntervalTimer which, vm::UserOut<abi::itimerval> out) {
    const IntervalTimer timer = TRY(which_timer(which));
    if (timer == IntervalTimer::Real) return out.write(to_abi(read_timer(current_process().real_timer)));
    return out.write(to_abi(read_cpu_timer(timer)));
}

/// LINUX: a null pointer counts as a timer of zeros.
Result<> sys_setitimer(Context&, IntervalTimer which, OrNull<vm::UserIn<abi::itimerval>> in,
                       OrNull<vm::UserOut<abi::itimerval>> out) {
    TimerSetting wanted;
    if (!in.is_null()) {
        const abi::itimerval value = TRY(in.read());
        wanted = { TRY(to_nanoseconds(value.it_value)), TRY(to_nanoseconds(value.it_interval))};
    }
    const IntervalTimer timer = TRY(which_timer(which));
    const TimerSetting old = timer == IntervalTimer::Real ? set_timer(wanted) : set_cpu_timer(timer, wanted);
    if (out.is_null()) return {};
    return out.write(to_abi(old));
}

}  // namespace

Result<> register_timer_calls() {
    using syscall::register_call;
    TRY(register_call<sys_getitimer>(36, "getitimer"));
    TRY(register_call<sys_alarm>(37, "alarm"));
    TRY(register_call<sys_setitimer>(38, "setitimer"));
    return register_scheduling_calls();
}

}  // namespace exo::posix_x
