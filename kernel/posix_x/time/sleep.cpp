// nanosleep, clock_nanosleep, restart_syscall.
#include "posix_x/syscalls/support.hpp"
#include "posix_x/time/clocks.hpp"

namespace exo::posix_x {

namespace {

using abi::ClockId;
using abi::TimerFlags;
using scheduler::WaitMode;

/// Errors: RestartWithBlock, after the remaining time was written to `block.address` (unless that is 0); Efault.
Result<u64> sleep_for_rest(const RestartBlock& block) {
    const Result<> result = scheduler::sleep_until(block.deadline, WaitMode::Interruptible);
    if (result) return 0ULL;
    if (block.address != 0)
        TRY(vm::UserOut<abi::timespec>(block.address).write(to_timespec(time_left(block.deadline))));
    current_task().restart = block;
    return Error::RestartWithBlock;
}

Result<> sleep_relative(Nanoseconds time, OrNull<vm::UserOut<abi::timespec>> left) {
    TRY(sleep_for_rest({&sleep_for_rest, time::Deadline::after(time), left.address(), 0}));
    return {};
}

/// An absolute sleep starts again as it is: its end does not move.
Result<> sleep_until_monotonic(Nanoseconds at) {
    const Result<> result = scheduler::sleep_until({at}, WaitMode::Interruptible);
    return result ? result : Result<>(Error::RestartNoHandler);
}

/// The end moves when the clock is set: then it is computed anew.
Result<> sleep_until_real(Nanoseconds at) {
    while (true) {
        const u64 setting = clock_settings();
        const Nanoseconds now = time::realtime();
        if (now >= at) return {};
        const Result<> result = clock_setting_waiters().wait(
            WaitMode::Interruptible, [&] { return clock_settings() != setting; },
            time::Deadline::after(at - now));
        if (!result && result.error() != Error::Etimedout) return Error::RestartNoHandler;
    }
}

/// A process that sleeps uses no CPU time, so only a signal ends it. LINUX: a time that is not 0 counts as not yet there.
Result<u64> sleep_without_progress(const RestartBlock& block) {
    while (scheduler::park(WaitMode::Interruptible)) {
    }
    if (block.address != 0)
        TRY(vm::UserOut<abi::timespec>(block.address).write(to_timespec(block.deadline.at)));
    current_task().restart = block;
    return Error::RestartWithBlock;
}

Result<> sleep_by_cpu_time(ClockId clock, Nanoseconds time, TimerFlags flags,
                           OrNull<vm::UserOut<abi::timespec>> left) {
    if (!has(flags, TimerFlags::Abstime)) {
        // The block's deadline is what is left, which never becomes less.
        if (time != 0) TRY(sleep_without_progress({&sleep_without_progress, {time}, left.address(), 0}));
        return {};
    }
    if (time <= TRY(read_clock(clock))) return {};
    while (scheduler::park(WaitMode::Interruptible)) {
    }
    return Error::RestartNoHandler;
}

enum class SleepClock : u8 { Monotonic, Real, CpuTime };

/// Clocks by pid are only looked at when the time has been read. Errors: Einval (no such clock), Eopnotsupp (it cannot be
/// slept by).
Result<SleepClock> clock_to_sleep_by(ClockId clock) {
    switch (clock) {
        case ClockId::Realtime:
        case ClockId::RealtimeAlarm:
        case ClockId::Tai: return SleepClock::Real;
        case ClockId::Monotonic:
        case ClockId::BoottimeAlarm:
        case ClockId::Boottime: return SleepClock::Monotonic;
        case ClockId::ProcessCpuTime: return SleepClock::CpuTime;
        default: break;
    }
    if (is_cpu_clock_by_pid(clock)) return SleepClock::CpuTime;
    if (std::to_underlying(clock) >= 0) TRY(read_clock(clock));
    return Error::Eopnotsupp;
}

/// LINUX: posix_cpu_nsleep. Errors: Einval (no such process, or the caller's own thread), Eopnotsupp: the clock of
/// another process, which would have to wake who sleeps by it.
Result<> check_cpu_clock(ClockId clock) {
    if (clock == ClockId::ProcessCpuTime) return {};
    TRY(read_clock(clock));
    if (is_clock_of_thread(clock)) return Error::Einval;
    return is_clock_of_caller(clock) ? Result<>() : Result<>(Error::Eopnotsupp);
}

/// The machine is never suspended, so an alarm that would wake it is as good as any. Errors: Einval, Eperm.
Result<> check_alarm(ClockId clock, TimerFlags flags) {
    if (clock != ClockId::RealtimeAlarm && clock != ClockId::BoottimeAlarm) return {};
    if (has(flags, ~TimerFlags::Abstime)) return Error::Einval;
    return current_task().identity->can(Capability::WakeAlarm) ? Result<>{} : Result<>(Error::Eperm);
}

Result<> sys_nanosleep(Context&, vm::UserIn<abi::timespec> in, OrNull<vm::UserOut<abi::timespec>> left) {
    return sleep_relative(TRY(to_nanoseconds(TRY(in.read()))), left);
}

Result<> sys_clock_nanosleep(Context&, ClockId clock, TimerFlags flags, vm::UserIn<abi::timespec> in,
                             OrNull<vm::UserOut<abi::timespec>> left) {
    const SleepClock kind = TRY(clock_to_sleep_by(clock));
    const Nanoseconds time = TRY(to_nanoseconds(TRY(in.read())));
    TRY(check_alarm(clock, flags));
    if (kind == SleepClock::CpuTime) {
        TRY(check_cpu_clock(clock));
        return sleep_by_cpu_time(clock, time, flags, left);
    }
    if (!has(flags, TimerFlags::Abstime)) return sleep_relative(time, left);
    return kind == SleepClock::Real ? sleep_until_real(time) : sleep_until_monotonic(time);
}

/// What the call answers that goes on.
Answer<ByCommand> sys_restart_syscall(Context&) {
    const RestartBlock block = std::exchange(current_task().restart, {});
    if (block.resume == nullptr) return Error::Eintr;
    return block.resume(block);
}

}  // namespace

Result<> register_sleep_calls() {
    using syscall::register_call;
    TRY(register_call<sys_nanosleep>(35, "nanosleep"));
    TRY(register_call<sys_restart_syscall>(219, "restart_syscall"));
    return register_call<sys_clock_nanosleep>(230, "clock_nanosleep");
}

}  // namespace exo::posix_x
