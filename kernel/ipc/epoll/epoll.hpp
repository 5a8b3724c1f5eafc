// epoll(7): a set of open files, and a list of those that may be ready. The cost of a wait depends on the
// number of ready files, not on the number of watched files.
//
// Key types: Epoll (the file that epoll_create makes), EpollEntry (one watched file; entry.hpp).
// An entry has watchers in the wait queues of its file. A wake-up of such a queue, in any context, puts the
// entry into the ready list and wakes one waiting thread; that thread polls the file for the actual events.
// Neighbours: scheduler's Watcher and fs's FileWatches below; posix_x/polling/epoll_calls.cpp above.
//
// An entry belongs to an open file description and to the number of the descriptor with which it was added.
// EPOLL_CTL_DEL, the end of the epoll, or the end of the open file description removes it. An entry holds no
// reference to the file: File::destroy removes it.
//
// Locking, outermost first. The graph's lock (rank EpollGraph) prevents the destruction of files and epolls.
// A thread that adds or removes an entry holds it shared; a thread that follows the links between epolls, or
// destroys a watched file, holds it exclusively. Each epoll has a sleeping lock (Epoll) for its entries, held
// while files are polled and events are copied out; an outer epoll's lock is taken before those of the epolls
// in it. A spin lock (EpollReady), which wakers take under the lock of a wait queue, guards the ready list.
#pragma once

#include "abi/linux/epoll.hpp"
#include "fs/file/file.hpp"
#include "ipc/epoll/entry.hpp"
#include "vm/user_memory.hpp"

namespace exo::ipc {

/// /proc/sys/fs/epoll/max_user_watches: the limit of entries in a user's epolls. 0 until boot sets it
/// according to the memory.
inline constinit std::atomic<u64> max_epoll_watches{0};
/// Sets max_epoll_watches and registers the removal of entries of closed files. LINUX: entries may use a 25th
/// of the memory.
void start_epoll(u64 memory_bytes);

/// The destination of a wait's events: an array in the program's memory, or in the kernel's (for tests).
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
    /// The Epoll behind a file, or null if the file is of another kind.
    static Epoll* of(fs::File& file) {
        return file.is_special(fs::SpecialFile::Epoll) ? static_cast<Epoll*>(&file) : nullptr;
    }

    /// EPOLL_CTL_ADD. Errors: Eexist, Enospc (max_epoll_watches), Enomem, Eloop (a circle of epolls, or too
    /// deep), Einval (too many paths), RestartSys (the thread is being killed).
    Result<> add(fs::File& file, i32 descriptor, EpollInterest interest);
    /// EPOLL_CTL_MOD. Errors: Enoent, Einval (the entry is exclusive).
    Result<> modify(fs::File& file, i32 descriptor, EpollInterest interest);
    /// EPOLL_CTL_DEL. Errors: Enoent.
    Result<> remove(fs::File& file, i32 descriptor);
    /// epoll_wait: waits for at least one event and returns their number; 0: the deadline has passed. Errors:
    /// Eintr, Efault, RestartSys (the thread is being killed).
    Result<usize> wait(const EpollOutput& out, time::Deadline deadline);

    /// A wait for one event that never sleeps, for the fast path. It requires that only one file may be
    /// ready. Calls `write` with the event, under a spin lock. Returns false if it did nothing.
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
        List<Sleeper, &Sleeper::link> sleepers;  ///< Threads in wait. Each is woken for one event.
        void push_back(EpollEntry& entry) {
            entry.was_ready = true;
            entries.push_back(entry);
        }
        bool wake_sleeper() {
            Sleeper* sleeper = sleepers.pop_front();
            if (sleeper != nullptr) scheduler::unpark(sleeper->thread);
            return sleeper != nullptr;
        }
    };
    class Scan;

    Result<> insert(EpollEntries& entries, fs::File& file, i32 descriptor, EpollInterest interest);
    [[gnu::noinline]] Result<> insert_with_walk(fs::File& file, i32 descriptor, EpollInterest interest);
    void drop(EpollEntries& entries, EpollEntries::Place place);
    void drop(EpollEntries& entries, EpollEntry& entry) {
        drop(entries, entries.place_of(entry.file, entry.descriptor));
    }
    void note_if_ready(EpollEntry& entry, PollEvents found);
    Result<usize> collect(const EpollOutput& out);
    static abi::epoll_event event_of(const EpollEntry& entry, PollEvents found) {
        const u64 data = entry.data.load(std::memory_order_relaxed);
        return {static_cast<EpollEvents>(static_cast<u16>(found)),
                {static_cast<u32>(data), static_cast<u32>(data >> 32)}};
    }
    /// Disables an EPOLLONESHOT entry after its event.
    static void disarm(EpollEntry& entry) {
        entry.events.store(entry.wanted() & EPOLL_MODES, std::memory_order_relaxed);
    }

    EntriesLock entries_;
    sync::SpinLocked<Ready, sync::LockRank::EpollReady, sync::IrqOff> ready_;
    scheduler::WaitQueue pollers_;  ///< Threads that poll the epoll itself, and epolls that watch it.
    Ref<security::UserRecord> payer_;
    // Data of the last graph walk that visited this epoll. Guarded by the graph's lock.
    u64 visit_ = 0;
    u32 nests_ = 0;  ///< The number of epolls on the longest path down, or up.
};

template <class Write> bool Epoll::wait_at_once(Write write) {
    // While the list is locked, neither an entry in it nor the entry's file can be destroyed: `drop` removes
    // the entry first.
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
