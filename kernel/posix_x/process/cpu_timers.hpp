// Timers that count CPU time: ITIMER_VIRTUAL, ITIMER_PROF (setitimer(2)), RLIMIT_CPU, RLIMIT_RTTIME
// (getrlimit(2)), POSIX timers on CPU clocks and sleeps on CPU clocks.
//
// The scheduler samples a running thread every 10 ms. If the thread's CPU time is watched, a kernel thread
// then checks these timers. So they expire up to 10 ms late and never early.
#pragma once

#include <array>

#include "abi/linux/time.hpp"
#include "sync/spin_lock.hpp"
#include "time/clock.hpp"
#include "utils/object.hpp"
#include "utils/tree.hpp"

namespace exo::posix_x {

class Task;
class Process;

struct CpuTimer {
    time::Nanoseconds expires_at = 0;  ///< In CPU time of the process; 0: not running.
    time::Nanoseconds interval = 0;
};

struct CpuTimers {
    CpuTimer virtual_time;  ///< Counts user mode.
    CpuTimer profiling;     ///< Counts user and kernel mode.
};

/// Expires once, when a CPU clock reaches a point in time. The timers thread calls `expire` under the lock of
/// the clock's alarms.
class CpuAlarm {
  public:
    using Callback = void (*)(CpuAlarm&);
    explicit CpuAlarm(Callback callback) : callback_(callback) {}
    CpuAlarm(const CpuAlarm&) = delete;
    CpuAlarm& operator=(const CpuAlarm&) = delete;

  private:
    friend struct CpuAlarms;
    struct Key {
        time::Nanoseconds at;
        const CpuAlarm* identity;
        friend bool operator<(const Key& a, const Key& b) {
            return a.at != b.at ? a.at < b.at : a.identity < b.identity;
        }
    };
    struct KeyOf {
        static const Key& key(const CpuAlarm& alarm) { return alarm.key_; }
    };
    TreeNode link_;
    Key key_{0, this};
    Callback callback_;
};

/// The alarms of the CPU clocks of one process, or of one task.
struct CpuAlarms {
    using Locked = sync::SpinLocked<CpuAlarms, sync::LockRank::SpinLeaf>;
    using Tree = exo::Tree<CpuAlarm, &CpuAlarm::link_, CpuAlarm::KeyOf>;

    void arm(CpuAlarm& alarm, abi::CpuClockKind kind, time::Nanoseconds at);
    void cancel(CpuAlarm& alarm, abi::CpuClockKind kind);
    /// Calls a bounded number of the expired callbacks. Returns whether more are left.
    bool expire_some(abi::CpuClockKind kind, time::Nanoseconds now);
    bool is_empty() const;

  private:
    Tree& of(abi::CpuClockKind kind) { return by_kind_[static_cast<usize>(kind)]; }
    std::array<Tree, 3> by_kind_;
};

/// Makes the tasks of the process check their timers while they run, from now on.
void watch_cpu_time(Process& process);
/// Called by the scheduler's samples in interrupt context: lets the timers thread check the timers of the
/// running task.
void note_cpu_sample(Object& task);
/// Called on the timers thread: sends the signals that are due to the task's process.
void check_cpu_timers(Task& task);

}  // namespace exo::posix_x
