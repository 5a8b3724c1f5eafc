// How urgent a thread is, on one scale for all scheduling policies, and the class of urgencies that the run queue has lists for.
#pragma once

#include "utils/types.hpp"

namespace exo::scheduler {

/// A smaller value is more urgent. LINUX: task_struct::prio: 0 to 98 for realtime priorities 99 to 1, 100 to
/// 139 for nice values.
using Urgency = u8;
inline constexpr Urgency MOST_URGENT = 0;
inline constexpr Urgency MOST_URGENT_NORMAL = 100;
inline constexpr Urgency DEFAULT_URGENCY = 120;
/// The urgency of threads that run only when no other thread can (SCHED_IDLE).
inline constexpr Urgency IDLE_URGENCY = 140;

enum class ThreadPriority : u8 { Idle = 0, Low = 1, Normal = 2, High = 3, Realtime = 4 };

constexpr bool is_realtime(Urgency urgency) { return urgency < MOST_URGENT_NORMAL; }

constexpr ThreadPriority priority_for(Urgency urgency) {
    constexpr Urgency LAST_HIGH = DEFAULT_URGENCY - 5;
    constexpr Urgency LAST_NORMAL = DEFAULT_URGENCY + 4;
    if (is_realtime(urgency)) return ThreadPriority::Realtime;
    if (urgency <= LAST_HIGH) return ThreadPriority::High;
    if (urgency <= LAST_NORMAL) return ThreadPriority::Normal;
    return urgency < IDLE_URGENCY ? ThreadPriority::Low : ThreadPriority::Idle;
}

/// The urgency of a kernel thread. One with realtime priority goes before all programs.
constexpr Urgency urgency_for(ThreadPriority priority) {
    constexpr Urgency STEP = 10;
    switch (priority) {
        case ThreadPriority::Realtime: return MOST_URGENT;
        case ThreadPriority::High: return DEFAULT_URGENCY - STEP;
        case ThreadPriority::Normal: return DEFAULT_URGENCY;
        case ThreadPriority::Low: return DEFAULT_URGENCY + STEP;
        case ThreadPriority::Idle: return IDLE_URGENCY;
    }
}

/// What a realtime thread does while other threads of its static priority wait for the CPU (sched(7)).
enum class RealtimePolicy : u8 {
    Fifo,       ///< It runs until it blocks or yields.
    RoundRobin  ///< It goes behind them after ROUND_ROBIN_SLICE.
};

}  // namespace exo::scheduler
