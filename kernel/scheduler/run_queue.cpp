#include "scheduler/run_queue.hpp"

#include <bit>

namespace exo::scheduler {

void RunQueue::count_in(usize index, Thread& thread, Nanoseconds now) {
    thread.ready_since_ = now;
    occupied_.set(occupied_.get() | 1U << index);
    ++lengths_[static_cast<usize>(thread.queue_type())];
}

void RunQueue::enqueue(Thread& thread, Nanoseconds now) {
    const usize index = list_index(thread.queue_type(), thread.priority());
    lists_[index].push_back(thread);
    count_in(index, thread, now);
}

void RunQueue::enqueue_first(Thread& thread, Nanoseconds now) {
    const usize index = list_index(thread.queue_type(), thread.priority());
    lists_[index].push_front(thread);
    count_in(index, thread, now);
}

void RunQueue::remove(Thread& thread) {
    const usize index = list_index(thread.queue_type(), thread.priority());
    lists_[index].remove(thread);
    if (lists_[index].is_empty()) occupied_.set(occupied_.get() & ~(1U << index));
    --lengths_[static_cast<usize>(thread.queue_type())];
}

Thread* RunQueue::pick(Nanoseconds now) {
    if (is_empty()) return nullptr;
    Thread* thread = lists_[choose_list(now)].front();
    remove(*thread);
    return thread;
}

usize RunQueue::choose_list(Nanoseconds now) {
    const auto best = static_cast<usize>(std::countr_zero(occupied_.get()));
    if (++picks_ % STARVATION_PERIOD != 0 || std::has_single_bit(occupied_.get())) return best;
    usize choice = best;
    Nanoseconds longest = STARVATION_LIMIT;
    for (usize index = 0; index < LISTS; ++index) {
        Thread* head = lists_[index].front();
        if (head == nullptr || now - head->ready_since_ <= longest) continue;
        longest = now - head->ready_since_;
        choice = index;
    }
    return choice;
}

void RunQueue::take_for(u32 cpu, u32 most, Loot& loot) {
    constexpr u32 MOST_LOOKED_AT = 64;
    u32 looked_at = 0;
    for (usize index = LISTS; index-- > 0;) {
        Thread* next = nullptr;
        for (Thread* thread = lists_[index].front(); thread != nullptr; thread = next) {
            if (loot.size() == most || loot.size() == Loot::capacity() || ++looked_at > MOST_LOOKED_AT)
                return;
            next = lists_[index].after(*thread);
            // acquire: pairs with the release in leave_cpu. A CPU still uses the registers of one that it has just left.
            if (!thread->may_run_on(cpu) || thread->is_on_cpu_.load(std::memory_order_acquire)) continue;
            remove(*thread);
            (void)loot.push(thread);  // there is room
        }
    }
}

bool RunQueue::has_better_than(const Thread& running) const {
    if (is_empty()) return false;
    return static_cast<usize>(std::countr_zero(occupied_.get())) <
           list_index(running.queue_type(), running.priority());
}

}  // namespace exo::scheduler
