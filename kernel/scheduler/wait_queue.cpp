#include "scheduler/wait_queue.hpp"

namespace exo::scheduler {

Waiter::~Waiter() { leave(); }

void Waiter::enter(WaitQueue& queue, Kind kind) {
    queue_ = &queue;
    auto waiters = queue.waiters_.lock();
    if (link_.is_linked()) return;
    // Read by wakers: not to be touched while we are in the queue, not even with the same values.
    thread_ = &current_thread();
    kind_ = kind;
    if (kind == Kind::Shared)
        waiters->push_front(*this);
    else
        waiters->push_back(*this);
    queue.has_waiters_.exchange(1, std::memory_order_seq_cst);
}

bool Waiter::leave() {
    if (queue_ == nullptr) return false;
    auto waiters = queue_->waiters_.lock();
    const bool was_woken = !link_.is_linked();
    if (!was_woken) {
        waiters->remove(*this);
        if (waiters->is_empty()) queue_->has_waiters_.store(0, std::memory_order_seq_cst);
    }
    queue_ = nullptr;
    return was_woken;
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
        if (waiter.leave()) wake_one();
        return result;
    }
    return {};
}

void WaitQueue::wake_one() {
    if (!may_have_waiters()) return;
    auto waiters = waiters_.lock();
    bool woke_exclusive = false;
    while (!woke_exclusive) {
        Waiter* waiter = waiters->pop_front();
        if (waiter == nullptr) break;
        woke_exclusive = waiter->kind_ == Waiter::Kind::Exclusive;
        unpark(*waiter->thread_);
    }
    if (waiters->is_empty()) has_waiters_.store(0, std::memory_order_seq_cst);
}

void WaitQueue::wake_all() {
    if (!may_have_waiters()) return;
    auto waiters = waiters_.lock();
    while (Waiter* waiter = waiters->pop_front()) unpark(*waiter->thread_);
    has_waiters_.store(0, std::memory_order_seq_cst);
}

}  // namespace exo::scheduler
