#include "ipc/epoll/entry.hpp"

#include "ipc/epoll/epoll.hpp"
#include "scheduler/preemption.hpp"

namespace exo::ipc {

EpollWatcher::EpollWatcher()
    : Watcher([](Watcher& watcher, scheduler::WakeEvents events) {
          return static_cast<EpollWatcher&>(watcher).entry->notice(events);
      }) {}

Result<> EpollEntry::watch(scheduler::WaitQueue& queue, Object* keeper) {
    EpollWatcher* watcher = nullptr;
    if (used_ < USUAL_QUEUES) {
        watcher = &usual_[used_++];
    } else {
        Box<EpollWatcher> another = TRY(make_box<EpollWatcher>());
        watcher = another.get();
        TRY(more_.push(std::move(another)));
    }
    watcher->entry = this;
    watcher->keeper = Ref<Object>(keeper);
    using Kind = scheduler::Waiter::Kind;
    return watcher->enter(queue, has_mode(EpollEvents::Exclusive) ? Kind::Exclusive : Kind::Shared);
}

void EpollEntry::leave_queues() {
    for (usize i = 0; i < used_; ++i) usual_[i].leave();
    for (Box<EpollWatcher>& watcher : more_) watcher->leave();
}

bool EpollEntry::can_poll_without_lock(fs::File& file) {
    const u32 type = file.inode().mode() & abi::mode::TYPE_MASK;
    const bool takes_lock =
        file.is_special(fs::SpecialFile::Epoll) || file.is_special(fs::SpecialFile::Signals);
    return type == abi::mode::FIFO || (type == 0 && !takes_lock);
}

void EpollEntries::insert(EpollEntry& entry) {
    EpollEntry*& bucket = buckets_[bucket_of(entry.file, entry.descriptor)];
    entry.next_in_bucket = bucket;
    bucket = &entry;
    all_.push_back(entry);
    ++count_;
}

void EpollEntries::remove(EpollEntry& entry) {
    EpollEntry** place = &buckets_[bucket_of(entry.file, entry.descriptor)];
    while (*place != &entry) place = &(*place)->next_in_bucket;
    *place = entry.next_in_bucket;
    All::remove(entry);
    --count_;
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
        if (!ready_link.is_linked()) ready->entries.push_back(*this);
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
