#include "scheduler/run_queue.hpp"

#include <bit>

namespace exo::scheduler {

void RunQueue::count_in(usize index, Thread& thread, Nanoseconds now) {
    thread.ready_since_ = now;
    occupied_ |= 1U << index;
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
    if (lists_[index].is_empty()) occupied_ &= ~(1U << index);
    --lengths_[static_cast<usize>(thread.queue_type())];
}

Thread* RunQueue::pick(Nanoseconds now) {
    if (occupied_ == 0) return nullptr;
    Thread* thread = lists_[choose_list(now)].front();
    remove(*thread);
    return thread;
}

usize RunQueue::choose_list(Nanoseconds now) {
    const auto best = static_cast<usize>(std::countr_zero(occupied_));
    if (++picks_ % STARVATION_PERIOD != 0 || std::has_single_bit(occupied_)) return best;
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

bool RunQueue::has_better_than(const Thread& running) const {
    if (occupied_ == 0) return false;
    return static_cast<usize>(std::countr_zero(occupied_)) <
           list_index(running.queue_type(), running.priority());
}

}  // namespace exo::scheduler
