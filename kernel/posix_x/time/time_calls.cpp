// Reading and setting clocks.
#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/usage.hpp"
#include "posix_x/syscalls/families.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/syscalls/time_values.hpp"
#include "posix_x/time/clocks.hpp"

namespace exo::posix_x {

namespace {

using abi::ClockId;

/// LINUX: what the coarse clocks say of themselves there, with a tick of 4 ms. Ours are as fine as the others.
constexpr Nanoseconds COARSE_RESOLUTION = 4 * time::MILLISECOND;

/// settimeofday's zone, which the kernel only keeps.
struct Zone {
    abi::timezone zone{};
    bool was_set = false;
};
constinit sync::SpinLocked<Zone, sync::LockRank::SpinLeaf> zone;
constinit std::atomic<u64> setting_count{0};
constinit scheduler::WaitQueue setting_waiters;

abi::CpuClockKind cpu_clock_kind(ClockId clock) {
    return static_cast<abi::CpuClockKind>(std::to_underlying(clock) & abi::CPU_CLOCK_KIND);
}

/// What a process has used, of which there may be another's. Errors: Einval (no such process).
Result<ResourceUsage> usage_of_pid(Pid pid) {
    if (pid == 0 || pid == current_process().pid()) return usage_of(current_task());
    const Ref<Process> process = PROCESSES.find(pid);
    if (!process) return Error::Einval;
    auto state = process->signals.lock();  // keeps the task from ending
    if (state->task == nullptr) return process->usage;
    return to_usage(state->task->thread->cpu_use());
}

/// A process has one thread, so a thread's clock is its process's; only the caller's own may be read (clock_gettime(2)).
Result<Nanoseconds> read_cpu_clock(ClockId clock) {
    const i32 id = std::to_underlying(clock);
    const Pid pid = ~(id >> abi::CPU_CLOCK_SHIFT);
    if (is_clock_of_thread(clock) && !is_clock_of_caller(clock)) return Error::Einval;
    const abi::CpuClockKind kind = cpu_clock_kind(clock);
    if (kind == abi::CpuClockKind::Descriptor) return Error::Einval;  // no device has a clock
    const ResourceUsage usage = TRY(usage_of_pid(pid));
    return kind == abi::CpuClockKind::User ? usage.user_time : usage.user_time + usage.system_time;
}

bool may_set_time() { return current_task().identity->can(Capability::SysTime); }

/// Errors: Einval (a time before the machine was started: monotonic time would have to be negative).
Result<> set_real_time(Nanoseconds since_epoch) {
    if (since_epoch < time::monotonic()) return Error::Einval;
    time::set_realtime(since_epoch);
    setting_count.fetch_add(1, std::memory_order_seq_cst);  // before the waiters are woken, who compare it
    setting_waiters.wake_all();
    return {};
}

Result<Nanoseconds> clock_resolution(ClockId clock) {
    switch (clock) {
        case ClockId::RealtimeCoarse:
        case ClockId::MonotonicCoarse: return COARSE_RESOLUTION;
        default: break;
    }
    TRY(read_clock(clock));
    const bool is_by_pid = std::to_underlying(clock) < 0;
    if (is_by_pid && cpu_clock_kind(clock) != abi::CpuClockKind::RunTime) return COARSE_RESOLUTION;
    return Nanoseconds{1};
}

Result<> sys_clock_gettime(Context&, ClockId clock, vm::UserOut<abi::timespec> out) {
    return out.write(to_timespec(TRY(read_clock(clock))));
}

Result<> sys_clock_getres(Context&, ClockId clock, OrNull<vm::UserOut<abi::timespec>> out) {
    const Nanoseconds resolution = TRY(clock_resolution(clock));
    if (out.is_null()) return {};
    return out.write(to_timespec(resolution));
}

/// LINUX: the CPU clocks that have a number of their own cannot be asked to change; those by pid can, and refuse.
Result<> sys_clock_settime(Context&, ClockId clock, vm::UserIn<abi::timespec> in) {
    const bool is_by_pid = std::to_underlying(clock) < 0;
    if (clock != ClockId::Realtime && !is_by_pid) return Error::Einval;
    const abi::timespec time = TRY(in.read());
    if (is_by_pid) {
        TRY(read_clock(clock));
        return Error::Eperm;
    }
    const Nanoseconds since_epoch = TRY(to_nanoseconds(time));
    if (!may_set_time()) return Error::Eperm;
    return set_real_time(since_epoch);
}

Result<> sys_gettimeofday(Context&, OrNull<vm::UserOut<abi::timeval>> out,
                          OrNull<vm::UserOut<abi::timezone>> zone_out) {
    if (!out.is_null()) TRY(out.write(to_timeval(time::realtime())));
    if (zone_out.is_null()) return {};
    const abi::timezone current = zone.lock()->zone;
    return zone_out.write(current);
}

/// LINUX: the first zone that comes without a time moves a clock that ran in local time to UTC (settimeofday(2)).
Result<> set_zone(const abi::timezone& wanted, bool comes_without_time) {
    constexpr i32 LARGEST = 15 * 60;
    constexpr i64 NANOSECONDS_PER_MINUTE = 60 * static_cast<i64>(time::SECOND);
    if (wanted.tz_minuteswest > LARGEST || wanted.tz_minuteswest < -LARGEST) return Error::Einval;
    bool is_first;
    {
        auto state = zone.lock();
        is_first = !state->was_set;
        state->was_set = true;
        state->zone = wanted;
    }
    if (!is_first || !comes_without_time || wanted.tz_minuteswest == 0) return {};
    const i64 shift = wanted.tz_minuteswest * NANOSECONDS_PER_MINUTE;
    return set_real_time(time::realtime() + static_cast<u64>(shift));
}

Result<> sys_settimeofday(Context&, OrNull<vm::UserIn<abi::timeval>> in,
                          OrNull<vm::UserIn<abi::timezone>> zone_in) {
    Nanoseconds since_epoch = 0;
    if (!in.is_null()) since_epoch = TRY(to_nanoseconds(TRY(in.read())));
    abi::timezone wanted{};
    if (!zone_in.is_null()) wanted = TRY(zone_in.read());
    if (!may_set_time()) return Error::Eperm;
    if (!zone_in.is_null()) TRY(set_zone(wanted, in.is_null()));
    if (in.is_null()) return {};
    return set_real_time(since_epoch);
}

Answer<EpochSeconds> sys_time(Context&, OrNull<vm::UserOut<EpochSeconds>> out) {
    const i64 seconds = static_cast<i64>(time::realtime() / time::SECOND);
    if (!out.is_null()) TRY(out.write(seconds));
    return seconds;
}

/// The clock is not steered: what is asked for can be told, and nothing changed.
Result<i32> adjust_clock(vm::UserInOut<abi::timex> user) {
    constexpr u32 OFFSET_READ_ONLY = 0xa001;  // ADJ_OFFSET_SS_READ: the old adjtime(3), looking only
    constexpr u32 TICK = 0x4000;              // ADJ_TICK
    constexpr i32 STATUS_UNSYNCHRONISED = 0x40;
    abi::timex state = TRY(user.read());
    if (state.modes != 0 && state.modes != OFFSET_READ_ONLY) {
        if (!may_set_time()) return Error::Eperm;
        // LINUX: timekeeping_validate_timex: within a tenth of a tick of 10 ms.
        const bool is_bad_tick = (state.modes & TICK) != 0 && (state.tick < 9'000 || state.tick > 11'000);
        return is_bad_tick ? Error::Einval : Error::Eopnotsupp;
    }
    const u32 modes = state.modes;
    state = {};
    state.modes = modes;
    state.maxerror = state.esterror = 16'000'000;  // microseconds: as bad as Linux admits
    state.status = STATUS_UNSYNCHRONISED;
    state.constant = 2;
    state.precision = 1;
    state.tolerance = 500LL << 16;
    state.tick = 10'000;
    state.time = to_timeval(time::realtime());
    TRY(user.write(state));
    return static_cast<i32>(abi::ClockState::Error);
}

Answer<abi::ClockState> sys_adjtimex(Context&, vm::UserInOut<abi::timex> user) { return adjust_clock(user); }

Answer<abi::ClockState> sys_clock_adjtime(Context&, ClockId clock, vm::UserInOut<abi::timex> user) {
    if (clock == ClockId::Realtime) return adjust_clock(user);
    TRY(user.read());
    if (!is_cpu_clock_by_pid(clock)) TRY(read_clock(clock));
    return Error::Eopnotsupp;
}

}  // namespace

bool is_cpu_clock_by_pid(ClockId clock) {
    return std::to_underlying(clock) < 0 && (std::to_underlying(clock) & abi::CPU_CLOCK_BITS) !=
                                                std::to_underlying(abi::CpuClockKind::Descriptor);
}

bool is_clock_of_thread(ClockId clock) { return (std::to_underlying(clock) & abi::CPU_CLOCK_OF_THREAD) != 0; }

bool is_clock_of_caller(ClockId clock) {
    const Pid pid = ~(std::to_underlying(clock) >> abi::CPU_CLOCK_SHIFT);
    return pid == 0 || pid == current_process().pid();
}

Result<Nanoseconds> read_clock(ClockId clock) {
    switch (clock) {
        case ClockId::Realtime:
        case ClockId::RealtimeCoarse:
        case ClockId::RealtimeAlarm:
        case ClockId::Tai: return time::realtime();  // nobody has told the offset to TAI: Linux starts with 0
        case ClockId::Monotonic:
        case ClockId::MonotonicRaw:
        case ClockId::MonotonicCoarse:
        case ClockId::BoottimeAlarm:
        case ClockId::Boottime: return time::monotonic();  // there is no suspended time, and no steering
        case ClockId::ProcessCpuTime:
        case ClockId::ThreadCpuTime: {
            const ResourceUsage usage = usage_of(current_task());
            return usage.user_time + usage.system_time;
        }
        default: break;
    }
    if (std::to_underlying(clock) >= 0) return Error::Einval;
    return read_cpu_clock(clock);
}

u64 clock_settings() { return setting_count.load(std::memory_order_seq_cst); }

scheduler::WaitQueue& clock_setting_waiters() { return setting_waiters; }

Result<> register_time_calls() {
    using syscall::register_call;
    TRY(register_call<sys_gettimeofday>(96, "gettimeofday"));
    TRY(register_call<sys_adjtimex>(159, "adjtimex"));
    TRY(register_call<sys_settimeofday>(164, "settimeofday"));
    TRY(register_call<sys_time>(201, "time"));
    TRY(register_call<sys_clock_settime>(227, "clock_settime"));
    TRY(register_call<sys_clock_gettime>(228, "clock_gettime"));
    TRY(register_call<sys_clock_getres>(229, "clock_getres"));
    TRY(register_call<sys_clock_adjtime>(305, "clock_adjtime"));
    TRY(register_sleep_calls());
    return register_cpu_time_calls();
}

}  // namespace exo::posix_x
