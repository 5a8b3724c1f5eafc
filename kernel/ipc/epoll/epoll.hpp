// epoll(7): a set of open files, and a list of those that may be ready. What a wait costs depends on how many are ready, not on how
// many are watched.
//
// Key types: Epoll (the file that epoll_create makes), EpollEntry (one watched file; entry.hpp).
// An entry has watchers in the wait queues of its file. A wake-up of such a queue, in whatever context, puts the entry into the ready
// list and wakes one thread that waits; the thread asks the file what really holds. Neighbours: scheduler's Watcher and fs's
// FileWatches below; posix_x/polling/epoll_calls.cpp above.
//
// An entry belongs to an open file description and the number of the descriptor by which it was added. It goes with EPOLL_CTL_DEL,
// with the epoll, or with the open file description. It holds no reference to the file: File::destroy removes it.
//
// Locking, outermost first. The graph's lock (rank EpollGraph) keeps files and epolls from going: shared by whoever adds or removes an
// entry, exclusive for whoever follows the links between epolls, or destroys a watched file. Each epoll has a sleeping lock (Epoll) for
// its entries, held while files are asked and events are copied out; an outer epoll's comes before those of the epolls in it. The ready
// list has a spin lock (EpollReady) that wakers take under the lock of a wait queue.
#pragma once

#include "abi/linux/epoll.hpp"
#include "fs/file/file.hpp"
#include "ipc/epoll/entry.hpp"
#include "vm/user_memory.hpp"

namespace exo::ipc {

/// /proc/sys/fs/epoll/max_user_watches: how many entries a user's epolls may have. 0 until start-up sets it from the memory.
inline constinit std::atomic<u64> max_epoll_watches{0};
/// Sets max_epoll_watches, and lets closed files remove their entries. LINUX: entries may take a 25th of the memory.
void start_epoll(u64 memory_bytes);

/// Where a wait puts its events: an array in the program's memory, or in the kernel's (for tests).
class EpollOutput {
  public:
    static EpollOutput to_user(u64 address, usize most) { return {address, nullptr, most}; }
    static EpollOutput to_kernel(std::span<abi::epoll_event> events) {
        return {0, events.data(), events.size()};
    }
    usize most() const { return most_; }
    /// Errors: Efault.
    Result<> write(usize index, const abi::epoll_event& event) const {
        if (events_ == nullptr) [[likely]]
            return vm::UserOut<abi::epoll_event>(address_ + index * sizeof(event)).write(event);
        events_[index] = event;
        return {};
    }

  private:
    EpollOutput(u64 address, abi::epoll_event* events, usize most)
        : address_(address),
          events_(events),
          most_(most) {}
    u64 address_;
    abi::epoll_event* events_;
    usize most_;
};

class Epoll final : public fs::File {
  public:
    /// Errors: Enomem.
    static Result<Ref<fs::File>> create(const fs::Credentials& credentials);
    Epoll(Ref<fs::Inode> inode, Ref<security::UserRecord> payer);
    ~Epoll() override;
    /// Null: another kind of file.
    static Epoll* of(fs::File& file) {
        return file.is_special(fs::SpecialFile::Epoll) ? static_cast<Epoll*>(&file) : nullptr;
    }

    /// EPOLL_CTL_ADD. Errors: Eexist, Enospc (max_epoll_watches), Enomem, Eloop (epolls in a circle, or too deep), Einval (too many
    /// paths), RestartSys (killed).
    Result<> add(fs::File& file, i32 descriptor, EpollInterest interest);
    /// EPOLL_CTL_MOD. Errors: Enoent, Einval (it is exclusive).
    Result<> modify(fs::File& file, i32 descriptor, EpollInterest interest);
    /// EPOLL_CTL_DEL. Errors: Enoent.
    Result<> remove(fs::File& file, i32 descriptor);
    /// Answers how many events there were, at least one; 0: the deadline has passed. Errors: Eintr, Efault, RestartSys (killed).
    Result<usize> wait(const EpollOutput& out, time::Deadline deadline);

    /// wait for one event where just one file may be ready, without sleeping: for the fast path. Calls `write` with the event, under a spin
    /// lock. False: nothing has happened.
    template <class Write> bool wait_at_once(Write write);

    fs::PollEvents poll(fs::PollTable* table) override;
    bool can_be_watched() const override { return true; }
    Result<> append_description(String& out) override { return out.append("anon_inode:[eventpoll]"); }
    Result<> append_details(String& out) override;

  private:
    friend class EpollGraph;
    friend struct EpollEntry;
    using EntriesLock = scheduler::Mutex<EpollEntries, sync::LockRank::Epoll>;
    using ReadyList = List<EpollEntry, &EpollEntry::ready_link>;
    struct Sleeper {
        scheduler::Thread& thread;
        ListNode link;
    };
    struct Ready {
        ReadyList entries;
        List<Sleeper, &Sleeper::link> sleepers;  ///< In wait, each is woken for one event.
        bool wake_sleeper() {
            Sleeper* sleeper = sleepers.pop_front();
            if (sleeper != nullptr) scheduler::unpark(sleeper->thread);
            return sleeper != nullptr;
        }
    };
    class Scan;

    Result<> insert(EpollEntries& entries, fs::File& file, i32 descriptor, EpollInterest interest);
    void drop(EpollEntries& entries, EpollEntry& entry);
    void note_if_ready(EpollEntry& entry, PollEvents found);
    Result<usize> collect(const EpollOutput& out);
    static abi::epoll_event event_of(const EpollEntry& entry, PollEvents found) {
        const u64 data = entry.data.load(std::memory_order_relaxed);
        return {static_cast<EpollEvents>(static_cast<u16>(found)),
                {static_cast<u32>(data), static_cast<u32>(data >> 32)}};
    }
    /// EPOLLONESHOT, after its event.
    static void disarm(EpollEntry& entry) {
        entry.events.store(entry.wanted() & EPOLL_MODES, std::memory_order_relaxed);
    }

    EntriesLock entries_;
    sync::SpinLocked<Ready, sync::LockRank::EpollReady, sync::IrqOff> ready_;
    scheduler::WaitQueue pollers_;  ///< Who polls the epoll itself, and the epolls that watch it.
    Ref<security::UserRecord> payer_;
    // Of the last walk of the graph that came here, under the graph's lock.
    u64 visit_ = 0;
    u32 nests_ = 0;  ///< How many epolls are on the longest way down, or up.
};

template <class Write> bool Epoll::wait_at_once(Write write) {
    // An entry in the list, and with it its file, cannot go while the list is locked: `drop` takes it out first.
    auto ready = ready_.lock();
    EpollEntry* entry = ready->entries.front();
    if (entry == nullptr || entry != ready->entries.back() || !ready->sleepers.is_empty()) return false;
    if (!entry->polls_without_lock || entry->has_mode(EpollEvents::Oneshot)) return false;
    const PollEvents found = entry->poll(nullptr);
    if (found == PollEvents::None || !write(event_of(*entry, found))) return false;
    if (entry->has_mode(EpollEvents::Et)) ReadyList::remove(*entry);
    return true;
}

}  // namespace exo::ipc
