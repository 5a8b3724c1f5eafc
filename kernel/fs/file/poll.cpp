#include "fs/file/poll.hpp"

namespace exo::fs {

void ThreadPollTable::add(scheduler::WaitQueue& queue, Object*) {
    if (used_ < INLINE_WAITERS) {
        first_[used_++].enter(queue, scheduler::Waiter::Kind::Shared);
        return;
    }
    if (!status_) return;
    status_ = [&]() -> Result<> {
        Box<scheduler::Waiter> waiter = TRY(make_box<scheduler::Waiter>());
        scheduler::Waiter& entered = *waiter;
        TRY(more_.push(std::move(waiter)));
        entered.enter(queue, scheduler::Waiter::Kind::Shared);
        return {};
    }();
}

void ThreadPollTable::clear() {
    for (usize i = 0; i < used_; ++i) first_[i].leave();
    used_ = 0;
    more_.clear();
    status_ = {};
}

}  // namespace exo::fs
