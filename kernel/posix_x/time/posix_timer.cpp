#include "posix_x/process/posix_timer.hpp"

#include <algorithm>
#include <utility>

#include "posix_x/process/cpu_clock.hpp"
#include "posix_x/process/process.hpp"
#include "posix_x/process/signal_quota.hpp"
#include "scheduler/mutex.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

using abi::ClockId;

/// LINUX: KTIME_MAX: the latest possible expiry.
constexpr Nanoseconds LAST = (1ULL << 63) - 1;
/// LINUX: a timer whose signal is ignored expires at most once per jiffy (4 ms). In this kernel all such
/// timers of a process share this rate, so that they cannot use up a CPU.
constexpr Nanoseconds LEAST_IGNORED_INTERVAL = 4 * time::MILLISECOND;
constexpr usize FREE_IGNORED_TIMERS = 16;

constexpr Nanoseconds sum_of(Nanoseconds a, Nanoseconds b) { return std::min(a + b, LAST); }

constexpr bool follows_real_time(ClockId clock) {
    return clock == ClockId::Realtime || clock == ClockId::RealtimeAlarm || clock == ClockId::Tai;
}

struct RealTimers {
    List<PosixTimer, &PosixTimer::real_link> list;
};
constinit scheduler::Mutex<RealTimers, sync::LockRank::SleepingLeaf> real_timers;

void expired(Object& owner, u64 id) {
    fire_expired_timer(static_cast<Process&>(owner), static_cast<i32>(id));
}

}  // namespace

void fire_expired_timer(Process& process, i32 id) {
    CpuClock clock;
    {
        auto timers = process.posix_timers.lock();
        const PosixTimer* timer = timers->by_id.find(id);
        if (timer == nullptr) return;
        if (timer->is_cpu_timer()) clock = timer->cpu_clock();
    }
    const Nanoseconds cpu_now = clock.process ? clock.read().value_or(0) : 0;
    SentSignal sent;
    {
        auto timers = process.posix_timers.lock();
        PosixTimer* timer = timers->by_id.find(id);
        if (timer == nullptr || !timer->take_expired()) return;
        sent = timer->fire(cpu_now);
    }
    finish_sending(process, sent);
}

PosixTimer::CpuExpiry::CpuExpiry(Process& process, i32 timer)
    : CpuAlarm([](CpuAlarm& alarm) {
          auto& self = static_cast<CpuExpiry&>(alarm);
          self.has_expired.store(true, std::memory_order_release);
          self.expiry.post();
      }),
      expiry(process, &posix_x::expired, static_cast<u32>(timer)) {}

PosixTimer::PosixTimer(Process& process, UserId user, i32 id, ClockId clock, Notification notification,
                       const CpuClock& cpu_clock)
    : id(id),
      clock(clock),
      kind(notification.kind),
      process_(process),
      user_(user),
      cpu_kind_(cpu_clock.kind),
      cpu_process_(cpu_clock.process),
      cpu_task_(cpu_clock.task),
      receiver_(std::move(notification.receiver)),
      alarm_(process, &posix_x::expired, static_cast<u32>(id)) {
    if (is_cpu_timer()) cpu_expiry_.emplace(process, id);
    signal_.info = {
        .signal = notification.signal, .code = signal_code::TIMER, .sender = id, .value = notification.value};
    signal_.owner = this;
}

PosixTimer::~PosixTimer() { QUEUED_SIGNALS.release(user_); }

CpuClock PosixTimer::cpu_clock() const { return {cpu_kind_, cpu_process_, cpu_task_}; }

CpuAlarms::Locked& PosixTimer::cpu_alarms() const {
    return cpu_task_ ? cpu_task_->cpu_alarms : cpu_process_->cpu_alarms;
}

i32 PosixTimer::clamped(i64 overrun) {
    return static_cast<i32>(std::clamp<i64>(overrun, INT32_MIN, INT32_MAX));
}

Nanoseconds PosixTimer::now(Nanoseconds cpu_now) const {
    if (is_cpu_timer()) return cpu_now;
    return is_real_ ? time::realtime() : time::monotonic();
}

/// Moves the next expiry behind `now`. Returns how many expiries were skipped. LINUX: hrtimer_forward,
/// bump_cpu_timer.
i64 PosixTimer::forward(Nanoseconds now) {
    if (interval_ == 0 || now < expires_) return 0;
    const Nanoseconds late = now - expires_;
    const u64 passed = late < interval_ ? 1 : late / interval_ + 1;
    expires_ = sum_of(expires_, passed * interval_);
    return static_cast<i64>(passed);
}

void PosixTimer::arm(Nanoseconds now, Nanoseconds gap) {
    if (is_cpu_timer()) {
        cpu_alarms().lock()->arm(*cpu_expiry_, cpu_kind_, expires_);
        return;
    }
    const Nanoseconds at = std::max(expires_, gap != 0 ? sum_of(now, gap) : 1);
    if (!is_real_)
        alarm_.arm({at});
    else
        alarm_.arm(at > now ? time::Deadline::after(at - now) : time::Deadline{1});
}

void PosixTimer::disarm() {
    if (!is_cpu_timer()) return alarm_.cancel();
    cpu_alarms().lock()->cancel(*cpu_expiry_, cpu_kind_);
    cpu_expiry_->has_expired.store(false, std::memory_order_relaxed);
}

bool PosixTimer::has_expired() const {
    return is_cpu_timer() ? cpu_expiry_->has_expired.load(std::memory_order_relaxed) : alarm_.has_expired();
}

bool PosixTimer::take_expired() {
    return is_cpu_timer() ? cpu_expiry_->has_expired.exchange(false, std::memory_order_acq_rel)
                          : alarm_.take_expired();
}

/// LINUX: common_timer_get, posix_cpu_timer_get.
TimerSetting PosixTimer::remaining(Nanoseconds cpu_now) {
    const Nanoseconds present = now(cpu_now);
    if (is_cpu_timer()) {
        if (expires_ == 0) return {0, interval_};
        overrun_ += forward(present);
        return {expires_ > present ? expires_ - present : 1, interval_};
    }
    if (interval_ == 0 && !is_active_ && !is_silent()) return {};
    if (is_pending() || is_silent()) overrun_ += forward(present);
    if (expires_ > present) return {expires_ - present, interval_};
    return {is_silent() ? 0ULL : 1ULL, interval_};
}

/// LINUX: common_timer_set, posix_cpu_timer_set.
bool PosixTimer::set(Nanoseconds cpu_now, const TimerSetting& wanted, TimerStart start) {
    const bool is_absolute = start == TimerStart::Absolute;
    disarm();
    is_active_ = false;
    generation_ = (generation_ + 2) & ~1U;
    overrun_last_ = 0;
    interval_ = wanted.interval;
    if (!is_cpu_timer()) {
        if (wanted.value == 0) {
            interval_ = 0;
            return false;
        }
        // LINUX: relative timers of real time count monotonic time; those of other clocks that follow it do not.
        is_real_ = follows_real_time(clock) && (is_absolute || clock != ClockId::Realtime);
        const Nanoseconds present = now(cpu_now);
        expires_ = is_absolute ? wanted.value : sum_of(present, wanted.value);
        is_active_ = !is_silent();
        if (is_active_) arm(present);
        return false;
    }
    overrun_ = -1;
    expires_ = wanted.value == 0 || is_absolute ? wanted.value : sum_of(cpu_now, wanted.value);
    if (expires_ == 0) return false;
    if (cpu_now < expires_) arm(cpu_now);
    return cpu_now >= expires_;
}

SentSignal PosixTimer::fire(Nanoseconds cpu_now) {
    is_active_ = false;
    if (is_silent()) {
        if (is_cpu_timer()) expires_ = 0;
        return {};
    }
    const bool is_periodic = interval_ != 0;
    const u32 generation = is_periodic ? ++generation_ : 0;
    const SentSignal sent = send_prepared_signal(process_, receiver_.get(), signal_, generation);
    if (!is_periodic) {
        if (is_cpu_timer()) expires_ = 0;
        return sent;
    }
    if (!sent.is_ignored) return sent;
    // No task will take the signal, and so nothing will restart the timer.
    ++generation_;
    const Nanoseconds present = now(cpu_now);
    const usize timers = process_.posix_timers.unsafe_value().by_id.size();  // the caller has the lock
    const Nanoseconds least = LEAST_IGNORED_INTERVAL * (1 + timers / FREE_IGNORED_TIMERS);
    overrun_ += forward(interval_ < least ? present + least : present);
    is_active_ = true;
    arm(present);
    return sent;
}

void PosixTimer::rearm(Nanoseconds cpu_now, SignalInfo& info) {
    if (interval_ == 0 || generation_ != info.generation) return;
    const Nanoseconds present = now(cpu_now);
    overrun_ += forward(present);
    is_active_ = true;
    arm(present, rate_.note_taken(time::monotonic()));
    overrun_last_ = std::exchange(overrun_, -1);
    ++generation_;
    info.sender_uid = static_cast<u32>(clamped(overrun_last_ + static_cast<i32>(info.sender_uid)));
}

void PosixTimer::real_time_was_set() {
    if (is_real_ && is_active_) arm(time::realtime());
}

PosixTimer::Held PosixTimer::detach() {
    disarm();
    if (is_cpu_timer()) cpu_expiry_->expiry.withdraw();
    is_active_ = false;
    interval_ = 0;
    return {std::move(cpu_process_), std::move(cpu_task_), std::move(receiver_)};
}

Result<i32> PosixTimers::take_id() {
    const i32 first = next_id;
    do {
        const i32 id = next_id;
        next_id = id == INT32_MAX ? 0 : id + 1;
        if (by_id.find(id) == nullptr) return id;
    } while (next_id != first);
    return Error::Eagain;
}

Result<Ref<PosixTimer>> create_posix_timer(Task& creator, i32 id, ClockId clock,
                                           PosixTimer::Notification notification, const CpuClock& cpu_clock) {
    Process& process = *creator.process;
    const UserId user = creator.real_user();
    if (!QUEUED_SIGNALS.charge(user, process.limit(Resource::PendingSignals))) return Error::Eagain;
    Result<Ref<PosixTimer>> timer =
        make_ref<PosixTimer>(process, user, id, clock, std::move(notification), cpu_clock);
    if (!timer) {
        QUEUED_SIGNALS.release(user);
        return Error::Eagain;
    }
    return timer;
}

void add_posix_timer(Ref<PosixTimer> timer) {
    if (follows_real_time(timer->clock)) real_timers.lock()->list.push_back(*timer);
    auto timers = timer->process().posix_timers.lock();
    timers->by_id.insert(*timer.leak());
}

namespace {

/// Drops the last references to a timer that is in no tree any more.
void let_go(Ref<PosixTimer> timer, PosixTimer::Held) {
    if (!follows_real_time(timer->clock)) return;
    auto timers = real_timers.lock();
    timers->list.remove(*timer);
}

/// Deletes a timer. `SENDS_FIRST`: the signal of an expiry that has happened goes out before.
template <bool SENDS_FIRST> bool take_away(Process& process, i32 id) {
    Ref<PosixTimer> timer;
    PosixTimer::Held held;
    {
        auto timers = process.posix_timers.lock();
        PosixTimer* found = timers->by_id.find(id);
        if (found == nullptr) return false;
        if (SENDS_FIRST && found->has_expired()) [[unlikely]] {
            timers.unlock();
            fire_expired_timer(process, id);
            return take_away<false>(process, id);
        }
        timers->by_id.remove(*found);
        timer = Ref<PosixTimer>::adopt(found);
        held = timer->detach();
    }
    let_go(std::move(timer), std::move(held));
    return true;
}

}  // namespace

bool delete_posix_timer(Process& process, i32 id) { return take_away<true>(process, id); }

void delete_posix_timers(Process& process) {
    while (true) {
        i32 id;
        {
            auto timers = process.posix_timers.lock();
            const PosixTimer* first = timers->by_id.first();
            if (first == nullptr) return;
            id = first->id;
        }
        (void)delete_posix_timer(process, id);
        scheduler::preempt_point();
    }
}

void timer_signal_was_taken(Process& process, SignalInfo& info) {
    if (info.generation == 0) return;
    CpuClock clock;
    {
        auto timers = process.posix_timers.lock();
        PosixTimer* timer = timers->by_id.find(info.sender);
        if (timer == nullptr) return;
        if (!timer->is_cpu_timer()) return timer->rearm(0, info);
        clock = timer->cpu_clock();
    }
    const Result<Nanoseconds> cpu_now = clock.read();
    if (!cpu_now) return;
    auto timers = process.posix_timers.lock();
    PosixTimer* timer = timers->by_id.find(info.sender);
    if (timer != nullptr) timer->rearm(*cpu_now, info);
}

void posix_timers_after_clock_setting() {
    auto timers = real_timers.lock();
    for (PosixTimer& timer : timers->list) {
        scheduler::preempt_point();
        auto locked = timer.process().posix_timers.lock();
        if (timer.link.is_linked()) timer.real_time_was_set();
    }
}

}  // namespace exo::posix_x
