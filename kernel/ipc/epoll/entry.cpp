#include "ipc/epoll/entry.hpp"

#include "ipc/epoll/epoll.hpp"
#include "scheduler/preemption.hpp"

namespace exo::ipc {

bool EpollWatcher::notice(Watcher& watcher, scheduler::WakeEvents events) {
    return static_cast<EpollWatcher&>(watcher).entry_.notice(events);
}

Result<> EpollEntry::watch(scheduler::WaitQueue& queue, Object* keeper) {
    if (first_) [[unlikely]]
        return watch_another(queue, keeper);
    return first_.emplace(*this, keeper).enter(queue, waiter_kind());
}

Result<> EpollEntry::watch_another(scheduler::WaitQueue& queue, Object* keeper) {
    if (!second_) return second_.emplace(*this, keeper).enter(queue, waiter_kind());
    auto* another = new (std::nothrow) FurtherEpollWatcher(*this, keeper, further_);
    if (another == nullptr) return Error::Enomem;
    further_ = another;
    return further_->watcher.enter(queue, waiter_kind());
}

void EpollEntry::leave_queues() {
    first_.reset();
    second_.reset();
    while (further_ != nullptr) delete std::exchange(further_, further_->next);
}

bool EpollEntry::can_poll_without_lock(fs::File& file) {
    const u32 type = file.inode().mode() & abi::mode::TYPE_MASK;
    const bool takes_lock =
        file.is_special(fs::SpecialFile::Epoll) || file.is_special(fs::SpecialFile::Signals);
    return type == abi::mode::FIFO || (type == 0 && !takes_lock);
}

/// Each bucket has one entry on average.
Result<> EpollEntries::grow() {
    constexpr usize LEAST = 8;
    Vector<EpollEntry*> larger;
    TRY(larger.resize(buckets_.is_empty() ? LEAST : buckets_.size() * 2));
    std::swap(buckets_, larger);
    for (EpollEntry& entry : all_) {
        EpollEntry*& bucket = buckets_[bucket_of(entry.file, entry.descriptor)];
        entry.next_in_bucket = bucket;
        bucket = &entry;
        scheduler::preempt_point();
    }
    return {};
}

/// LINUX: ep_poll_callback. The result matters for exclusive entries only.
bool EpollEntry::notice(scheduler::WakeEvents woken) {
    const EpollEvents now_wanted = wanted();
    if ((now_wanted & ~EPOLL_MODES) == EpollEvents::None) return false;  // EPOLLONESHOT, after its event
    if ((woken & abi::raw(now_wanted)) == 0) return false;
    bool has_woken = false;
    {
        auto ready = epoll.ready_.lock();
        if (!ready_link.is_linked()) ready->push_back(*this);
        has_woken = ready->wake_sleeper();
    }
    if (epoll.pollers_.has_waiters())
        epoll.pollers_.wake_nested(fs::wake_events(PollEvents::In | PollEvents::Rdnorm));
    if (!has_woken) return false;
    constexpr u32 IN = abi::raw(EpollEvents::In);
    constexpr u32 OUT = abi::raw(EpollEvents::Out);
    // A wake-up that says both, or neither, is a thread's to look into.
    if (woken == scheduler::ANY_EVENT || (woken & (IN | OUT)) == 0) return true;
    const u32 both = woken & (IN | OUT);
    return both != (IN | OUT) && (both & abi::raw(now_wanted)) != 0;
}

}  // namespace exo::ipc
