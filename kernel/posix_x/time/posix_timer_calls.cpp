// timer_create, timer_settime, timer_gettime, timer_getoverrun, timer_delete.
#include "posix_x/time/posix_timer_calls.hpp"

#include "posix_x/process/cpu_clock.hpp"
#include "posix_x/process/posix_timer.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/signal_quota.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/syscalls/time_values.hpp"

namespace exo::posix_x {

namespace {

using abi::ClockId;
using abi::NotifyKind;

/// LINUX: clock_process, clock_thread: these clock ids are other names of the caller's own CPU clocks.
constexpr ClockId clock_by_number(ClockId clock) {
    constexpr auto of_caller = [](i32 bits) {
        return static_cast<ClockId>(static_cast<i32>(~0U << abi::CPU_CLOCK_SHIFT) | bits);
    };
    constexpr i32 RUN_TIME = std::to_underlying(abi::CpuClockKind::RunTime);
    switch (clock) {
        case ClockId::ProcessCpuTime: return of_caller(RUN_TIME);
        case ClockId::ThreadCpuTime: return of_caller(RUN_TIME | abi::CPU_CLOCK_OF_THREAD);
        default: return clock;
    }
}

/// Checks a timer's clock. LINUX: clockid_to_kclock. Errors: Einval (no such clock), Eopnotsupp (it has no
/// timers).
Result<> check_clock(ClockId clock) {
    if (is_cpu_clock(clock)) return {};
    switch (clock) {
        case ClockId::Realtime:
        case ClockId::Monotonic:
        case ClockId::Boottime:
        case ClockId::Tai:
        case ClockId::RealtimeAlarm:
        case ClockId::BoottimeAlarm: return {};
        case ClockId::MonotonicRaw:
        case ClockId::RealtimeCoarse:
        case ClockId::MonotonicCoarse: return Error::Eopnotsupp;
        default: return std::to_underlying(clock) < 0 ? Error::Eopnotsupp : Error::Einval;
    }
}

/// LINUX: good_sigevent. Errors: Einval.
Result<PosixTimer::Notification> read_notification(const abi::sigevent& event) {
    PosixTimer::Notification result{event.sigev_notify, Signal::None, event.sigev_value, {}};
    switch (event.sigev_notify) {
        case NotifyKind::ThreadId:
            result.receiver = PROCESSES.find_task(event.sigev_notify_thread_id);
            if (!result.receiver || result.receiver->process != current_task().process) return Error::Einval;
            break;
        case NotifyKind::Signal:
        case NotifyKind::Thread: break;
        case NotifyKind::None: result.signal = static_cast<Signal>(event.sigev_signo); return result;
        default: return Error::Einval;
    }
    if (!is_valid_signal(event.sigev_signo)) return Error::Einval;
    result.signal = static_cast<Signal>(event.sigev_signo);
    return result;
}

bool is_alarm(ClockId clock) { return clock == ClockId::RealtimeAlarm || clock == ClockId::BoottimeAlarm; }

abi::itimerspec to_abi(const TimerSetting& setting) {
    return {to_timespec(setting.interval), to_timespec(setting.value)};
}

/// Calls use(timer, the value of a CPU timer's clock) under the lock. Errors: Einval (no such timer). If the
/// clock is gone, `use` gets Esrch instead of its value.
template <class Use> [[gnu::always_inline]] inline Result<> with_timer(Process& process, i32 id, Use use) {
    auto timers = process.posix_timers.lock();
    PosixTimer* timer = timers->by_id.find(id);
    if (timer == nullptr) return Error::Einval;
    if (!timer->is_cpu_timer() && !timer->has_expired()) [[likely]]
        return use(*timer, Nanoseconds{0});
    // A CPU clock is read without the lock.
    const CpuClock clock = timer->is_cpu_timer() ? timer->cpu_clock() : CpuClock{};
    timers.unlock();
    fire_expired_timer(process, id);
    const Result<Nanoseconds> now = clock.process ? clock.read() : Result<Nanoseconds>(Nanoseconds{0});
    auto timers_again = process.posix_timers.lock();
    timer = timers_again->by_id.find(id);
    return timer == nullptr ? Result<>(Error::Einval) : use(*timer, now);
}

}  // namespace

/// LINUX: the order of checks is that of do_timer_create: the timer's number is stored before its clock is
/// looked up.
Result<> sys_timer_create(Context&, ClockId clock, OrNull<vm::UserIn<abi::sigevent>> event_in,
                          vm::UserOut<TimerNumber> out) {
    [[clang::uninitialized]] abi::sigevent event;
    if (!event_in.is_null()) event = TRY(event_in.read());
    const ClockId number = clock_by_number(clock);
    TRY(check_clock(number));
    Task& task = current_task();
    Process& process = *task.process;
    // Linux checks the limit of signals first. The signal is charged once all arguments were checked.
    if (QUEUED_SIGNALS.of(task.real_user()) >= process.limit(Resource::PendingSignals)) return Error::Eagain;
    const i32 id = TRY(process.posix_timers.lock()->take_id());
    PosixTimer::Notification notification;
    notification.value = static_cast<u32>(id);
    Result<PosixTimer::Notification> given =
        event_in.is_null() ? std::move(notification) : read_notification(event);
    if (!given) return given.error();
    Result<CpuClock> cpu_clock =
        is_cpu_clock(number) ? CpuClock::find(number, CpuClock::For::Other) : CpuClock{};
    const CpuClock none;
    Ref<PosixTimer> timer =
        TRY(create_posix_timer(task, id, number, std::move(*given), cpu_clock ? *cpu_clock : none));
    TRY(out.write(id));
    if (!cpu_clock) return cpu_clock.error();
    if (is_alarm(clock) && !task.identity().can(Capability::WakeAlarm)) return Error::Eperm;
    if (cpu_clock->process) cpu_clock->watch();
    add_posix_timer(std::move(timer));
    return {};
}

/// LINUX: a null pointer is an error, and unknown flags are ignored.
Result<> sys_timer_settime(Context&, TimerNumber id, abi::TimerFlags flags,
                           OrNull<vm::UserIn<abi::itimerspec>> in,
                           OrNull<vm::UserOut<abi::itimerspec>> old_out) {
    if (in.is_null()) return Error::Einval;
    const abi::itimerspec value = TRY(in.read());
    const Nanoseconds interval = TRY(to_nanoseconds(value.it_interval));
    const TimerSetting wanted{ TRY(to_nanoseconds(value.it_value)), interval};
    const auto start = has(flags, abi::TimerFlags::Abstime) ? TimerStart::Absolute : TimerStart::Relative;
    Process& process = current_process();
    TimerSetting old;
    SentSignal sent;
    TRY(with_timer(
        process, id.value,
        [&] [[gnu::always_inline]] (PosixTimer & timer, Result<Nanoseconds> clock) -> Result<> {
            const Nanoseconds cpu_now = TRY(clock);
            if (!old_out.is_null()) old = timer.remaining(cpu_now);
            if (timer.set(cpu_now, wanted, start)) sent = timer.fire(cpu_now);
            return {};
        }));
    finish_sending(process, sent);
    return old_out.is_null() ? Result<>() : old_out.write(to_abi(old));
}

Result<> sys_timer_gettime(Context&, TimerNumber id, vm::UserOut<abi::itimerspec> out) {
    Process& process = current_process();
    TimerSetting now;
    TRY(with_timer(
        process, id.value,
        [&](PosixTimer& timer, Result<Nanoseconds> cpu_now) -> Result<> {
            // LINUX: posix_cpu_timer_get: of a clock that has gone, nothing is told.
            if (cpu_now) now = timer.remaining(*cpu_now);
            return {};
        }));
    return out.write(to_abi(now));
}

Answer<Count32> sys_timer_getoverrun(Context&, TimerNumber id) {
    u32 overrun = 0;
    TRY(with_timer(
        current_process(), id.value,
        [&](const PosixTimer& timer, Result<Nanoseconds>) -> Result<> {
            overrun = static_cast<u32>(timer.overrun());
            return {};
        }));
    return overrun;
}

Result<> sys_timer_delete(Context&, TimerNumber id) {
    return delete_posix_timer(current_process(), id) ? Result<>() : Error::Einval;
}

}  // namespace exo::posix_x
