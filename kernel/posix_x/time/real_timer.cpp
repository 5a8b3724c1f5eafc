#include "posix_x/process/real_timer.hpp"

#include <algorithm>

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

namespace {

void expire(Object& owner, u64) {
    auto& process = static_cast<Process&>(owner);
    if (!process.real_timer.lock()->take_expiry()) return;
    (void)send_signal(process, {.signal = Signal::Alrm});  // standard signals cannot fail
}

}  // namespace

RealTimer::RealTimer(Process& process) : alarm(process, &expire) {}

void RealTimer::start(time::Deadline at) {
    deadline = at;
    alarm.arm(at);
}

bool RealTimer::take_expiry() {
    if (!alarm.take_expired()) return false;
    last = deadline.at;
    deadline = time::Deadline::never();
    return true;
}

void RealTimer::stop() {
    alarm.cancel();
    deadline = time::Deadline::never();
}

void real_signal_was_taken(Process& process) {
    auto timer = process.real_timer.lock();
    if (timer->interval == 0 || !timer->deadline.is_never()) return;
    const time::Nanoseconds now = time::monotonic();
    time::Nanoseconds next = timer->last;
    if (now >= next) next += ((now - next) / timer->interval + 1) * timer->interval;
    timer->start({std::max(next, now + timer->rate.note_taken(now))});
}

}  // namespace exo::posix_x
