// The realtime threads that wait for one CPU: a list for each static priority, and a bit for each list that is not empty.
#pragma once

#include <array>
#include <bit>

#include "scheduler/thread.hpp"

namespace exo::scheduler {

class RealtimeQueue {
  public:
    bool is_empty() const { return occupied_[0] == 0 && occupied_[1] == 0; }
    /// The thread that runs next; null: there is none.
    Thread* first() { return is_empty() ? nullptr : lists_[first_list(0)].front(); }
    /// The one behind `thread`; null: there is none.
    Thread* after(const Thread& thread) {
        if (Thread* next = lists_[thread.urgency()].after(thread)) return next;
        const u32 list = first_list(thread.urgency() + 1U);
        return list == LISTS ? nullptr : lists_[list].front();
    }
    void push_back(Thread& thread) {
        lists_[thread.urgency()].push_back(thread);
        mark(thread.urgency());
    }
    void push_front(Thread& thread) {
        lists_[thread.urgency()].push_front(thread);
        mark(thread.urgency());
    }
    void remove(Thread& thread) {
        List& list = lists_[thread.urgency()];
        list.remove(thread);
        if (list.is_empty()) occupied_[thread.urgency() / BITS] &= ~(1ULL << thread.urgency() % BITS);
    }

  private:
    using List = exo::List<Thread, &Thread::run_link_>;
    static constexpr u32 LISTS = MOST_URGENT_NORMAL;
    static constexpr u32 BITS = 64;

    void mark(Urgency urgency) { occupied_[urgency / BITS] |= 1ULL << urgency % BITS; }
    /// The first list from `start` on that is not empty; LISTS: none is.
    u32 first_list(u32 start) const {
        for (u32 word = start / BITS; word < occupied_.size(); ++word) {
            const u64 bits = occupied_[word] & (word == start / BITS ? ~0ULL << start % BITS : ~0ULL);
            if (bits != 0) return word * BITS + static_cast<u32>(std::countr_zero(bits));
        }
        return LISTS;
    }

    std::array<List, LISTS> lists_{};
    std::array<u64, (LISTS + BITS - 1) / BITS> occupied_{};
};

}  // namespace exo::scheduler
