// alarm, getitimer, setitimer: the three interval timers of a process, in real time, user time and CPU time.
#include "posix_x/time/timers.hpp"

#include "posix_x/process/usage.hpp"
#include "posix_x/scheduling/scheduling.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/syscalls/time_values.hpp"

namespace exo::posix_x {

namespace {

using abi::IntervalTimer;

struct IntervalSetting {
    Nanoseconds left = 0;  ///< 0: not running.
    Nanoseconds interval = 0;
};

/// A timer that is due at this moment reports a small remaining time, because 0 would mean that it is off.
IntervalSetting read_timer(const RealTimer& timer) {
    if (timer.deadline.is_never()) return {0, timer.interval};
    const Nanoseconds left = time_left(timer.deadline);
    return {left > 0 ? left : time::MICROSECOND, timer.interval};
}

[[gnu::cold, gnu::noinline, clang::preserve_most]] void send_expired(Process& process) {
    const bool is_expired = process.real_timer.lock()->take_expiry();
    if (is_expired) (void)send_signal(process, {.signal = Signal::Alrm});  // standard signals cannot fail
}

/// Locks the timer of the calling process. LINUX: the timer's interrupt sends SIGALRM. Here a thread does, and calls that come before it
/// must find the signal sent, and not take it away.
[[gnu::always_inline]] inline auto lock_real_timer() {
    Process& process = current_process();
    auto timer = process.real_timer.lock();
    if (!timer->alarm.has_expired()) [[likely]]
        return timer;
    timer.unlock();
    send_expired(process);
    return process.real_timer.lock();
}

IntervalSetting read_real_timer() { return read_timer(*lock_real_timer()); }

[[gnu::always_inline]] inline IntervalSetting set_timer(const IntervalSetting& wanted) {
    auto timer = lock_real_timer();
    const IntervalSetting old = read_timer(*timer);
    timer->stop();
    // LINUX: do_setitimer: a timer that is off has no interval.
    timer->interval = wanted.left > 0 ? wanted.interval : 0;
    if (wanted.left > 0) timer->start(time::Deadline::after(wanted.left));
    return old;
}

}  // namespace

/// LINUX: half a second and more is rounded up, and less than a second is 1, because 0 means that no alarm
/// was set.
Answer<Seconds> sys_alarm(Context&, Seconds seconds) {
    const IntervalSetting old = set_timer({seconds * time::SECOND, 0});
    const Nanoseconds whole = old.left / time::SECOND;
    const bool rounds_up = old.left % time::SECOND >= time::SECOND / 2 || (whole == 0 && old.left > 0);
    return static_cast<u32>(whole + (rounds_up ? 1 : 0));
}

/// The value of the timer's clock for the calling process.
static Nanoseconds used_for(IntervalTimer which) {
    const ResourceUsage usage = usage_of(current_process());
    return which == IntervalTimer::Virtual ? usage.user_time : usage.user_time + usage.system_time;
}

static CpuTimer& cpu_timer(CpuTimers& timers, IntervalTimer which) {
    return which == IntervalTimer::Virtual ? timers.virtual_time : timers.profiling;
}

static IntervalSetting setting_of(const CpuTimer& timer, Nanoseconds used) {
    if (timer.expires_at == 0) return {0, timer.interval};
    return {timer.expires_at > used ? timer.expires_at - used : time::MICROSECOND, timer.interval};
}

static IntervalSetting read_cpu_timer(IntervalTimer which) {
    auto timers = current_process().cpu_timers.lock();
    return setting_of(cpu_timer(*timers, which), used_for(which));
}

static IntervalSetting set_cpu_timer(IntervalTimer which, const IntervalSetting& wanted) {
    if (wanted.left > 0) watch_cpu_time(current_process());
    auto timers = current_process().cpu_timers.lock();
    CpuTimer& timer = cpu_timer(*timers, which);
    const Nanoseconds used = used_for(which);
    const IntervalSetting old = setting_of(timer, used);
    timer = {wanted.left > 0 ? used + wanted.left : 0, wanted.interval};
    return old;
}

/// Checks the timer's number. Errors: Einval.
static Result<IntervalTimer> which_timer(IntervalTimer which) {
    if (which < IntervalTimer::Real || which > IntervalTimer::Profiling) return Error::Einval;
    return which;
}

static abi::itimerval to_abi(const IntervalSetting& setting) {
    return {to_timeval(setting.interval), to_timeval(setting.left)};
}

Result<> sys_getitimer(Context&, IntervalTimer which, vm::UserOut<abi::itimerval> out) {
    const IntervalTimer timer = TRY(which_timer(which));
    // The lock is free again before the program's memory is written.
    const IntervalSetting now = timer == IntervalTimer::Real ? read_real_timer() : read_cpu_timer(timer);
    return out.write(to_abi(now));
}

/// LINUX: a null pointer counts as zeros.
Result<> sys_setitimer(Context&, IntervalTimer which, OrNull<vm::UserIn<abi::itimerval>> in,
                       OrNull<vm::UserOut<abi::itimerval>> out) {
    IntervalSetting wanted;
    if (!in.is_null()) {
        const abi::itimerval value = TRY(in.read());
        wanted = { TRY(to_nanoseconds(value.it_value)), TRY(to_nanoseconds(value.it_interval))};
    }
    const IntervalTimer timer = TRY(which_timer(which));
    const IntervalSetting old =
        timer == IntervalTimer::Real ? set_timer(wanted) : set_cpu_timer(timer, wanted);
    if (out.is_null()) return {};
    return out.write(to_abi(old));
}

}  // namespace exo::posix_x
