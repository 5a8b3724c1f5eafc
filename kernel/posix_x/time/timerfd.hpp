// timerfd_create(2): a timer that is read, polled and watched as a file.
#pragma once

#include "abi/linux/timerfd.hpp"
#include "fs/file/file.hpp"
#include "posix_x/syscalls/signature.hpp"
#include "time/timer.hpp"

namespace exo::posix_x {

/// Locking: `state_` guards the setting. The timer's callback, in interrupt context, only records that the
/// timer expired and wakes the readers. The next reader counts the expirations, and restarts a timer with an
/// interval. So a timer that nobody reads interrupts once. Timers of CLOCK_REALTIME are in a list, because a
/// change of that clock sets them anew.
class TimerFile final : public fs::File {
  public:
    using Nanoseconds = time::Nanoseconds;
    struct Setting {
        Nanoseconds value =
            0;  ///< 0: off. Otherwise the time until the expiry, or with TFD_TIMER_ABSTIME a point in the
                ///< clock's time.
        Nanoseconds interval = 0;
    };
    /// Errors: Enomem.
    static Result<Ref<fs::File>> create(abi::ClockId clock, abi::OpenFlags flags);
    TimerFile(Ref<fs::Inode> inode, abi::ClockId clock, abi::OpenFlags flags);
    ~TimerFile() override;
    /// The TimerFile behind a file, or null if the file is of another kind.
    static TimerFile* of(fs::File& file) {
        return file.is_special(fs::SpecialFile::Timer) ? static_cast<TimerFile*>(&file) : nullptr;
    }

    abi::ClockId clock() const { return clock_; }
    /// The remaining time and the interval.
    Setting remaining();
    /// The previous remaining time. `was_canceled`: the timer has TFD_TIMER_CANCEL_ON_SET, and the clock was
    /// set since the last check.
    struct Replaced {
        Setting old;
        bool was_canceled = false;
    };
    Replaced set(const Setting& wanted, abi::TimerfdSetFlags flags);

    Result<usize> do_read(vm::OutBuffer& to, u64 offset) override;
    fs::PollEvents poll(fs::PollTable* table) override;
    Result<> append_description(String& out) override { return out.append("anon_inode:[timerfd]"); }
    Result<> append_details(String& out) override;

    /// Called after the real time was set: sets the timers anew that end at a point in real time.
    static void real_time_was_set();

  private:
    struct State {
        Nanoseconds interval = 0;
        /// The next expiry, or the last one if the timer was not restarted. Monotonic time, or real time for
        /// CLOCK_REALTIME with TFD_TIMER_ABSTIME. 0: off.
        Nanoseconds next = 0;
        u64 ticks = 0;  ///< Expirations that were counted and not read.
        u64 seen_setting = 0;
        abi::TimerfdSetFlags flags{};
        bool is_real = false;  ///< `next` is a point in real time.
        bool was_canceled = false;
        bool may_cancel() const { return has(flags, abi::TimerfdSetFlags::CancelOnSet) && is_real; }
    };
    struct Alarm : time::Timer {
        explicit Alarm(TimerFile& owner) : Timer(&Alarm::expire), file(owner) {}
        static void expire(Timer& timer);
        TimerFile& file;
    };

    bool is_real_time() const {
        return clock_ == abi::ClockId::Realtime || clock_ == abi::ClockId::RealtimeAlarm;
    }
    static Nanoseconds now(const State& state);
    void arm(State& state);
    void count(State& state);
    Setting remaining(State& state);
    bool take_cancellation(State& state);
    bool may_read() const {
        return has_expired_.load(std::memory_order_seq_cst) || has_ticks_.load(std::memory_order_seq_cst);
    }
    Result<u64> take_ticks();

    const abi::ClockId clock_;
    sync::SpinLocked<State, sync::LockRank::SpinLeaf> state_;
    Alarm alarm_;
    std::atomic<bool> has_expired_{false};  ///< Set by the callback, cleared by `count`.
    std::atomic<bool> has_ticks_{false};    ///< `ticks` is not 0.
    scheduler::WaitQueue readers_;

  public:
    ListNode real_link;  ///< In the list of real-time timers, guarded by that list's lock.
};

using TimerfdCreateFlags = Known<abi::TimerfdFlags::Nonblock | abi::TimerfdFlags::Cloexec>;
using TimerfdSettimeFlags = Known<abi::TimerfdSetFlags::Abstime | abi::TimerfdSetFlags::CancelOnSet>;

Answer<NewDescriptor> sys_timerfd_create(Context&, abi::ClockId clock, TimerfdCreateFlags flags);
Result<> sys_timerfd_settime(Context&, Descriptor fd, TimerfdSettimeFlags flags,
                             vm::UserIn<abi::itimerspec> in, OrNull<vm::UserOut<abi::itimerspec>> old);
Result<> sys_timerfd_gettime(Context&, Descriptor fd, vm::UserOut<abi::itimerspec> out);

inline constexpr syscall::Family TIMERFD_FAMILY{"timerfd", "kernel/posix_x/time/timerfd.cpp"};
inline constexpr syscall::Call TIMERFD_CALLS[] = {
    call<sys_timerfd_create>(283, "timerfd_create", TIMERFD_FAMILY),
    call<sys_timerfd_settime>(286, "timerfd_settime", TIMERFD_FAMILY),
    call<sys_timerfd_gettime>(287, "timerfd_gettime", TIMERFD_FAMILY),
};

}  // namespace exo::posix_x
