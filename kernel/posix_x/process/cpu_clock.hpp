// CPU clocks: the CPU time of a process or a task (clock_getcpuclockid(3), pthread_getcpuclockid(3)).
#pragma once

#include "abi/linux/time.hpp"
#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// Whether the id names a CPU clock, by the number of a process or task.
constexpr bool is_cpu_clock(abi::ClockId clock) {
    return std::to_underlying(clock) < 0 && (std::to_underlying(clock) & abi::CPU_CLOCK_BITS) !=
                                                std::to_underlying(abi::CpuClockKind::Descriptor);
}
constexpr bool is_clock_of_thread(abi::ClockId clock) {
    return (std::to_underlying(clock) & abi::CPU_CLOCK_OF_THREAD) != 0;
}
constexpr Pid owner_of_clock(abi::ClockId clock) {
    return ~(std::to_underlying(clock) >> abi::CPU_CLOCK_SHIFT);
}
constexpr abi::CpuClockKind kind_of_clock(abi::ClockId clock) {
    return static_cast<abi::CpuClockKind>(std::to_underlying(clock) & abi::CPU_CLOCK_KIND);
}

struct CpuClock {
    abi::CpuClockKind kind = abi::CpuClockKind::RunTime;
    Ref<Process> process;  ///< Null: no clock.
    Ref<Task> task;        ///< If not null, the clock counts this task of `process` only.

    enum class For : u8 { Reading, Other };
    /// Finds a clock. LINUX: pid_for_clock. A program can use task clocks only of tasks in its own process. A
    /// caller that reads a process clock may name its process by its own task number. Errors: Einval (no such
    /// clock).
    static Result<CpuClock> find(abi::ClockId clock, For use);
    /// May switch to another thread. Errors: Esrch (the process was reaped, or the task has ended).
    Result<time::Nanoseconds> read() const;
    CpuAlarms::Locked& alarms() const { return task ? task->cpu_alarms : process->cpu_alarms; }
    /// Starts sampling the tasks that the clock counts.
    void watch() const;
};

}  // namespace exo::posix_x
