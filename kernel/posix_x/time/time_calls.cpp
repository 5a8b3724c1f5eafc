// Reading and setting clocks.
#include "posix_x/time/time_calls.hpp"

#include "posix_x/process/cpu_clock.hpp"
#include "posix_x/process/posix_timer.hpp"
#include "posix_x/process/usage.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/syscalls/time_values.hpp"
#include "posix_x/time/clocks.hpp"
#include "posix_x/time/timerfd.hpp"

namespace exo::posix_x {

namespace {

using abi::ClockId;

/// LINUX: the resolution that coarse clocks report, with a tick of 4 ms. In this kernel they are as precise
/// as the others.
constexpr Nanoseconds COARSE_RESOLUTION = 4 * time::MILLISECOND;

/// settimeofday's time zone, which the kernel only stores.
struct Zone {
    abi::timezone zone{};
    bool was_set = false;
};
constinit sync::SpinLocked<Zone, sync::LockRank::SpinLeaf> zone;
constinit std::atomic<u64> setting_count{0};
constinit scheduler::WaitQueue setting_waiters;

/// Reads a CPU clock. Clock ids of devices do not exist here. Errors: Einval.
Result<Nanoseconds> read_cpu_clock(ClockId clock) {
    const Result<Nanoseconds> now = TRY(CpuClock::find(clock, CpuClock::For::Reading)).read();
    return now ? now : Result<Nanoseconds>(Error::Einval);
}

bool may_set_time() { return current_task().identity().can(Capability::SysTime); }

/// Sets the real time. Errors: Einval (a time before boot, which would make the boot time negative).
Result<> set_real_time(Nanoseconds since_epoch) {
    if (since_epoch < time::monotonic()) return Error::Einval;
    time::set_realtime(since_epoch);
    setting_count.fetch_add(1, std::memory_order_seq_cst);  // before the waiters are woken, who compare it
    setting_waiters.wake_all();
    TimerFile::real_time_was_set();
    posix_timers_after_clock_setting();
    return {};
}

Result<Nanoseconds> clock_resolution(ClockId clock) {
    switch (clock) {
        case ClockId::RealtimeCoarse:
        case ClockId::MonotonicCoarse: return COARSE_RESOLUTION;
        default: break;
    }
    if (std::to_underlying(clock) >= 0) {
        TRY(read_clock(clock));
        return Nanoseconds{1};
    }
    TRY(CpuClock::find(clock, CpuClock::For::Other));
    return kind_of_clock(clock) == abi::CpuClockKind::RunTime ? Nanoseconds{1} : COARSE_RESOLUTION;
}

}  // namespace

Result<> sys_clock_gettime(Context&, ClockId clock, vm::UserOut<abi::timespec> out) {
    return out.write(to_timespec(TRY(read_clock(clock))));
}

Result<> sys_clock_getres(Context&, ClockId clock, OrNull<vm::UserOut<abi::timespec>> out) {
    const Nanoseconds resolution = TRY(clock_resolution(clock));
    if (out.is_null()) return {};
    return out.write(to_timespec(resolution));
}

/// LINUX: the fixed ids of CPU clocks cannot be set (EINVAL); CPU clocks by pid refuse with EPERM.
Result<> sys_clock_settime(Context&, ClockId clock, vm::UserIn<abi::timespec> in) {
    const bool is_by_pid = std::to_underlying(clock) < 0;
    if (clock != ClockId::Realtime && !is_by_pid) return Error::Einval;
    const abi::timespec time = TRY(in.read());
    if (is_by_pid) {
        TRY(CpuClock::find(clock, CpuClock::For::Other));
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

/// LINUX: the first call with a zone and without a time changes a clock in local time to UTC
/// (settimeofday(2)).
static Result<> set_zone(const abi::timezone& wanted, bool comes_without_time) {
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
    time::publish_zone(static_cast<u32>(wanted.tz_minuteswest) |
                       static_cast<u64>(static_cast<u32>(wanted.tz_dsttime)) << 32);
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

/// The clock cannot be adjusted: a program can read the values, and change none.
static Result<i32> adjust_clock(vm::UserInOut<abi::timex> user) {
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
    if (!is_cpu_clock(clock)) TRY(read_clock(clock));
    return Error::Eopnotsupp;
}

Result<Nanoseconds> read_clock(ClockId clock) {
    switch (clock) {
        case ClockId::Realtime:
        case ClockId::RealtimeCoarse:
        case ClockId::RealtimeAlarm:
        case ClockId::Tai: return time::realtime();  // LINUX: the offset to TAI starts with 0
        case ClockId::Monotonic:
        case ClockId::MonotonicRaw:
        case ClockId::MonotonicCoarse:
        case ClockId::BoottimeAlarm:
        case ClockId::Boottime: return time::monotonic();  // there is no suspended time, and no steering
        case ClockId::ProcessCpuTime: {
            const ResourceUsage usage = usage_of(current_process());
            return usage.user_time + usage.system_time;
        }
        case ClockId::ThreadCpuTime: return current_task().thread->cpu_use().run_time;
        default: break;
    }
    if (std::to_underlying(clock) >= 0) return Error::Einval;
    return read_cpu_clock(clock);
}

u64 clock_settings() { return setting_count.load(std::memory_order_seq_cst); }

scheduler::WaitQueue& clock_setting_waiters() { return setting_waiters; }

}  // namespace exo::posix_x
