// The runnable threads of one CPU: three queues by average run time, with four priorities each. Realtime
// threads come before all of them, by static priority.
//
// Picking is O(1): each non-empty list has a bit, in the order in which the lists are served.
// No list starves: on every STARVATION_PERIOD-th pick, the list whose head has waited longest beyond
// STARVATION_LIMIT is served first. So a thread at position p of its list runs after at most
// STARVATION_LIMIT + (p + 1) * LISTS * STARVATION_PERIOD time slices of threads that are not realtime. Realtime
// threads leave the others a share of the time (realtime_budget.hpp).
#pragma once

#include <array>
#include <bit>

#include "scheduler/realtime_budget.hpp"
#include "scheduler/realtime_queue.hpp"
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
/// How long a thread with SCHED_RR runs before others of its priority do. LINUX: RR_TIMESLICE.
inline constexpr Nanoseconds ROUND_ROBIN_SLICE = 100 * time::MILLISECOND;

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
    /// Makes room for realtime threads. Called once, before the queue has any. Errors: Enomem.
    Result<> init();
    /// Appends a thread to the list that its average and priority select. A realtime thread comes behind those of its
    /// static priority.
    void enqueue(Thread& thread, Nanoseconds now);
    /// Inserts a thread at the front of that list.
    void enqueue_first(Thread& thread, Nanoseconds now);
    void remove(Thread& thread);
    /// Removes the thread that runs next; null if there is none.
    Thread* pick(Nanoseconds now);
    bool is_empty() const { return looks_empty(); }
    /// As is_empty, without the lock: what it says may be over.
    bool looks_empty() const { return occupied_.get() == 0; }
    /// Whether realtime threads wait, without the lock.
    bool looks_realtime() const { return (occupied_.get() & REALTIME) != 0; }
    /// Threads for another CPU: at most so many at a time.
    using Loot = FixedVector<Thread*, 16>;
    /// Removes up to `most` threads that may run on `cpu`, those of the lists that are served last first. It looks at a bounded
    /// number of them.
    void take_for(u32 cpu, u32 most, Loot& loot);
    u32 length(QueueType queue) const { return lengths_[static_cast<usize>(queue)]; }
    u32 length() const { return lengths_[0] + lengths_[1] + lengths_[2]; }

    // ---- Callable only while no realtime thread is runnable (runnable_realtime), which is nearly always.

    /// The number of runnable realtime threads of all CPUs. A caller that holds a queue's lock finds the threads of that queue counted.
    static u32 runnable_realtime() { return realtime_count.load(std::memory_order_relaxed); }
    /// Whether a thread waits in a list that is served before the list of `running`.
    bool has_better_list(const Thread& running) const {
        return !is_empty() && static_cast<usize>(std::countr_zero(occupied_.get())) <
                                  plain_list_index(running.queue_type(), running.priority());
    }

    // ---- In all cases.

    /// Whether a thread waits that is served before `running`.
    [[gnu::cold]] bool has_better_than(const Thread& running, Nanoseconds now);
    /// When `running` gives way to others that wait, if it goes on until then; ~0: not before it blocks.
    [[gnu::cold]] Nanoseconds slice_end(const Thread& running, Nanoseconds now);
    /// Counts the run time of a realtime thread.
    [[gnu::cold]] void charge_realtime(Thread& thread, Nanoseconds ran, Nanoseconds now);
    /// The realtime thread that comes first, if `cpu` may take it over and it is more urgent than `than`; null: none.
    [[gnu::cold]] Thread* first_realtime_for(u32 cpu, Urgency than);
    /// Corrects the number of runnable realtime threads after a change of the thread's state or urgency. The thread's queue is locked.
    [[gnu::cold]] static void count_realtime(Thread& thread);

  private:
    static constexpr usize PRIORITIES = 5;
    static constexpr usize LISTS = 1 + 3 * (PRIORITIES - 1);  ///< Number 0 stands for all realtime threads.
    static constexpr u32 REALTIME = 1;                        ///< Its bit.
    /// The index of a list. List 0 is served first.
    static constexpr usize list_index(QueueType queue, ThreadPriority priority) {
        if (priority == ThreadPriority::Realtime) return 0;
        return plain_list_index(queue, priority);
    }
    static constexpr usize plain_list_index(QueueType queue, ThreadPriority priority) {
        return 1 + static_cast<usize>(queue) * (PRIORITIES - 1) + (3 - static_cast<usize>(priority));
    }
    /// The lists that may be served now: without the realtime threads while they have used up their share.
    u32 served(Nanoseconds now);
    [[gnu::cold, clang::preserve_most]] void enqueue_realtime(Thread& thread, bool is_first, Nanoseconds now);
    [[gnu::cold, clang::preserve_most]] void remove_realtime(Thread& thread);
    [[gnu::cold, clang::preserve_most]] Thread* pick_with_realtime(Nanoseconds now);
    Thread* pick_from(u32 occupied, Nanoseconds now);
    usize choose_list(u32 occupied, Nanoseconds now);
    void take_out(usize index, Thread& thread);
    void count_in(usize index, Thread& thread, Nanoseconds now);

    std::array<List<Thread, &Thread::run_link_>, LISTS> lists_{};  ///< The first one is never used.
    std::array<u32, 3> lengths_{};
    sync::Tally<u32>
        occupied_;  ///< A bit for each list that is not empty. Other CPUs may read it without the lock.
    u32 picks_ = 0;
    RealtimeQueue* realtime_ = nullptr;
    RealtimeBudget budget_;
    static constinit std::atomic<u32> realtime_count;
};

}  // namespace exo::scheduler
