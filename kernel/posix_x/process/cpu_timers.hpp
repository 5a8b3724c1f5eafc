// Timers that count CPU time: ITIMER_VIRTUAL, ITIMER_PROF (setitimer(2)), RLIMIT_CPU, RLIMIT_RTTIME (getrlimit(2)), and the alarms
// of POSIX timers and sleepers on CPU clocks.
//
// The scheduler samples a thread every 10 ms while it runs; of a thread that watches its CPU time a kernel thread then looks at these.
// So they expire up to 10 ms late, never early.
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
    time::Nanoseconds expires_at = 0;  ///< Of the process's CPU time; 0: not running.
    time::Nanoseconds interval = 0;
};

struct CpuTimers {
    CpuTimer virtual_time;  ///< User mode.
    CpuTimer profiling;     ///< User and kernel mode.
};

/// Expires once, when a CPU clock has reached a point. `expire` runs under the lock of the clock's alarms, on a thread.
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
    /// Runs a bounded number of the callbacks that are due. True: there are more.
    bool expire_some(abi::CpuClockKind kind, time::Nanoseconds now);
    bool is_empty() const;

  private:
    Tree& of(abi::CpuClockKind kind) { return by_kind_[static_cast<usize>(kind)]; }
    std::array<Tree, 3> by_kind_;
};

/// From now on the process's tasks look at their timers as they run.
void watch_cpu_time(Process& process);
/// For the scheduler's samples, in interrupt context: the timers thread looks at the timers of the running task.
void note_cpu_sample(Object& task);
/// Sends what is due to the task's process, on the timers thread.
void check_cpu_timers(Task& task);

}  // namespace exo::posix_x
