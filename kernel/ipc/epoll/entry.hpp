// EpollEntry: one file that an epoll watches.
#pragma once

#include <optional>

#include "abi/linux/epoll.hpp"
#include "fs/file/file.hpp"
#include "fs/file/watch.hpp"
#include "scheduler/wait_queue.hpp"
#include "utils/list.hpp"

namespace exo::ipc {

using abi::EpollEvents;
using fs::PollEvents;

class Epoll;
struct EpollEntry;

/// The interest of a program (struct epoll_event).
struct EpollInterest {
    EpollEvents events = EpollEvents::None;
    u64 data = 0;
};

/// The flags that say how events are reported, besides the events themselves. LINUX: EP_PRIVATE_BITS.
inline constexpr EpollEvents EPOLL_MODES =
    EpollEvents::Exclusive | EpollEvents::Wakeup | EpollEvents::Oneshot | EpollEvents::Et;

/// The watcher of an entry in one wait queue of its file.
class EpollWatcher final : public scheduler::Watcher {
  public:
    EpollWatcher(EpollEntry& entry, Object* keeper) : Watcher(&notice), entry_(entry), keeper_(keeper) {}
    /// Leaves the queue while its keeper is there.
    ~EpollWatcher() { leave(); }
    EpollWatcher(const EpollWatcher&) = delete;
    EpollWatcher& operator=(const EpollWatcher&) = delete;

  private:
    static bool notice(Watcher& watcher, scheduler::WakeEvents events);
    EpollEntry& entry_;
    Ref<Object> keeper_;  ///< Contains the queue, if the file does not keep it alive.
};

/// The watcher of the third and of each further queue of a file.
struct FurtherEpollWatcher {
    FurtherEpollWatcher(EpollEntry& entry, Object* keeper, FurtherEpollWatcher* next)
        : watcher(entry, keeper),
          next(next) {}
    EpollWatcher watcher;
    FurtherEpollWatcher* next;
};

/// The lock of its epoll guards it, except for the fields that the watchers' callbacks read.
struct EpollEntry final : fs::FileWatch {
    EpollEntry(Epoll& epoll, fs::File& file, i32 descriptor, const EpollInterest& interest)
        : epoll(epoll),
          file(file),
          descriptor(descriptor),
          events(interest.events),
          data(interest.data),
          polls_without_lock(can_poll_without_lock(file)) {}
    EpollEntry(const EpollEntry&) = delete;
    EpollEntry& operator=(const EpollEntry&) = delete;

    EpollEvents wanted() const { return events.load(std::memory_order_relaxed); }
    bool has_mode(EpollEvents mode) const { return abi::has(wanted(), mode); }
    /// Polls the file. If `table` is not null, the file adds its queues to it.
    PollEvents poll(fs::PollTable* table) {
        return file.poll(table) & static_cast<PollEvents>(static_cast<u16>(abi::raw(wanted())));
    }
    /// Called for a wake-up of one of its file's queues (Watcher::Callback).
    bool notice(scheduler::WakeEvents woken);
    /// Enters one more queue. Errors: Enomem, Enospc.
    Result<> watch(scheduler::WaitQueue& queue, Object* keeper);
    void leave_queues();

    Epoll& epoll;
    fs::File& file;
    const i32 descriptor;
    std::atomic<EpollEvents> events;  ///< Wakers read it.
    std::atomic<u64> data;
    /// Polling the file takes no lock: it is a pipe, or a file without a path that is neither epoll nor
    /// signalfd.
    const bool polls_without_lock;
    ListNode link;                         ///< In the order of adding.
    EpollEntry* next_in_bucket = nullptr;  ///< EpollEntries.
    ListNode ready_link;                   ///< Guarded by the lock of the epoll's ready list, or of a scan's
                                           ///< list.
    /// It was in a ready list once. Set under that list's lock. `drop` reads it without, once the entry has left the queues
    /// of its file: an entry that was never ready is in no list.
    bool was_ready = false;

  private:
    static bool can_poll_without_lock(fs::File& file);
    [[gnu::noinline]] Result<> watch_another(scheduler::WaitQueue& queue, Object* keeper);
    scheduler::Waiter::Kind waiter_kind() const {
        using Kind = scheduler::Waiter::Kind;
        return has_mode(EpollEvents::Exclusive) ? Kind::Exclusive : Kind::Shared;
    }

    std::optional<EpollWatcher> first_;
    std::optional<EpollWatcher> second_;
    FurtherEpollWatcher* further_ =
        nullptr;  ///< Of files with more than two queues. Owned: leave_queues deletes them.
};

/// The entries of one epoll, which it owns: a hash table by file and descriptor, and a list in the order of adding.
class EpollEntries {
  public:
    using All = List<EpollEntry, &EpollEntry::link>;
    /// The pointer to an entry, in the hash table. Valid until an entry is added or removed.
    using Place = EpollEntry**;

    EpollEntries() = default;
    EpollEntries(const EpollEntries&) = delete;
    EpollEntries& operator=(const EpollEntries&) = delete;
    ~EpollEntries() { ::operator delete(spare_); }

    /// Finds the place of an entry. There is none if the place contains null.
    Place place_of(const fs::File& file, i32 descriptor) {
        if (buckets_.is_empty()) [[unlikely]]
            return &nothing_;
        Place place = &buckets_[bucket_of(file, descriptor)];
        while (*place != nullptr && (&(*place)->file != &file || (*place)->descriptor != descriptor))
            place = &(*place)->next_in_bucket;
        return place;
    }
    /// Finds an entry. Null: there is none.
    EpollEntry* find(const fs::File& file, i32 descriptor) { return *place_of(file, descriptor); }
    /// Allocates room for one more entry, and sets `place`, which place_of gave, to where that goes. Errors: Enomem.
    Result<> make_room(Place& place, const fs::File& file, i32 descriptor) {
        if (2 * count_ < buckets_.size()) [[likely]]
            return {};
        TRY(grow());
        place = place_of(file, descriptor);
        return {};
    }
    /// Makes an entry at `place`; make_room must have succeeded before. Null: there is no memory.
    EpollEntry* make(Place place, Epoll& epoll, fs::File& file, i32 descriptor,
                     const EpollInterest& interest) {
        void* memory = std::exchange(spare_, nullptr);
        if (memory == nullptr) [[unlikely]]
            memory = ::operator new(sizeof(EpollEntry), std::nothrow);
        if (memory == nullptr) [[unlikely]]
            return nullptr;
        auto* entry = new (memory) EpollEntry(epoll, file, descriptor, interest);
        *place = entry;
        all_.push_back(*entry);
        ++count_;
        return entry;
    }
    /// Removes an entry from the table. destroy follows.
    void take_out(Place place) {
        EpollEntry& entry = **place;
        *place = entry.next_in_bucket;
        All::remove(entry);
        --count_;
    }
    /// Destroys an entry. Its memory may be kept for the next one: programs remove entries and add others.
    [[clang::always_inline]] void destroy(EpollEntry& entry) {
        entry.~EpollEntry();
        if (spare_ == nullptr) [[likely]]
            spare_ = &entry;
        else
            ::operator delete(&entry);
    }

    All& all() { return all_; }

  private:
    /// The bucket, out of a power of two: the upper bits of a product.
    usize bucket_of(const fs::File& file, i32 descriptor) const {
        constexpr u64 GOLDEN = 0x9e37'79b9'7f4a'7c15;
        // SAFETY: the address is only used as a number.
        const u64 word =
            (reinterpret_cast<u64>(&file) >> 4) + (static_cast<u64>(static_cast<u32>(descriptor)) << 40);
        return ((word ^ word >> 32) * GOLDEN >> 32) & (buckets_.size() - 1);
    }
    [[gnu::noinline]] Result<> grow();

    Vector<EpollEntry*> buckets_;
    EpollEntry* nothing_ = nullptr;  ///< The place of each entry while there are no buckets. Always null.
    usize count_ = 0;
    All all_;
    void* spare_ = nullptr;  ///< Memory for one entry.
};

}  // namespace exo::ipc
