// Waiting: what is ready is taken out of the list, asked whether it still is, and told. epoll_wait(2).
#include "ipc/epoll/epoll.hpp"
#include "scheduler/preemption.hpp"

namespace exo::ipc {

using scheduler::WaitMode;

/// One pass over what may be ready, under the epoll's lock. Each entry is visited once; a wake-up meanwhile puts it into the ready list
/// again. Entries that the pass did not come to go back to the front of the list, and those that stay ready lie behind them: so each has
/// its turn.
class Epoll::Scan {
  public:
    explicit Scan(Epoll& epoll) : epoll_(epoll) {
        auto ready = epoll_.ready_.lock();
        left_.splice_back(ready->entries);
        next_ = left_.pop_front();
    }
    enum class Place : u8 { Out, Front, Back };
    /// The entry that the scan is at.
    EpollEntry* current() const { return next_; }
    /// Goes on to the next entry. `place`: where in the ready list the current one goes.
    void advance(Place place) {
        auto ready = epoll_.ready_.lock();
        put(*ready, place);
        next_ = left_.pop_front();
        if (next_ == nullptr) end(*ready);
    }
    /// Goes no further.
    void stop(Place place) {
        auto ready = epoll_.ready_.lock();
        put(*ready, place);
        next_ = nullptr;
        end(*ready);
    }

  private:
    void put(Ready& ready, Place place) {
        if (place == Place::Out || next_->ready_link.is_linked()) return;
        if (place == Place::Back)
            ready.entries.push_back(*next_);
        else
            left_.push_front(*next_);
    }
    void end(Ready& ready) {
        if (!left_.is_empty()) {
            left_.splice_back(ready.entries);
            ready.entries.splice_back(left_);
        }
        // Others may wait for what this one leaves.
        if (!ready.entries.is_empty()) (void)ready.wake_sleeper();
    }

    Epoll& epoll_;
    ReadyList left_;  ///< Under the lock of the ready list.
    EpollEntry* next_ = nullptr;
};

/// LINUX: ep_send_events. Errors: Efault (nothing was told), RestartSys (killed).
Result<usize> Epoll::collect(const EpollOutput& out) {
    const auto entries = TRY(entries_.lock_killable());
    Scan scan(*this);
    usize count = 0;
    while (EpollEntry* entry = scan.current()) {
        Scan::Place place = Scan::Place::Out;
        if (const PollEvents found = entry->poll(nullptr); found != PollEvents::None) {
            if (const Result<> written = out.write(count, event_of(*entry, found)); !written) [[unlikely]] {
                scan.stop(Scan::Place::Front);
                return count != 0 ? Result<usize>(count) : Result<usize>(written.error());
            }
            ++count;
            if (entry->has_mode(EpollEvents::Oneshot))
                disarm(*entry);
            else if (!entry->has_mode(EpollEvents::Et))
                place = Scan::Place::Back;
        }
        if (count == out.most()) {
            scan.stop(place);
            break;
        }
        scan.advance(place);
        scheduler::preempt_point();
    }
    return count;
}

/// LINUX: ep_poll.
Result<usize> Epoll::wait(const EpollOutput& out, time::Deadline deadline) {
    bool is_late = false;
    while (true) {
        const Result<usize> count = collect(out);
        if (!count) [[unlikely]] {
            auto ready = ready_.lock();  // the wake-up that this thread may have had is another's now
            if (!ready->entries.is_empty()) (void)ready->wake_sleeper();
            return count;
        }
        if (*count != 0) return count;
        if (is_late || deadline.at == 0) return 0uz;
        // LINUX: ep_poll: a wait with a time limit, however short, ends with EINTR if a signal is pending.
        if (!scheduler::check_interrupted(WaitMode::Interruptible)) return Error::Eintr;
        if (deadline.has_passed()) return 0uz;
        Sleeper sleeper{scheduler::current_thread(), {}};
        {
            auto ready = ready_.lock();
            if (!ready->entries.is_empty()) continue;
            ready->sleepers.push_back(sleeper);
        }
        const Result<> parked = scheduler::park(WaitMode::Interruptible, deadline);
        // Whatever ended the sleep, events are looked for once more: one of them may have been meant for this thread.
        is_late = !parked && parked.error() == Error::Etimedout;
        auto ready = ready_.lock();
        if (sleeper.link.is_linked()) ready->sleepers.remove(sleeper);
    }
}

PollEvents Epoll::poll(fs::PollTable* table) {
    if (table != nullptr) table->add(pollers_);
    const auto entries = entries_.lock_nested();
    Scan scan(*this);
    while (EpollEntry* entry = scan.current()) {
        if (entry->poll(nullptr) != PollEvents::None) {
            scan.stop(Scan::Place::Front);
            return PollEvents::In | PollEvents::Rdnorm;
        }
        // LINUX: it was put here by a wake-up, and is not ready (__ep_eventpoll_poll).
        scan.advance(Scan::Place::Out);
        scheduler::preempt_point();
    }
    return PollEvents::None;
}

}  // namespace exo::ipc
