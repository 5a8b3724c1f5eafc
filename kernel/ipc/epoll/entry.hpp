// EpollEntry: one file that an epoll watches.
#pragma once

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
    EpollWatcher();
    EpollEntry* entry = nullptr;
    Ref<Object> keeper;  ///< Contains the queue, if the file does not keep it alive.
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

  private:
    static bool can_poll_without_lock(fs::File& file);
    static constexpr usize USUAL_QUEUES = 2;
    EpollWatcher usual_[USUAL_QUEUES];
    usize used_ = 0;
    Vector<Box<EpollWatcher>> more_;
};

/// The entries of one epoll: a hash table by file and descriptor, and a list in the order of adding.
class EpollEntries {
  public:
    using All = List<EpollEntry, &EpollEntry::link>;

    /// Finds an entry. Null: there is none.
    EpollEntry* find(const fs::File& file, i32 descriptor) const {
        if (buckets_.is_empty()) return nullptr;
        EpollEntry* entry = buckets_[bucket_of(file, descriptor)];
        while (entry != nullptr && (&entry->file != &file || entry->descriptor != descriptor))
            entry = entry->next_in_bucket;
        return entry;
    }
    /// Allocates room for one more entry. Errors: Enomem.
    Result<> make_room() { return count_ < buckets_.size() ? Result<>() : grow(); }
    /// Adds an entry. make_room must have succeeded before.
    void insert(EpollEntry& entry);
    void remove(EpollEntry& entry);
    EpollEntry* first() { return all_.front(); }
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
    usize count_ = 0;
    All all_;
};

}  // namespace exo::ipc
