// POSIX timers: timer_create(2) and its family, as a process has them.
//
// Key types: PosixTimer, PosixTimers (those of one process), TimerSetting. Neighbours: the calls in time/posix_timer_calls.cpp; the
// signal of a timer lies in it and waits in PendingSignals (signals.hpp); expiry.hpp brings an expiry out of the interrupt.
// Locking: Process::posix_timers (rank Process) owns everything but the signal, which belongs to Process::signals.
// LINUX: kernel/time/posix-timers.c. An expiry sends one signal and ends; a timer with an interval goes on when the signal is taken, and what
// it has missed is counted then. So a timer whose signal is not taken expires once.
#pragma once

#include <optional>

#include "abi/linux/time.hpp"
#include "posix_x/process/cpu_timers.hpp"
#include "posix_x/process/expiry.hpp"
#include "posix_x/process/pid.hpp"
#include "posix_x/process/signals.hpp"

namespace exo::posix_x {

class Process;
class Task;
struct CpuClock;
using time::Nanoseconds;

/// As timer_settime sets it: 0 as `value` is off.
struct TimerSetting {
    Nanoseconds value = 0;
    Nanoseconds interval = 0;
};

enum class TimerStart : u8 { Relative, Absolute };

class PosixTimer final : public Object {
  public:
    /// How a program hears of an expiry.
    struct Notification {
        abi::NotifyKind kind = abi::NotifyKind::Signal;
        Signal signal = Signal::Alrm;
        u64 value = 0;
        Ref<Task> receiver;  ///< SIGEV_THREAD_ID; null: the process as a whole.
    };
    /// Its signal is charged to `user` already.
    PosixTimer(Process& process, UserId user, i32 id, abi::ClockId clock, Notification notification,
               const CpuClock& cpu_clock);
    ~PosixTimer() override;

    const i32 id;
    const abi::ClockId clock;
    const abi::NotifyKind kind;
    TreeNode link;       ///< In PosixTimers.
    ListNode real_link;  ///< Among the timers that the setting of real time concerns.

    Process& process() const { return process_; }
    Signal signal() const { return signal_.info.signal; }
    u64 value() const { return signal_.info.value; }
    const Ref<Task>& receiver() const { return receiver_; }
    bool is_cpu_timer() const { return cpu_process_.get() != nullptr; }
    /// Of a CPU timer.
    CpuClock cpu_clock() const;

    // `cpu_now`, below, is what the clock of a CPU timer shows, which is read without locks. It counts for no other timer.

    TimerSetting remaining(Nanoseconds cpu_now);
    /// True: the time of a CPU timer has passed already, and `fire` is due.
    bool set(Nanoseconds cpu_now, const TimerSetting& wanted, TimerStart start);
    /// LINUX: DELAYTIMER_MAX is INT_MAX.
    i32 overrun() const { return clamped(overrun_last_); }
    /// False: the timer was set anew since it expired.
    bool take_expired();
    /// Sends the signal. LINUX: posix_timer_fn, cpu_timer_fire.
    SentSignal fire(Nanoseconds cpu_now);
    /// The signal was taken: an interval goes on. LINUX: posixtimer_rearm.
    void rearm(Nanoseconds cpu_now, SignalInfo& info);
    void real_time_was_set();

    /// It expires no more. What is answered is to be dropped without locks.
    struct Held {
        Ref<Process> cpu_process;
        Ref<Task> cpu_task;
        Ref<Task> receiver;
    };
    Held detach();

  private:
    struct CpuExpiry : CpuAlarm {
        CpuExpiry(Process& process, i32 id);
        std::atomic<bool> has_expired{false};
        Expiry expiry;
    };
    static i32 clamped(i64 overrun);
    bool is_silent() const { return kind == abi::NotifyKind::None; }
    bool is_pending() const { return (generation_ & 1) != 0; }
    Nanoseconds now(Nanoseconds cpu_now) const;
    CpuAlarms::Locked& cpu_alarms() const;
    i64 forward(Nanoseconds now);
    void arm(Nanoseconds now, Nanoseconds gap = 0);
    void disarm();

    Process& process_;
    const UserId user_;
    abi::CpuClockKind cpu_kind_{};
    Ref<Process> cpu_process_;
    Ref<Task> cpu_task_;
    Ref<Task> receiver_;
    Nanoseconds interval_ = 0;
    SignalRate rate_;
    Nanoseconds expires_ = 0;  ///< By its clock. A CPU timer that is off has 0.
    i64 overrun_ = -1;
    i64 overrun_last_ = 0;
    u32 generation_ = 0;  ///< Odd while a signal waits that makes it go on. LINUX: it_requeue_pending.
    bool is_active_ = false;
    bool is_real_ = false;  ///< `expires_` is real time.
    Alarm alarm_;
    std::optional<CpuExpiry> cpu_expiry_;  ///< Of a CPU timer.
    PendingSignals::Entry signal_;
};

/// The data of the lock Process::posix_timers.
struct PosixTimers {
    struct IdKey {
        static i32 key(const PosixTimer& timer) { return timer.id; }
    };
    Tree<PosixTimer, &PosixTimer::link, IdKey> by_id;  ///< Owns a reference on each.
    i32 next_id = 0;  ///< LINUX: a number is given again only when all others were.

    /// A number that no timer has. Errors: Eagain.
    Result<i32> take_id();
};

/// A timer that nobody can find yet. Errors: Eagain (RLIMIT_SIGPENDING, which counts its signal, or no memory).
Result<Ref<PosixTimer>> create_posix_timer(Task& creator, i32 id, abi::ClockId clock,
                                           PosixTimer::Notification notification, const CpuClock& cpu_clock);
void add_posix_timer(Ref<PosixTimer> timer);
/// False: it is not there. May sleep.
bool delete_posix_timer(Process& process, i32 id);
/// execve and the end of a process: all of them go. May sleep.
void delete_posix_timers(Process& process);
/// A signal with SI_TIMER was taken: its timer goes on, and tells `info` how often it was missed. May switch to another thread.
void timer_signal_was_taken(Process& process, SignalInfo& info);
/// Timers until a point of real time are set again.
void posix_timers_after_clock_setting();

}  // namespace exo::posix_x
