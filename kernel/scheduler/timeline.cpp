#include "scheduler/timeline.hpp"

#include <algorithm>
#include <bit>

#include "scheduler/scheduler.hpp"

namespace exo::scheduler {

constinit Timeline TIMELINE;

Result<> Timeline::start() {
    for (u64 left = SCHEDULER.cpus(); left != 0; left &= left - 1) {
        Cpu& cpu = cpus_.of(static_cast<u32>(std::countr_zero(left)));
        if (!cpu.ring) cpu.ring = TRY(make_box<Ring>());
    }
    is_on_.store(true, std::memory_order_seq_cst);
    return {};
}

void Timeline::note(TimelineKind kind, const Thread& thread, bool is_idle, ThreadState left) {
    const sync::InterruptsOff no_interrupts;
    Cpu& cpu = cpus_.mine();
    if (!cpu.ring) return;  // the CPU started after the timeline
    const u64 written = cpu.written.load(std::memory_order_relaxed);
    // acquire: pairs with the release in take
    if (written - cpu.taken.load(std::memory_order_acquire) == Ring::CAPACITY) {
        cpu.lost.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    TimelineEvent& event = cpu.ring->events[written % Ring::CAPACITY];
    event = {.time = time::monotonic(),
             .thread = thread.id(),
             .number = thread.number(),
             .kind = kind,
             .left = left,
             .is_idle = is_idle};
    std::ranges::copy(thread.name_, event.name);
    // release: pairs with the acquire in take
    cpu.written.store(written + 1, std::memory_order_release);
}

usize Timeline::take(u32 index, std::span<TimelineEvent> out, u64& lost) {
    Cpu& cpu = cpus_.of(index);
    lost = 0;
    if (!cpu.ring) return 0;
    const u64 all_lost = cpu.lost.load(std::memory_order_relaxed);
    lost = all_lost - std::exchange(cpu.lost_told, all_lost);
    const u64 taken = cpu.taken.load(std::memory_order_relaxed);
    // acquire: pairs with the release in note
    const u64 there = cpu.written.load(std::memory_order_acquire) - taken;
    const usize count = std::min<u64>(there, out.size());
    for (usize index_out = 0; index_out < count; ++index_out)
        out[index_out] = cpu.ring->events[(taken + index_out) % Ring::CAPACITY];
    // release: pairs with the acquire in note
    cpu.taken.store(taken + count, std::memory_order_release);
    return count;
}

}  // namespace exo::scheduler
