#include "posix_x/time/timerfd.hpp"

#include <cstring>

#include "fs/file/anonymous.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/syscalls/time_values.hpp"
#include "posix_x/time/clocks.hpp"
#include "scheduler/block_until.hpp"
#include "scheduler/preemption.hpp"
#include "utils/format.hpp"

namespace exo::posix_x {

namespace {

using abi::ClockId;
using abi::TimerfdFlags;
using abi::TimerfdSetFlags;
using fs::PollEvents;

struct RealTimers {
    List<TimerFile, &TimerFile::real_link> list;
};
constinit scheduler::Mutex<RealTimers, sync::LockRank::SleepingLeaf> real_timers;

bool is_alarm(ClockId clock) { return clock == ClockId::RealtimeAlarm || clock == ClockId::BoottimeAlarm; }

}  // namespace

Result<Ref<fs::File>> TimerFile::create(ClockId clock, abi::OpenFlags flags) {
    Ref<fs::Inode> inode = TRY(fs::shared_anonymous_inode());
    Ref<TimerFile> file = TRY(make_ref<TimerFile>(std::move(inode), clock, flags));
    if (file->is_real_time()) real_timers.lock()->list.push_back(*file);
    return Ref<fs::File>(std::move(file));
}

TimerFile::TimerFile(Ref<fs::Inode> inode, ClockId clock, abi::OpenFlags flags)
    : File({}, std::move(inode), abi::OpenFlags::Rdwr | flags,
           {.seek = fs::SeekPolicy::AlwaysZero,
            .splice = fs::SplicePolicy::Refused,
            .special = fs::SpecialFile::Timer}),
      clock_(clock),
      alarm_(*this) {}

TimerFile::~TimerFile() {
    if (is_real_time()) {
        auto timers = real_timers.lock();
        timers->list.remove(*this);
    }
    alarm_.cancel();
}

void TimerFile::Alarm::expire(Timer& timer) {
    TimerFile& file = static_cast<Alarm&>(timer).file;
    file.has_expired_.store(true, std::memory_order_seq_cst);  // before the readers are woken, who look at it
    file.readers_.wake_all_atomically(fs::wake_events(PollEvents::In));
}

Nanoseconds TimerFile::now(const State& state) {
    return state.is_real ? time::realtime() : time::monotonic();
}

void TimerFile::arm(State& state) {
    if (state.next == 0) return alarm_.cancel();
    const Nanoseconds present = now(state);
    alarm_.arm(state.next > present ? time::Deadline::after(state.next - present) : time::Deadline{1});
}

/// Counts the expirations and restarts a timer with an interval.
void TimerFile::count(State& state) {
    if (!has_expired_.load(std::memory_order_seq_cst)) return;
    u64 expirations = 1;
    if (state.interval != 0) {
        const Nanoseconds present = now(state);
        if (present > state.next) expirations += (present - state.next) / state.interval;
        state.next += expirations * state.interval;
    } else {
        state.next = 0;
    }
    state.ticks += expirations;
    has_ticks_.store(true, std::memory_order_seq_cst);
    has_expired_.store(false, std::memory_order_seq_cst);
    if (state.next != 0) arm(state);
}

TimerFile::Setting TimerFile::remaining(State& state) {
    if (state.interval != 0) count(state);
    const Nanoseconds present = now(state);
    return {state.next > present ? state.next - present : 0, state.interval};
}

TimerFile::Setting TimerFile::remaining() { return remaining(*state_.lock()); }

bool TimerFile::take_cancellation(State& state) { return std::exchange(state.was_canceled, false); }

TimerFile::Replaced TimerFile::set(const Setting& wanted, TimerfdSetFlags flags) {
    auto state = state_.lock();
    const bool could_cancel = state->may_cancel();
    const bool is_absolute = has(flags, TimerfdSetFlags::Abstime);
    alarm_.cancel();
    Replaced replaced{.old = remaining(*state)};
    alarm_.cancel();
    has_expired_.store(false, std::memory_order_seq_cst);
    has_ticks_.store(false, std::memory_order_seq_cst);
    state->ticks = 0;
    state->interval = wanted.interval;
    state->flags = flags;
    state->is_real = is_real_time() && is_absolute;
    state->next = wanted.value == 0 || is_absolute ? wanted.value : time::monotonic() + wanted.value;
    arm(*state);
    // LINUX: a cancellation that was not read yet is reported now (timerfd_setup). The flag makes later ones
    // count.
    replaced.was_canceled = could_cancel && state->may_cancel() && take_cancellation(*state);
    state->was_canceled = false;
    return replaced;
}

void TimerFile::real_time_was_set() {
    auto timers = real_timers.lock();
    for (TimerFile& file : timers->list) {
        scheduler::preempt_point();
        auto state = file.state_.lock();
        if (!state->is_real) continue;
        const bool cancels = state->may_cancel();
        if (cancels) {
            state->was_canceled = true;
            ++state->ticks;
            file.has_ticks_.store(true, std::memory_order_seq_cst);
        }
        if (state->next != 0 && !file.has_expired_.load(std::memory_order_seq_cst)) file.arm(*state);
        state.unlock();
        if (cancels) file.readers_.wake_all(fs::wake_events(PollEvents::In));
    }
}

/// Takes the counted expirations. Errors: Eagain (it has not expired), Ecanceled.
Result<u64> TimerFile::take_ticks() {
    auto state = state_.lock();
    if (take_cancellation(*state)) {
        state->ticks = 0;
        has_ticks_.store(false, std::memory_order_seq_cst);
        has_expired_.store(false, std::memory_order_seq_cst);
        return Error::Ecanceled;
    }
    count(*state);
    if (state->ticks == 0) return Error::Eagain;
    has_ticks_.store(false, std::memory_order_seq_cst);
    return std::exchange(state->ticks, 0);
}

/// Reads 8 bytes. Errors: Einval (a smaller buffer), Eagain, Ecanceled, Efault, RestartSys.
Result<usize> TimerFile::do_read(vm::OutBuffer& to, u64) {
    if (to.remaining() < sizeof(u64)) return Error::Einval;
    const u64 ticks = TRY(scheduler::block_until(
        readers_, blocking(), [this] { return may_read(); }, [this] { return take_ticks(); }));
    u8 bytes[sizeof(u64)];
    std::memcpy(bytes, &ticks, sizeof(bytes));
    TRY(to.write(bytes));
    return sizeof(u64);
}

PollEvents TimerFile::poll(fs::PollTable* table) {
    if (table != nullptr) table->add(readers_);
    return may_read() ? PollEvents::In : PollEvents::None;
}

/// LINUX: timerfd_show.
Result<> TimerFile::append_details(String& out) {
    Setting left;
    u64 ticks = 0;
    TimerfdSetFlags flags;
    {
        auto state = state_.lock();
        left = remaining(*state);
        count(*state);
        ticks = state->ticks;
        flags = state->flags;
    }
    return format_append(
        out, "clockid: {}\nticks: {}\nsettime flags: 0{}\nit_value: ({}, {})\nit_interval: ({}, {})\n",
        std::to_underlying(clock_), ticks, abi::raw(flags), left.value / time::SECOND,
        left.value % time::SECOND, left.interval / time::SECOND, left.interval % time::SECOND);
}

namespace {

/// The TimerFile of a descriptor. Errors: Ebadf, Einval (another kind of file).
Result<TimerFile*> timer_of(const FileUse& file) {
    TimerFile* timer = TimerFile::of(*file);
    return timer != nullptr ? Result<TimerFile*>(timer) : Result<TimerFile*>(Error::Einval);
}

abi::itimerspec to_abi(const TimerFile::Setting& setting) {
    return {to_timespec(setting.interval), to_timespec(setting.value)};
}

}  // namespace

Answer<NewDescriptor> sys_timerfd_create(Context&, ClockId clock, TimerfdCreateFlags given) {
    const TimerfdFlags flags = TRY(given.checked());
    switch (clock) {
        case ClockId::Realtime:
        case ClockId::Monotonic:
        case ClockId::Boottime: break;
        case ClockId::RealtimeAlarm:
        case ClockId::BoottimeAlarm:
            if (!current_task().identity().can(Capability::WakeAlarm)) return Error::Eperm;
            break;
        default: return Error::Einval;
    }
    TRY(fs::check_open_file_count(current_task().credentials()));
    const auto file_flags = static_cast<abi::OpenFlags>(abi::raw(flags));  // the same bits
    return install_file(
        TRY(TimerFile::create(clock, file_flags & abi::OpenFlags::Nonblock)),
                        has(flags, TimerfdFlags::Cloexec) ? security::OnExec::Close : security::OnExec::Keep);
}

/// LINUX: the order of checks is that of do_timerfd_settime.
Result<> sys_timerfd_settime(Context&, Descriptor fd, TimerfdSettimeFlags given,
                             vm::UserIn<abi::itimerspec> in, OrNull<vm::UserOut<abi::itimerspec>> old) {
    const abi::itimerspec value = TRY(in.read());
    const TimerfdSetFlags flags = TRY(given.checked());
    const TimerFile::Setting wanted{ TRY(to_nanoseconds(value.it_value)),
                                     TRY(to_nanoseconds(value.it_interval))};
    const FileUse file = TRY(use_file(fd, Rights::Poll));
    TimerFile* timer = TRY(timer_of(file));
    if (is_alarm(timer->clock()) && !current_task().identity().can(Capability::WakeAlarm))
        return Error::Eperm;
    const TimerFile::Replaced replaced = timer->set(wanted, flags);
    if (replaced.was_canceled) return Error::Ecanceled;
    return old.is_null() ? Result<>() : old.write(to_abi(replaced.old));
}

Result<> sys_timerfd_gettime(Context&, Descriptor fd, vm::UserOut<abi::itimerspec> out) {
    const FileUse file = TRY(use_file(fd, Rights::Poll));
    TimerFile* timer = TRY(timer_of(file));
    return out.write(to_abi(timer->remaining()));
}

}  // namespace exo::posix_x
