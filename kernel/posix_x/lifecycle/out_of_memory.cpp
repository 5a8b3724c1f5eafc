#include "posix_x/lifecycle/out_of_memory.hpp"

#include <algorithm>

#include "fs/cache/reclaim.hpp"
#include "fs/tree/name_tree.hpp"
#include "log/log.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "posix_x/process/process.hpp"
#include "posix_x/process/process_tree.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

/// The memory of files that are open only in this table, and of the table's slots.
u64 bytes_of_files(security::CapabilityTable& table) {
    constexpr u64 SLOT_BYTES = 32;
    constexpr u32 TABLE_AND_HERE = 2;
    u64 bytes = 0;
    for (auto number = table.next_open(0); number; number = table.next_open(*number + 1)) {
        scheduler::preempt_point();
        bytes += SLOT_BYTES;
        const Result<security::Capability> open = table.copy(*number);
        if (!open || open->object->object_kind() != ObjectKind::File) continue;
        if (open->object->reference_count() != TABLE_AND_HERE) continue;
        bytes += static_cast<const fs::File&>(*open->object).held_bytes();
    }
    return bytes;
}

bool is_dying(Process& process) {
    auto state = process.signals.lock();
    return state->is_exiting || state->pending.set().has(Signal::Kill);
}

/// LINUX: oom_badness. An adjustment of 1000 counts as all of the memory.
i64 badness(Process& process) {
    const i64 adjustment = process.oom_adjustment.load(std::memory_order_relaxed);
    return static_cast<i64>(pages_held_by(process)) +
           adjustment * static_cast<i64>(memory::get_stats().total_frames) / OOM_FIRST;
}

struct ProcessName {
    char text[16] = {};
};

ProcessName name_of(Process& process) {
    ProcessName name;
    auto state = process.signals.lock();
    if (const Task* task = state->tasks.front()) task->thread->name().copy(name.text, sizeof(name.text) - 1);
    return name;
}

/// The process that was killed last, and until when other callers wait for its memory.
struct LastVictim {
    Pid pid = 0;
    time::Nanoseconds patience_ends = 0;
};
constinit sync::SpinLocked<LastVictim, sync::LockRank::SpinLeaf> last_victim;

struct Victim {
    Ref<Process> process;
    i64 badness = 0;
    bool is_awaited = false;  ///< One that was killed before still gives its memory back: no other is chosen.
};

/// LINUX: oom_evaluate_task also waits for a victim. This kernel waits at most a second, because the victim
/// may need a lock that the waiting thread holds.
Victim choose_victim() {
    Victim worst;
    const LastVictim last = *last_victim.lock();
    const bool is_patient = time::monotonic() < last.patience_ends;
    PROCESSES.for_each([&](Process& process) {
        if (process.pid() == FIRST_PID || process.state == ProcessState::Zombie) return;
        if (is_dying(process)) {
            worst.is_awaited |= is_patient && process.pid() == last.pid;
            return;
        }
        if (process.oom_adjustment.load(std::memory_order_relaxed) == OOM_NEVER) return;
        const i64 points = badness(process);
        if (worst.process && points <= worst.badness) return;
        worst.process = Ref<Process>(&process);
        worst.badness = points;
    });
    return worst;
}

/// Lets a victim's threads run, so that they release the memory.
void give_time() {
    constexpr time::Nanoseconds TIME = 20 * time::MILLISECOND;
    (void)scheduler::sleep_until(time::Deadline::after(TIME), scheduler::WaitMode::Killable);
}

}  // namespace

u64 pages_held_by(Process& process) {
    Ref<vm::AddressSpace> space;
    Ref<security::CapabilityTable> files;
    {
        auto state = process.signals.lock();
        // The oldest task that has not given its memory back stands for all: hardly any process shares less than all of it.
        for (Task& task : state->tasks) {
            auto resources = task.resources.lock();
            space = resources->space;
            files = resources->files.table();
            if (space) break;
        }
    }
    u64 bytes = files ? bytes_of_files(*files) : 0;
    u64 pages = 0;
    if (space) {
        const vm::SpaceStatistics statistics = space->statistics();
        pages = statistics.resident_anonymous + statistics.resident_source;
        bytes += statistics.page_table_bytes + statistics.areas * sizeof(vm::Area);
    }
    return pages + divide_round_up(bytes, u64{PAGE_SIZE});
}

u64 oom_score(Process& process) {
    if (process.oom_adjustment.load(std::memory_order_relaxed) == OOM_NEVER) return 0;
    const i64 total = static_cast<i64>(memory::get_stats().total_frames);
    // LINUX: proc_oom_score
    return static_cast<u64>(std::max<i64>(0, (1000 + badness(process) * 1000 / total) * 2 / 3));
}

bool kill_for_memory(vm::AddressSpace&) {
    if (fs::reclaim_pages(1) != 0 || fs::shrink_dentry_cache() != 0) return true;
    // A dying process does not need the memory, so no other process is killed for it.
    if (is_dying(current_process())) return false;
    const Victim victim = choose_victim();
    if (victim.is_awaited) {
        give_time();
        return true;
    }
    if (!victim.process) return false;
    *last_victim.lock() = {victim.process->pid(), time::monotonic() + time::SECOND};
    const ProcessName name = name_of(*victim.process);
    log::error("out of memory: killed process {} ({}), which held {} KiB", victim.process->pid(),
               std::string_view(name.text), pages_held_by(*victim.process) * PAGE_SIZE / KIB);
    (void)send_signal(*victim.process, {.signal = Signal::Kill});
    if (victim.process.get() == &current_process()) return false;
    give_time();
    return true;
}

}  // namespace exo::posix_x
