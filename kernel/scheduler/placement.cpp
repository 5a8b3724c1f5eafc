// Where a runnable thread waits for its turn: which CPU it is given to, and what CPUs take over from each other.
#include <bit>

#include "scheduler/scheduler.hpp"

namespace exo::scheduler {

/// The one place that says where a thread that becomes runnable waits for its turn: on its last CPU if that is idle, because
/// its data may be in that CPU's caches; else on another idle CPU; else on its last one. A new thread's last CPU is
/// its creator's.
u32 Scheduler::choose_cpu(Thread& thread) {
    const u32 last = thread.cpu();
    // acquire: pairs with the release in leave_cpu. While a CPU still uses its registers, it stays there, and leaves before it
    // returns to its program if it may not run there any more.
    if (thread.is_on_cpu_.load(std::memory_order_acquire)) {
        if (!thread.may_run_on(last)) thread.add_work(Work::Reschedule);
        return last;
    }
    const u64 allowed = thread.allowed_cpus() & cpus();
    const bool may_stay = (allowed >> last & 1) != 0;
    if (may_stay && is_idle(last)) return last;
    for (u64 left = allowed; left != 0; left &= left - 1) {
        const auto cpu = static_cast<u32>(std::countr_zero(left));
        if (is_idle(cpu)) return cpu;
    }
    if (thread.is_realtime()) [[unlikely]]
        return least_urgent_cpu(thread, allowed, last);
    return may_stay ? last : static_cast<u32>(std::countr_zero(allowed));
}

/// For a realtime thread where no CPU idles: the one with the least urgent thread, the last one if it is no better than that.
u32 Scheduler::least_urgent_cpu(Thread& thread, u64 allowed, u32 last) {
    u32 chosen = last;
    Urgency least = 0;
    for (u64 left = allowed; left != 0; left &= left - 1) {
        const auto cpu = static_cast<u32>(std::countr_zero(left));
        auto queue = cpus_.of(cpu).queue.lock();
        const Urgency urgency = cpus_.of(cpu).running->urgency();
        const bool is_less = urgency > least || (urgency == least && cpu == last);
        if (!is_less && (allowed >> chosen & 1) != 0) continue;
        chosen = cpu;
        least = urgency;
    }
    // Nobody gives way to it: it waits where it was.
    return least <= thread.urgency() && (allowed >> last & 1) != 0 ? last : chosen;
}

u32 Scheduler::move_to_chosen_cpu(Thread& thread) {
    const u32 chosen = choose_cpu(thread);
    if (chosen == thread.cpu()) return chosen;
    auto last_queue = cpus_.of(thread.cpu()).queue.lock();
    thread.cpu_.store(chosen, std::memory_order_relaxed);
    return chosen;
}

/// Takes threads out of the longest queue of another CPU, half of what waits there. Interrupts are off.
bool Scheduler::steal() {
    if (has_one_cpu()) return false;
    const u32 self = arch::cpu_index();
    u32 victim = self;
    u32 longest = 0;
    for (u64 left = cpus() & ~(1ULL << self); left != 0; left &= left - 1) {
        const auto cpu = static_cast<u32>(std::countr_zero(left));
        if (cpus_.of(cpu).queue.unsafe_value().looks_empty()) continue;
        const u32 length = cpus_.of(cpu).queue.lock()->length();
        if (length > longest) {
            longest = length;
            victim = cpu;
        }
    }
    if (longest == 0) return false;
    RunQueue::Loot loot;
    {
        auto queue = cpus_.of(victim).queue.lock();
        queue->take_for(self, (longest + 1) / 2, loot);
        for (Thread* thread : loot) thread->cpu_.store(self, std::memory_order_relaxed);
    }
    auto queue = cpus_.mine().queue.lock();
    const Nanoseconds now = time::monotonic();
    for (Thread* thread : loot) queue->enqueue(*thread, now);
    return loot.size() != 0;
}

/// Takes over the most urgent realtime thread that waits for another CPU, if it is more urgent than `running` is. Interrupts are off.
void Scheduler::pull_realtime(Urgency running) {
    if (has_one_cpu()) return;
    const u32 self = arch::cpu_index();
    {
        auto queue = cpus_.mine().queue.lock();
        if (const Thread* own = queue->first_realtime_for(self, running)) running = own->urgency();
    }
    u32 source = self;
    for (u64 left = cpus() & ~(1ULL << self); left != 0; left &= left - 1) {
        const auto cpu = static_cast<u32>(std::countr_zero(left));
        if (!cpus_.of(cpu).queue.unsafe_value().looks_realtime()) continue;
        auto queue = cpus_.of(cpu).queue.lock();
        const Thread* thread = queue->first_realtime_for(self, running);
        if (thread == nullptr) continue;
        running = thread->urgency();
        source = cpu;
    }
    if (source == self) return;
    Thread* pulled = nullptr;
    {
        // Another CPU may have taken it meanwhile; then this one takes what is as urgent, or nothing.
        auto queue = cpus_.of(source).queue.lock();
        pulled = queue->first_realtime_for(self, static_cast<Urgency>(running + 1));
        if (pulled == nullptr) return;
        queue->remove(*pulled);
        pulled->cpu_.store(self, std::memory_order_relaxed);
    }
    cpus_.mine().queue.lock()->enqueue(*pulled, time::monotonic());
}

/// The second half of a switch away from a thread that may not run here any more, or is realtime and has to wait: a CPU that runs a
/// less urgent one is made to take it over.
void Scheduler::settle(Thread& exile, Thread& previous) {
    if (!exile.is_realtime() || !exile.may_run_on(arch::cpu_index())) {
        previous.leave_cpu();
        return make_runnable(exile);
    }
    const u32 self = arch::cpu_index();
    const u32 other = has_one_cpu() ? self : least_urgent_cpu(exile, exile.allowed_cpus() & cpus(), self);
    previous.leave_cpu();  // from here on it may run elsewhere, and end
    if (other != self) arch::wake_cpu(other);
}

/// Called at each sample: what waits here while another CPU idles is offered to that one, which steals it.
void Scheduler::offer_work(Cpu& cpu) {
    if (has_one_cpu() || cpu.queue.unsafe_value().looks_empty()) return;
    for (u64 left = cpus(); left != 0; left &= left - 1) {
        const auto other = static_cast<u32>(std::countr_zero(left));
        if (other == arch::cpu_index() || !is_idle(other)) continue;
        arch::wake_cpu(other);
        return;
    }
}

}  // namespace exo::scheduler
