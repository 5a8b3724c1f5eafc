// nanosleep, clock_nanosleep, restart_syscall.
#include "posix_x/time/sleep.hpp"

#include "posix_x/process/cpu_clock.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/time/clocks.hpp"
#include "utils/scope.hpp"

namespace exo::posix_x {

namespace {

using abi::ClockId;
using abi::TimerFlags;
using scheduler::WaitMode;

/// Errors: RestartWithBlock, after the remaining time was written to `block.address` (unless that is 0);
/// Efault.
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

/// An absolute sleep restarts with the same end.
Result<> sleep_until_monotonic(Nanoseconds at) {
    const Result<> result = scheduler::sleep_until({at}, WaitMode::Interruptible);
    return result ? result : Result<>(Error::RestartNoHandler);
}

/// The end moves when the clock is set, so it is computed again then.
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

/// Wakes a thread when a CPU clock has reached a point in time.
struct CpuSleep : CpuAlarm {
    explicit CpuSleep(scheduler::Thread& sleeper)
        : CpuAlarm([](CpuAlarm& alarm) {
              auto& self = static_cast<CpuSleep&>(alarm);
              self.is_over.store(true, std::memory_order_seq_cst);
              scheduler::unpark(self.thread);
          }),
          thread(sleeper) {}
    scheduler::Thread& thread;
    std::atomic<bool> is_over{false};
};

/// Sleeps until the clock reaches `end`. Errors: RestartSys.
Result<> sleep_by_clock(const CpuClock& clock, Nanoseconds end) {
    CpuSleep sleep(scheduler::current_thread());
    clock.alarms().lock()->arm(sleep, clock.kind, end);
    clock.watch();
    const ScopeExit cancel{[&] { clock.alarms().lock()->cancel(sleep, clock.kind); }};
    while (!sleep.is_over.load(std::memory_order_seq_cst)) {
        const Result<> parked = scheduler::park(WaitMode::Interruptible);
        if (!parked && !sleep.is_over.load(std::memory_order_seq_cst)) return parked;
    }
    return {};
}

/// The block's deadline is a point in the CPU clock's time. LINUX: posix_cpu_nsleep_restart.
/// Errors: RestartWithBlock, after the remaining time was written to `block.address` (unless that is 0); Efault, Einval.
Result<u64> sleep_for_cpu_rest(const RestartBlock& block) {
    const CpuClock clock = TRY(CpuClock::find(block.clock, CpuClock::For::Other));
    const Nanoseconds end = block.deadline.at;
    if (TRY(clock.read()) >= end || sleep_by_clock(clock, end)) return 0ULL;
    const Result<Nanoseconds> now = clock.read();
    if (block.address != 0) {
        const Nanoseconds left = now && *now < end ? end - *now : 1;
        TRY(vm::UserOut<abi::timespec>(block.address).write(to_timespec(left)));
    }
    current_task().restart = block;
    return Error::RestartWithBlock;
}

Result<> sleep_by_cpu_time(ClockId id, Nanoseconds time, TimerFlags flags,
                           OrNull<vm::UserOut<abi::timespec>> left) {
    const CpuClock clock = TRY(CpuClock::find(id, CpuClock::For::Other));
    const Nanoseconds now = TRY(clock.read());
    if (has(flags, TimerFlags::Abstime)) {
        if (time <= now) return {};
        const Result<> slept = sleep_by_clock(clock, time);
        return slept ? slept : Result<>(Error::RestartNoHandler);
    }
    if (time == 0) return {};
    const Nanoseconds end = std::min(now + time, LONGEST_TIME);
    TRY(sleep_for_cpu_rest(
        {.resume = &sleep_for_cpu_rest, .deadline = {end}, .address = left.address(), .clock = id}));
    return {};
}

enum class SleepClock : u8 { Monotonic, Real, CpuTime };

/// Checks the clock of a sleep. CPU clocks by pid are checked after the time was read. Errors: Einval (no
/// such clock), Eopnotsupp (it does not support sleeps).
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
    if (is_cpu_clock(clock)) return SleepClock::CpuTime;
    if (std::to_underlying(clock) >= 0) TRY(read_clock(clock));
    return Error::Eopnotsupp;
}

/// LINUX: process_cpu_nsleep, posix_cpu_nsleep. Errors: Einval (the caller's own thread).
Result<ClockId> cpu_clock_to_sleep_by(ClockId clock) {
    constexpr auto OF_PROCESS = static_cast<ClockId>(static_cast<i32>(~0U << abi::CPU_CLOCK_SHIFT) |
                                                     std::to_underlying(abi::CpuClockKind::RunTime));
    if (clock == ClockId::ProcessCpuTime) return OF_PROCESS;
    const Pid owner = owner_of_clock(clock);
    const bool is_own = owner == 0 || owner == current_task().tid();
    return is_clock_of_thread(clock) && is_own ? Result<ClockId>(Error::Einval) : clock;
}

/// Checks an alarm clock. The machine is never suspended, so such a clock behaves like the normal one.
/// Errors: Einval, Eperm.
Result<> check_alarm(ClockId clock, TimerFlags flags) {
    if (clock != ClockId::RealtimeAlarm && clock != ClockId::BoottimeAlarm) return {};
    if (has(flags, ~TimerFlags::Abstime)) return Error::Einval;
    return current_task().identity().can(Capability::WakeAlarm) ? Result<>{} : Result<>(Error::Eperm);
}

}  // namespace

Result<> sys_nanosleep(Context&, vm::UserIn<abi::timespec> in, OrNull<vm::UserOut<abi::timespec>> left) {
    return sleep_relative(TRY(to_nanoseconds(TRY(in.read()))), left);
}

Result<> sys_clock_nanosleep(Context&, ClockId clock, TimerFlags flags, vm::UserIn<abi::timespec> in,
                             OrNull<vm::UserOut<abi::timespec>> left) {
    const SleepClock kind = TRY(clock_to_sleep_by(clock));
    const Nanoseconds time = TRY(to_nanoseconds(TRY(in.read())));
    TRY(check_alarm(clock, flags));
    if (kind == SleepClock::CpuTime) {
        return sleep_by_cpu_time(TRY(cpu_clock_to_sleep_by(clock)), time, flags, left);
    }
    if (!has(flags, TimerFlags::Abstime)) return sleep_relative(time, left);
    return kind == SleepClock::Real ? sleep_until_real(time) : sleep_until_monotonic(time);
}

/// Returns the result of the continued call.
Answer<ByCommand> sys_restart_syscall(Context&) {
    const RestartBlock block = std::exchange(current_task().restart, {});
    if (block.resume == nullptr) return Error::Eintr;
    return block.resume(block);
}

}  // namespace exo::posix_x
