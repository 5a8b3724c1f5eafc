#include "ipc/epoll/epoll.hpp"

#include "fs/file/anonymous.hpp"
#include "ipc/epoll/graph.hpp"
#include "scheduler/preemption.hpp"
#include "utils/format.hpp"
#include "utils/scope.hpp"

namespace exo::ipc {

namespace {

/// Puts an entry into the queues of its file.
class EntryPollTable final : public fs::PollTable {
  public:
    explicit EntryPollTable(EpollEntry& entry) : entry_(entry) {}
    void add(scheduler::WaitQueue& queue, Object* keeper) override {
        if (status) status = entry_.watch(queue, keeper);
    }
    Result<> status;

  private:
    EpollEntry& entry_;
};

}  // namespace

Result<Ref<fs::File>> Epoll::create(const fs::Credentials& credentials) {
    Ref<fs::Inode> inode = TRY(fs::shared_anonymous_inode());
    return make_ref<Epoll>(std::move(inode), Ref<security::UserRecord>(credentials.payer));
}

Epoll::Epoll(Ref<fs::Inode> inode, Ref<security::UserRecord> payer)
    : File({}, std::move(inode), abi::OpenFlags::Rdwr,
           {.seek = fs::SeekPolicy::AlwaysZero,
            .splice = fs::SplicePolicy::Refused,
            .special = fs::SpecialFile::Epoll}),
      payer_(std::move(payer)) {}

Epoll::~Epoll() {
    const auto graph = EpollGraph::hold();
    while (true) {
        auto entries = entries_.lock();
        EpollEntry* entry = entries->all().front();
        if (entry == nullptr) break;
        drop(*entries, *entry);
        entries.unlock();
        scheduler::preempt_point();
    }
}

Result<> Epoll::add(fs::File& file, i32 descriptor, EpollInterest interest) {
    interest.events |= EpollEvents::Err | EpollEvents::Hup;
    {
        const auto graph = EpollGraph::hold();
        if (!watches().has_any() && of(file) == nullptr) [[likely]]
            [[clang::always_inline]] return insert(*TRY(entries_.lock_killable()), file, descriptor, interest);
    }
    return insert_with_walk(file, descriptor, interest);
}

/// For an epoll that others watch, or that is to watch another: looks for circles and counts paths.
Result<> Epoll::insert_with_walk(fs::File& file, i32 descriptor, EpollInterest interest) {
    EpollGraph::Walk walk;
    if (Epoll* inner = of(file)) TRY(walk.check_loop(*this, *inner));
    auto entries = TRY(entries_.lock_killable());
    TRY(insert(*entries, file, descriptor, interest));
    const Result<> checked = walk.check_paths(file);
    if (!checked) drop(*entries, entries->place_of(file, descriptor));
    return checked;
}

/// LINUX: ep_insert. Errors: Eexist, Enospc, Enomem.
Result<> Epoll::insert(EpollEntries& entries, fs::File& file, i32 descriptor, EpollInterest interest) {
    EpollEntries::Place place = entries.place_of(file, descriptor);
    if (*place != nullptr) return Error::Eexist;
    if (payer_ && !payer_->charge_epoll_watch(max_epoll_watches.load(std::memory_order_relaxed)))
        return Error::Enospc;
    const Result<> room = entries.make_room(place, file, descriptor);
    EpollEntry* entry = !room ? nullptr : entries.make(place, *this, file, descriptor, interest);
    if (entry == nullptr) [[unlikely]] {
        if (payer_) payer_->release_epoll_watch();
        return Error::Enomem;
    }
    file.watches().add(*entry);
    EntryPollTable table(*entry);
    const PollEvents found = entry->poll(&table);
    if (!table.status) [[unlikely]] {
        drop(entries, place);
        return table.status;
    }
    note_if_ready(*entry, found);
    return {};
}

void Epoll::note_if_ready(EpollEntry& entry, PollEvents found) {
    if (found == PollEvents::None) return;
    {
        auto ready = ready_.lock();
        if (entry.ready_link.is_linked()) return;
        ready->push_back(entry);
        (void)ready->wake_sleeper();
    }
    if (pollers_.has_waiters()) pollers_.wake_all(fs::wake_events(PollEvents::In | PollEvents::Rdnorm));
}

void Epoll::drop(EpollEntries& entries, EpollEntries::Place place) {
    EpollEntry& entry = **place;
    entry.leave_queues();
    if (entry.was_ready) [[unlikely]] {
        auto ready = ready_.lock();
        if (entry.ready_link.is_linked()) ReadyList::remove(entry);
    }
    entries.take_out(place);
    entry.file.watches().remove(entry);  // the last use of the file
    entries.destroy(entry);
    if (payer_) payer_->release_epoll_watch();
}

Result<> Epoll::modify(fs::File& file, i32 descriptor, EpollInterest interest) {
    auto entries = TRY(entries_.lock_killable());
    EpollEntry* entry = entries->find(file, descriptor);
    if (entry == nullptr) return Error::Enoent;
    if (entry->has_mode(EpollEvents::Exclusive)) return Error::Einval;
    // seq_cst: a waker that still sees the old events has changed the file before the poll below asks it
    entry->events.store(interest.events | EpollEvents::Err | EpollEvents::Hup, std::memory_order_seq_cst);
    entry->data.store(interest.data, std::memory_order_relaxed);
    note_if_ready(*entry, entry->poll(nullptr));
    return {};
}

Result<> Epoll::remove(fs::File& file, i32 descriptor) {
    const auto graph = EpollGraph::hold();
    auto entries = TRY(entries_.lock_killable());
    const EpollEntries::Place place = entries->place_of(file, descriptor);
    if (*place == nullptr) return Error::Enoent;
    [[clang::always_inline]] drop(*entries, place);
    return {};
}

/// LINUX: ep_show_fdinfo.
Result<> Epoll::append_details(String& out) {
    auto entries = TRY(entries_.lock_killable());
    for (const EpollEntry& entry : entries->all()) {
        scheduler::preempt_point();
        const fs::Inode& inode = entry.file.inode();
        TRY(format_append(
            out, "tfd: {:8} events: {:8x} data: {:16x}  pos:{} ino:{:x} sdev:{:x}\n", entry.descriptor,
            abi::raw(entry.wanted()), entry.data.load(std::memory_order_relaxed),
            entry.file.has_moving_position() ? entry.file.position() : 0, inode.number(),
            u64{inode.file_system().device().major} << 20 | inode.file_system().device().minor));
    }
    return {};
}

}  // namespace exo::ipc
