#include "scheduler/run_queue.hpp"

#include <algorithm>
#include <new>

namespace exo::scheduler {

constinit std::atomic<u32> RunQueue::realtime_count{0};

Result<> RunQueue::init() {
    realtime_ = new (std::nothrow) RealtimeQueue();  // lives as long as the queue, for ever
    return realtime_ != nullptr ? Result<>() : Result<>(Error::Enomem);
}

void RunQueue::count_in(usize index, Thread& thread, Nanoseconds now) {
    thread.ready_since_ = now;
    occupied_.set(occupied_.get() | 1U << index);
    ++lengths_[static_cast<usize>(thread.queue_type())];
}

void RunQueue::enqueue(Thread& thread, Nanoseconds now) {
    if (thread.is_realtime()) [[unlikely]]
        return enqueue_realtime(thread, false, now);
    const usize index = plain_list_index(thread.queue_type(), thread.priority());
    lists_[index].push_back(thread);
    count_in(index, thread, now);
}

void RunQueue::enqueue_first(Thread& thread, Nanoseconds now) {
    if (thread.is_realtime()) [[unlikely]]
        return enqueue_realtime(thread, true, now);
    const usize index = plain_list_index(thread.queue_type(), thread.priority());
    lists_[index].push_front(thread);
    count_in(index, thread, now);
}

void RunQueue::take_out(usize index, Thread& thread) {
    lists_[index].remove(thread);
    if (lists_[index].is_empty()) occupied_.set(occupied_.get() & ~(1U << index));
    --lengths_[static_cast<usize>(thread.queue_type())];
}

void RunQueue::remove(Thread& thread) {
    if (thread.is_realtime()) [[unlikely]]
        return remove_realtime(thread);
    take_out(plain_list_index(thread.queue_type(), thread.priority()), thread);
}

Thread* RunQueue::pick(Nanoseconds now) {
    const u32 occupied = occupied_.get();
    if (occupied == 0) return nullptr;
    if ((occupied & REALTIME) != 0) [[unlikely]]
        return pick_with_realtime(now);
    return pick_from(occupied, now);
}

Thread* RunQueue::pick_from(u32 occupied, Nanoseconds now) {
    const usize index = choose_list(occupied, now);
    Thread* thread = lists_[index].front();
    take_out(index, *thread);
    return thread;
}

usize RunQueue::choose_list(u32 occupied, Nanoseconds now) {
    const auto best = static_cast<usize>(std::countr_zero(occupied));
    if (++picks_ % STARVATION_PERIOD != 0 || std::has_single_bit(occupied)) return best;
    usize choice = best;
    Nanoseconds longest = STARVATION_LIMIT;
    for (usize index = 1; index < LISTS; ++index) {
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
    const auto take = [&](Thread& thread) {
        // acquire: pairs with the release in leave_cpu. A CPU still uses the registers of one that it has just left.
        if (!thread.may_run_on(cpu) || thread.is_on_cpu_.load(std::memory_order_acquire)) return;
        remove(thread);
        (void)loot.push(&thread);  // there is room
    };
    const auto is_enough = [&] {
        return loot.size() == most || loot.size() == Loot::capacity() || ++looked_at > MOST_LOOKED_AT;
    };
    Thread* next = nullptr;
    for (usize index = LISTS; --index > 0;) {
        for (Thread* thread = lists_[index].front(); thread != nullptr; thread = next) {
            if (is_enough()) return;
            next = lists_[index].after(*thread);
            take(*thread);
        }
    }
    if (!looks_realtime()) return;
    for (Thread* thread = realtime_->first(); thread != nullptr; thread = next) {
        if (is_enough()) return;
        next = realtime_->after(*thread);
        take(*thread);
    }
}

// ---- With realtime threads

void RunQueue::count_realtime(Thread& thread) {
    const ThreadState state = thread.state();
    const bool counts =
        thread.is_realtime() && (state == ThreadState::Ready || state == ThreadState::Running);
    if (counts == thread.is_counted_) return;
    thread.is_counted_ = counts;
    realtime_count.fetch_add(counts ? 1 : ~0U, std::memory_order_relaxed);
}

void RunQueue::enqueue_realtime(Thread& thread, bool is_first, Nanoseconds now) {
    if (is_first) {
        realtime_->push_front(thread);
    } else {
        thread.turn_ran_ns_ = 0;
        realtime_->push_back(thread);
    }
    count_in(0, thread, now);
    count_realtime(thread);
}

void RunQueue::remove_realtime(Thread& thread) {
    realtime_->remove(thread);
    if (realtime_->is_empty()) occupied_.set(occupied_.get() & ~REALTIME);
    --lengths_[static_cast<usize>(thread.queue_type())];
}

void RunQueue::charge_realtime(Thread& thread, Nanoseconds ran, Nanoseconds now) {
    budget_.charge(ran, now);
    thread.turn_ran_ns_ += ran;
}

Thread* RunQueue::first_realtime_for(u32 cpu, Urgency than) {
    constexpr u32 MOST_LOOKED_AT = 16;
    if (!looks_realtime()) return nullptr;
    u32 looked_at = 0;
    for (Thread* thread = realtime_->first(); thread != nullptr; thread = realtime_->after(*thread)) {
        if (thread->urgency() >= than || ++looked_at > MOST_LOOKED_AT) return nullptr;
        // acquire: as in take_for
        if (thread->may_run_on(cpu) && !thread->is_on_cpu_.load(std::memory_order_acquire)) return thread;
    }
    return nullptr;
}

u32 RunQueue::served(Nanoseconds now) {
    const u32 others = occupied_.get() & ~REALTIME;
    return others != 0 && budget_.is_spent(now) ? others : occupied_.get();
}

Thread* RunQueue::pick_with_realtime(Nanoseconds now) {
    const u32 lists = served(now);
    if ((lists & REALTIME) == 0) return pick_from(lists, now);
    Thread* thread = realtime_->first();
    remove_realtime(*thread);
    return thread;
}

bool RunQueue::has_better_than(const Thread& running, Nanoseconds now) {
    if (is_empty()) return false;
    const bool others_wait = (occupied_.get() & ~REALTIME) != 0;
    if (running.is_realtime()) {
        if (others_wait && budget_.is_spent(now)) return true;
        return looks_realtime() && realtime_->first()->urgency() < running.urgency();
    }
    if (looks_realtime() && !budget_.is_spent(now)) return true;
    const u32 others = occupied_.get() & ~REALTIME;
    return others != 0 && static_cast<usize>(std::countr_zero(others)) <
                              list_index(running.queue_type(), running.priority());
}

/// A program may set a period of a microsecond (sched_rt_period_us): the timer must not interrupt the CPU all the time.
constexpr Nanoseconds SHORTEST_SLICE = 100 * time::MICROSECOND;

Nanoseconds RunQueue::slice_end(const Thread& running, Nanoseconds now) {
    if (is_empty()) return ~0ULL;
    if (!running.is_realtime()) {
        const Nanoseconds end = now + time_slice(running.queue_type());
        return looks_realtime() ? std::clamp(budget_.period_end(), now + SHORTEST_SLICE, end) : end;
    }
    // Without others it goes on when its share is used up.
    const Nanoseconds left = (occupied_.get() & ~REALTIME) == 0 ? ~0ULL : budget_.left(now);
    const bool has_turn = running.takes_turns() && looks_realtime();
    const Nanoseconds turn =
        has_turn ? ROUND_ROBIN_SLICE - std::min(ROUND_ROBIN_SLICE, running.turn_ran_ns_) : ~0ULL;
    const Nanoseconds shorter = std::max(std::min(left, turn), SHORTEST_SLICE);
    return shorter == ~0ULL ? ~0ULL : now + shorter;
}

}  // namespace exo::scheduler
