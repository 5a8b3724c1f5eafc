#include "posix_x/process/cpu_clock.hpp"

#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/usage.hpp"

namespace exo::posix_x {

using abi::CpuClockKind;

Result<CpuClock> CpuClock::find(abi::ClockId clock, For use) {
    const CpuClockKind kind = kind_of_clock(clock);
    if (kind == CpuClockKind::Descriptor) return Error::Einval;
    Task& caller = current_task();
    const Pid owner = owner_of_clock(clock);
    if (is_clock_of_thread(clock)) {
        Ref<Task> task = owner == 0 ? Ref<Task>(&caller) : PROCESSES.find_task(owner);
        if (!task || task->process != caller.process) return Error::Einval;
        return CpuClock{kind, caller.process, std::move(task)};
    }
    if (owner == 0 || (use == For::Reading && owner == caller.tid()))
        return CpuClock{kind, caller.process, {}};
    Ref<Process> process = owner == caller.process->pid() ? caller.process : PROCESSES.find(owner);
    if (!process) return Error::Einval;
    return CpuClock{kind, std::move(process), {}};
}

Result<time::Nanoseconds> CpuClock::read() const {
    ResourceUsage usage;
    if (task) {
        auto state = process->signals.lock();
        if (task->thread == nullptr) return Error::Esrch;
        usage = to_usage(task->thread->cpu_use());
    } else {
        if (process->state.load(std::memory_order_relaxed) == ProcessState::Reaped) return Error::Esrch;
        usage = usage_of(*process);
    }
    return kind == CpuClockKind::User ? usage.user_time : usage.user_time + usage.system_time;
}

void CpuClock::watch() const {
    if (!task) return watch_cpu_time(*process);
    auto state = process->signals.lock();
    if (task->thread != nullptr) task->thread->watch_cpu_time();
}

}  // namespace exo::posix_x
