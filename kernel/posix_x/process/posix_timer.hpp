// POSIX timers of a process: timer_create(2) and its related calls.
//
// Key types: PosixTimer, PosixTimers (those of one process), TimerSetting. Neighbours:
// time/posix_timer_calls.cpp has the calls; a timer contains its signal, which is queued in PendingSignals
// (signals.hpp); expiry.hpp moves the handling of an expiry out of the interrupt.
// Locking: Process::posix_timers (rank Process) owns everything but the signal, which belongs to Process::signals.
// LINUX: kernel/time/posix-timers.c. An expiry sends one signal and stops the timer. A timer with an interval
// is restarted when its signal is taken; the missed expiries are counted then. So a timer whose signal is not
// taken expires once.
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

/// The arguments of timer_settime. `value` 0 turns the timer off.
struct TimerSetting {
    Nanoseconds value = 0;
    Nanoseconds interval = 0;
};

enum class TimerStart : u8 { Relative, Absolute };

class PosixTimer final : public Object {
  public:
    /// How an expiry is reported to the program.
    struct Notification {
        abi::NotifyKind kind = abi::NotifyKind::Signal;
        Signal signal = Signal::Alrm;
        u64 value = 0;
        Ref<Task> receiver;  ///< SIGEV_THREAD_ID; null: the process as a whole.
    };
    /// The caller has already charged the timer's signal to `user`.
    PosixTimer(Process& process, UserId user, i32 id, abi::ClockId clock, Notification notification,
               const CpuClock& cpu_clock);
    ~PosixTimer() override;

    const i32 id;
    const abi::ClockId clock;
    const abi::NotifyKind kind;
    TreeNode link;       ///< In PosixTimers.
    ListNode real_link;  ///< In the list of timers that a change of the real time affects.

    Process& process() const { return process_; }
    Signal signal() const { return signal_.info.signal; }
    u64 value() const { return signal_.info.value; }
    const Ref<Task>& receiver() const { return receiver_; }
    bool is_cpu_timer() const { return cpu_process_.get() != nullptr; }
    /// The CPU clock of a CPU timer.
    CpuClock cpu_clock() const;

    // `cpu_now` in the functions below is the value of a CPU timer's clock, which the caller reads without
    // locks. Other timers ignore it.

    TimerSetting remaining(Nanoseconds cpu_now);
    /// Sets the timer. Returns true if the time of a CPU timer has already passed, so that the caller must
    /// call `fire`.
    bool set(Nanoseconds cpu_now, const TimerSetting& wanted, TimerStart start);
    /// LINUX: DELAYTIMER_MAX is INT_MAX.
    i32 overrun() const { return clamped(overrun_last_); }
    /// Whether it has expired and has not been fired.
    bool has_expired() const;
    /// Returns false if the timer was set anew after it expired.
    bool take_expired();
    /// Sends the signal of an expiry. LINUX: posix_timer_fn, cpu_timer_fire.
    SentSignal fire(Nanoseconds cpu_now);
    /// Called when the signal was taken: restarts a timer with an interval. LINUX: posixtimer_rearm.
    void rearm(Nanoseconds cpu_now, SignalInfo& info);
    void real_time_was_set();

    /// Stops the timer for ever. The caller drops the returned references without holding locks.
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
    Nanoseconds expires_ = 0;  ///< In the timer's clock. 0 for a CPU timer that is off.
    i64 overrun_ = -1;
    i64 overrun_last_ = 0;
    u32 generation_ = 0;  ///< Odd while its signal is pending and will restart the timer. LINUX:
                          ///< it_requeue_pending.
    bool is_active_ = false;
    bool is_real_ = false;  ///< `expires_` is a point in real time.
    Alarm alarm_;
    std::optional<CpuExpiry> cpu_expiry_;  ///< For CPU timers only.
    PendingSignals::Entry signal_;
};

/// The data of the lock Process::posix_timers.
struct PosixTimers {
    struct IdKey {
        static i32 key(const PosixTimer& timer) { return timer.id; }
    };
    Tree<PosixTimer, &PosixTimer::link, IdKey> by_id;  ///< Owns one reference to each timer.
    i32 next_id = 0;  ///< LINUX: a number is used again only after all others were used.

    /// Reserves a number that no timer has. Errors: Eagain.
    Result<i32> take_id();
};

/// Makes a timer that is not in the process's tree yet. Errors: Eagain (no memory, or RLIMIT_SIGPENDING,
/// which counts its signal).
Result<Ref<PosixTimer>> create_posix_timer(Task& creator, i32 id, abi::ClockId clock,
                                           PosixTimer::Notification notification, const CpuClock& cpu_clock);
void add_posix_timer(Ref<PosixTimer> timer);
/// Deletes a timer. Returns false if there is none with that number. May sleep.
bool delete_posix_timer(Process& process, i32 id);
/// Sends the signal of a timer that has expired, unless the thread of expiries has. LINUX: the timer's interrupt sends it, so a call that
/// sets or deletes the timer after that does not take the signal away.
void fire_expired_timer(Process& process, i32 id);
/// Deletes all timers, at execve and at the end of a process. May sleep.
void delete_posix_timers(Process& process);
/// Called when a signal with SI_TIMER was taken: restarts its timer and stores the number of missed expiries
/// in `info`. May switch to another thread.
void timer_signal_was_taken(Process& process, SignalInfo& info);
/// Called after the real time was set: sets the timers anew that end at a point in real time.
void posix_timers_after_clock_setting();

}  // namespace exo::posix_x
