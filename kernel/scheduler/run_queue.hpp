// The runnable threads of one CPU: three queues by average run time, with five priorities each. Realtime
// threads come first.
//
// Picking is O(1): each non-empty list has a bit, in the order in which the lists are served.
// No list starves: on every STARVATION_PERIOD-th pick, the list whose head has waited longest beyond
// STARVATION_LIMIT is served first. So a thread at position p of its list runs after at most
// STARVATION_LIMIT + (p + 1) * LISTS * STARVATION_PERIOD time slices, whatever the others do.
#pragma once

#include <array>

#include "scheduler/thread.hpp"
#include "utils/fixed_vector.hpp"

namespace exo::scheduler {

inline constexpr Nanoseconds HOT_LIMIT = 1 * time::MILLISECOND;
inline constexpr Nanoseconds COLD_LIMIT = 10 * time::MILLISECOND;
inline constexpr Nanoseconds STARVATION_LIMIT = 50 * time::MILLISECOND;
inline constexpr u32 STARVATION_PERIOD = 16;
/// A thread that wakes after a sleep of this length has its first slice as a Hot thread, whatever its
/// average. So it does not wait behind all the threads that run without pause.
inline constexpr Nanoseconds LONG_SLEEP = 50 * time::MILLISECOND;

/// How long a thread may run while other threads of its CPU wait.
constexpr Nanoseconds time_slice(QueueType queue) {
    switch (queue) {
        case QueueType::Hot: return 1 * time::MILLISECOND;
        case QueueType::Normal: return 4 * time::MILLISECOND;
        case QueueType::Cold: return 12 * time::MILLISECOND;
    }
}

constexpr QueueType queue_for_average(Nanoseconds average) {
    if (average < HOT_LIMIT) return QueueType::Hot;
    return average <= COLD_LIMIT ? QueueType::Normal : QueueType::Cold;
}

/// The new moving average after a run of `burst`: it moves a quarter of the difference.
constexpr Nanoseconds next_average(Nanoseconds average, Nanoseconds burst) {
    return average - average / 4 + burst / 4;
}

class RunQueue {
  public:
    /// Appends a thread to the list that its average and priority select.
    void enqueue(Thread& thread, Nanoseconds now);
    /// Inserts a thread at the front of that list.
    void enqueue_first(Thread& thread, Nanoseconds now);
    void remove(Thread& thread);
    /// Removes the thread that runs next; null if there is none.
    Thread* pick(Nanoseconds now);
    bool is_empty() const { return looks_empty(); }
    /// As is_empty, without the lock: what it says may be over.
    bool looks_empty() const { return occupied_.get() == 0; }
    /// Threads for another CPU: at most so many at a time.
    using Loot = FixedVector<Thread*, 16>;
    /// Removes up to `most` threads that may run on `cpu`, those of the lists that are served last first. It looks at a bounded
    /// number of them.
    void take_for(u32 cpu, u32 most, Loot& loot);
    /// Whether a thread waits in a list that is served before the list of `running`.
    bool has_better_than(const Thread& running) const;
    u32 length(QueueType queue) const { return lengths_[static_cast<usize>(queue)]; }
    u32 length() const { return lengths_[0] + lengths_[1] + lengths_[2]; }

  private:
    static constexpr usize PRIORITIES = 5;
    static constexpr usize LISTS = 1 + 3 * (PRIORITIES - 1);  ///< Realtime is one list for all three queues.
    /// The index of a list. List 0 is served first.
    static constexpr usize list_index(QueueType queue, ThreadPriority priority) {
        if (priority == ThreadPriority::Realtime) return 0;
        return 1 + static_cast<usize>(queue) * (PRIORITIES - 1) + (3 - static_cast<usize>(priority));
    }
    usize choose_list(Nanoseconds now);
    void count_in(usize index, Thread& thread, Nanoseconds now);

    std::array<List<Thread, &Thread::run_link_>, LISTS> lists_{};
    std::array<u32, 3> lengths_{};
    sync::Tally<u32>
        occupied_;  ///< A bit for each list that is not empty. Other CPUs may read it without the lock.
    u32 picks_ = 0;
};

}  // namespace exo::scheduler
