#include "posix_x/process/out_of_memory.hpp"

#include "log/log.hpp"
#include "posix_x/process/process_tree.hpp"
#include "scheduler/parking.hpp"

namespace exo::posix_x {

namespace {

u64 resident_pages(Process& process) {
    Ref<vm::AddressSpace> space;
    {
        auto state = process.signals.lock();
        if (state->task == nullptr) return 0;
        auto guard = state->task->task_lock.lock();
        space = state->task->space;
    }
    if (!space) return 0;
    const vm::SpaceStatistics statistics = space->statistics();
    return statistics.resident_anonymous + statistics.resident_source;
}

bool is_dying(Process& process) {
    auto state = process.signals.lock();
    return state->is_exiting || state->pending.set().has(Signal::Kill);
}

}  // namespace

bool kill_for_memory(vm::AddressSpace&) {
    Process& self = current_process();
    Ref<Process> victim;
    u64 most = 0;
    PROCESSES.for_each([&](Process& process) {
        if (process.pid() == FIRST_PID || is_dying(process)) return;
        const u64 pages = resident_pages(process);
        if (pages <= most) return;
        most = pages;
        victim = Ref<Process>(&process);
    });
    if (!victim) return false;
    log::error("out of memory: killed process {} ({} KiB resident)", victim->pid(), most * PAGE_SIZE / KIB);
    (void)send_signal(*victim, {.signal = Signal::Kill});
    if (victim.get() == &self) return false;
    // Its threads must run to give the memory back.
    constexpr time::Nanoseconds PATIENCE = 20 * time::MILLISECOND;
    (void)scheduler::sleep_until(time::Deadline::after(PATIENCE), scheduler::WaitMode::Killable);
    return true;
}

}  // namespace exo::posix_x
