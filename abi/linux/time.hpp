// Linux time structures (include/uapi/linux/time_types.h), x86-64.
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

struct timespec {
    std::int64_t tv_sec;
    std::int64_t tv_nsec;
};
static_assert(sizeof(timespec) == 16);

struct timeval {
    std::int64_t tv_sec;
    std::int64_t tv_usec;
};
static_assert(sizeof(timeval) == 16);

struct timezone {
    std::int32_t tz_minuteswest;
    std::int32_t tz_dsttime;
};

struct itimerval {
    timeval it_interval;
    timeval it_value;
};

/// times(2): in clock ticks of which a second has 100.
struct tms {
    std::int64_t tms_utime;
    std::int64_t tms_stime;
    std::int64_t tms_cutime;
    std::int64_t tms_cstime;
};

enum class ClockId : std::int32_t {
    Realtime = 0,
    Monotonic = 1,
    ProcessCpuTime = 2,
    ThreadCpuTime = 3,
    MonotonicRaw = 4,
    RealtimeCoarse = 5,
    MonotonicCoarse = 6,
    Boottime = 7,
    RealtimeAlarm = 8,
    BoottimeAlarm = 9,
    Tai = 11,
};

/// A negative clock id is the CPU time of a process or a thread, or a descriptor (clock_getcpuclockid(3),
/// include/linux/posix-timers_types.h): all bits of the pid inverted, then three that say what is counted.
inline constexpr std::int32_t CPU_CLOCK_KIND = 3;
inline constexpr std::int32_t CPU_CLOCK_OF_THREAD = 4;
inline constexpr std::int32_t CPU_CLOCK_BITS = CPU_CLOCK_KIND | CPU_CLOCK_OF_THREAD;
inline constexpr std::int32_t CPU_CLOCK_SHIFT = 3;
enum class CpuClockKind : std::int32_t { Profiling = 0, User = 1, RunTime = 2, Descriptor = 3 };

enum class TimerFlags : std::uint32_t { None = 0, Abstime = 1 };
template <> inline constexpr bool IS_FLAG_ENUM<TimerFlags> = true;

struct itimerspec {
    timespec it_interval;
    timespec it_value;
};

/// How a program hears of a timer's expiry (sigevent(3type)). SIGEV_THREAD is the library's: the kernel sends a signal.
enum class NotifyKind : std::int32_t { Signal = 0, None = 1, Thread = 2, ThreadId = 4 };

/// include/uapi/asm-generic/siginfo.h.
struct sigevent {
    std::uint64_t sigev_value;
    std::int32_t sigev_signo;
    NotifyKind sigev_notify;
    std::int32_t sigev_notify_thread_id;
    std::int32_t padding_[11];
};
static_assert(sizeof(sigevent) == 64);

enum class IntervalTimer : std::int32_t { Real = 0, Virtual = 1, Profiling = 2 };

/// What adjtimex(2) answers: TIME_OK, TIME_ERROR and the rest.
enum class ClockState : std::int32_t { Ok = 0, Insert = 1, Delete = 2, Progress = 3, Wait = 4, Error = 5 };

/// adjtimex(2), include/uapi/linux/timex.h.
struct timex {
    std::uint32_t modes;
    std::uint32_t padding1_;
    std::int64_t offset;
    std::int64_t freq;
    std::int64_t maxerror;
    std::int64_t esterror;
    std::int32_t status;
    std::uint32_t padding2_;
    std::int64_t constant;
    std::int64_t precision;
    std::int64_t tolerance;
    timeval time;
    std::int64_t tick;
    std::int64_t ppsfreq;
    std::int64_t jitter;
    std::int32_t shift;
    std::uint32_t padding3_;
    std::int64_t stabil;
    std::int64_t jitcnt;
    std::int64_t calcnt;
    std::int64_t errcnt;
    std::int64_t stbcnt;
    std::int32_t tai;
    std::int32_t padding4_[11];
};
static_assert(sizeof(timex) == 208);

}  // namespace exo::abi
