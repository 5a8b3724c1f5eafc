// FileWatches: the epoll entries that watch an open file. They exist until the file is closed, however many
// descriptors it had.
//
// Key types: FileWatch (an entry's place in the list), FileWatches (the list; each File has one). fs knows
// nothing else of epolls.
// Locking: a spin lock guards the list. A thread that adds an entry holds a reference to the file.
#pragma once

#include <atomic>

#include "sync/spin_lock.hpp"
#include "utils/list.hpp"

namespace exo::fs {

class File;

struct FileWatch {
    ListNode file_link;
};

class FileWatches {
  public:
    using Entries = List<FileWatch, &FileWatch::file_link>;

    void add(FileWatch& watch) {
        auto entries = entries_.lock();
        entries->push_back(watch);
        count_.fetch_add(1, std::memory_order_relaxed);
    }
    void remove(FileWatch& watch) {
        auto entries = entries_.lock();
        entries->remove(watch);
        entries.unlock();
        // release: the remover's last access to the file; pairs with the acquire in has_any
        count_.fetch_sub(1, std::memory_order_release);
    }
    bool has_any() const { return count_.load(std::memory_order_acquire) != 0; }
    /// The list, without taking the lock. The caller ensures that no other thread adds or removes entries.
    Entries& entries() { return entries_.unsafe_value(); }

  private:
    sync::SpinLocked<Entries, sync::LockRank::SpinLeaf> entries_;
    std::atomic<u32> count_{0};
};

/// Sets the function that removes all entries of a file. It is called before a file without references is
/// destroyed.
void set_watch_releaser(void (*release)(File& file));

}  // namespace exo::fs
