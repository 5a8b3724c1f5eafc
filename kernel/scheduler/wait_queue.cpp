#include "scheduler/wait_queue.hpp"

#include "scheduler/preemption.hpp"

namespace exo::scheduler {

Waiter::~Waiter() { leave(); }

void Waiter::enter(WaitQueue& queue, Kind kind) {
    queue_ = &queue;
    auto state = queue.state_.lock();
    if (link_.is_linked()) return;
    // Read by wakers: not to be touched while we are in the queue, not even with the same values.
    thread_ = &current_thread();
    kind_ = kind;
    if (kind == Kind::Shared)
        state->threads.push_front(*this);
    else
        state->threads.push_back(*this);
    queue.has_waiters_.exchange(WaitQueue::THREADS | state->watchers_bit(), std::memory_order_seq_cst);
}

bool Waiter::leave() {
    if (queue_ == nullptr) return false;
    auto state = queue_->state_.lock();
    const bool was_woken = !link_.is_linked();
    if (!was_woken) {
        state->threads.remove(*this);
        if (state->threads.is_empty())
            queue_->has_waiters_.store(state->watchers_bit(), std::memory_order_seq_cst);
    }
    queue_ = nullptr;
    return was_woken;
}

Result<> Watcher::enter(WaitQueue& queue, Waiter::Kind kind) {
    auto state = queue.state_.lock();
    if (state->watcher_count == WaitQueue::MOST_WATCHERS) return Error::Enospc;
    queue_ = &queue;
    kind_ = kind;
    if (kind == Waiter::Kind::Shared)
        state->watchers.push_front(*this);
    else
        state->watchers.push_back(*this);
    ++state->watcher_count;
    queue.has_waiters_.fetch_add(state->watcher_count == 1 ? WaitQueue::WATCHERS : 0,
                                 std::memory_order_seq_cst);
    return {};
}

void Watcher::leave() {
    if (queue_ == nullptr) return;
    auto state = queue_->state_.lock();
    state->watchers.remove(*this);
    if (--state->watcher_count == 0)
        queue_->has_waiters_.fetch_sub(WaitQueue::WATCHERS, std::memory_order_seq_cst);
    queue_ = nullptr;
}

Result<> WaitQueue::wait(WaitMode mode, FunctionRef<bool()> ready, Deadline deadline) {
    if (ready()) return {};
    Waiter waiter;
    while (true) {
        waiter.enter(*this, Waiter::Kind::Exclusive);
        if (ready()) break;
        const Result<> result = park(mode, deadline);
        if (result && ready()) break;
        if (result) continue;
        // A wake-up that was meant for one of us must not die with our giving up.
        if (waiter.leave()) hand_on();
        return result;
    }
    return {};
}

/// Calls the watchers. Returns whether an exclusive watcher has passed the wake-up on.
bool WaitQueue::tell(State& state, WakeEvents events, Reach reach) {
    for (Watcher& watcher : state.watchers) {
        const bool has_taken = watcher.callback_(watcher, events);
        if (has_taken && watcher.kind_ == Waiter::Kind::Exclusive && reach == Reach::One) return true;
    }
    return false;
}

/// Wakes threads up to and including the first exclusive one.
void WaitQueue::wake_threads(State& state) {
    bool woke_exclusive = false;
    while (!woke_exclusive) {
        Waiter* waiter = state.threads.pop_front();
        if (waiter == nullptr) break;
        woke_exclusive = waiter->kind_ == Waiter::Kind::Exclusive;
        unpark(*waiter->thread_);
    }
}

void WaitQueue::wake_one(WakeEvents events) {
    if (!may_have_waiters()) return;
    auto state = state_.lock();
    if (!tell(*state, events, Reach::One)) wake_threads(*state);
    if (state->threads.is_empty()) has_waiters_.store(state->watchers_bit(), std::memory_order_seq_cst);
}

// Out of line, as tell_watchers is: hardly any call of a file has somebody to tell, and would only lose registers.
[[gnu::noinline]] void WaitQueue::hand_on() {
    if (!may_have_waiters()) return;
    auto state = state_.lock();
    wake_threads(*state);
    if (state->threads.is_empty()) has_waiters_.store(state->watchers_bit(), std::memory_order_seq_cst);
}

[[gnu::noinline]] void WaitQueue::tell_watchers(WakeEvents events) {
    if (may_have_waiters()) (void)tell(*state_.lock(), events, Reach::One);
}

void WaitQueue::wake_all_in(State& state, WakeEvents events) {
    (void)tell(state, events, Reach::All);
    while (Waiter* waiter = state.threads.pop_front()) unpark(*waiter->thread_);
    has_waiters_.store(state.watchers_bit(), std::memory_order_seq_cst);
}

void WaitQueue::wake_all_atomically(WakeEvents events) {
    if (may_have_waiters()) wake_all_in(*state_.lock(), events);
}

/// Wakes some of the waiters. Returns whether any are left.
bool WaitQueue::wake_some(List<Waiter, &Waiter::link_>& waiters) {
    constexpr usize MOST_AT_ONCE = 64;
    for (usize woken = 0; woken < MOST_AT_ONCE; ++woken) {
        Waiter* waiter = waiters.pop_front();
        if (waiter == nullptr) break;
        unpark(*waiter->thread_);
    }
    return !waiters.is_empty();
}

void WaitQueue::wake_all(WakeEvents events) {
    sync::assert_may_sleep();
    if (!may_have_waiters()) return;
    // Those that wait now leave the queue first, so that those that come meanwhile do not make the work longer. One of them that gives up
    // its wait takes itself out of this list, under the queue's lock.
    List<Waiter, &Waiter::link_> waiters;
    bool has_more;
    {
        auto state = state_.lock();
        (void)tell(*state, events, Reach::All);
        waiters.splice_back(state->threads);
        has_waiters_.store(state->watchers_bit(), std::memory_order_seq_cst);
        has_more = wake_some(waiters);
    }
    while (has_more) {
        preempt_point();
        const auto state = state_.lock();
        has_more = wake_some(waiters);
    }
}

void WaitQueue::wake_nested(WakeEvents events) {
    if (may_have_waiters()) wake_all_in(*state_.lock_nested(), events);
}

}  // namespace exo::scheduler
