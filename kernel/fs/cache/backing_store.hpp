// BackingStore: the place that holds a file's content when the page cache does not. A file system on a device
// implements it, with one store per file; PageCache calls it.
//
// Key types: BackingStore, MemoryStore (content that lies in the kernel's memory: the files of a plain initramfs).
// Files of tmpfs that did not come out of an archive have no store: what they hold is in the page cache and nowhere else.
// Locking: the functions of a store are called without spin locks and without the lock of an address space. The caller may
// hold sleeping locks up to rank Port (a write holds the file's content_lock, a page fault in a copy holds whatever the
// copy holds), so a store takes only locks of rank SleepingLeaf and spin locks. Its destructor takes no sleeping lock.
// Several threads may call a store at the same time for different pages. At most one thread reads a given
// page at a time, and at most one writes it.
#pragma once

#include <algorithm>
#include <span>

#include "memory/physical/frame_ref.hpp"
#include "utils/object.hpp"

namespace exo::fs {

class BackingStore : public Object {
  public:
    enum class Kind : u8 {
        Memory,  ///< A MemoryStore. Reads never sleep; nothing is written to it.
        Device,  ///< Reading and writing may sleep and fail.
    };

    Kind kind() const { return kind_; }

    /// The offset from which the file holds only zeros. Callers do not read the store from there on.
    virtual u64 content_end() const = 0;
    /// Fills the whole frame with page `index`; bytes behind `content_end` are zeros. A store whose device
    /// writes into the frame by itself keeps a reference to the frame until the device has finished. May
    /// sleep.
    /// Errors: Eio, Enomem; RestartSys: the reading thread is being killed and has given up; another thread
    /// has to read the page.
    virtual Result<> read_page(u64 index, const memory::FrameRef& frame) = 0;
    /// Stores the first `size` bytes of page `index`. Programs may change the page during the call. If
    /// `content_end` was lower, it moves to the end of these bytes, and the gap reads as zeros. May sleep.
    /// Errors: Eio, Enospc.
    virtual Result<> write_page(u64 index, const memory::FrameRef& frame, usize size) = 0;
    /// Sets the file's size. Bytes that are cut off read as zeros if the file grows again. The caller ensures
    /// that no page behind the new end is being written. May sleep. Errors: Eio, Enospc; the store is
    /// unchanged then.
    virtual Result<> resize(u64 size) = 0;
    /// Makes all earlier `write_page` calls survive a loss of power. May sleep. Errors: Eio.
    virtual Result<> flush() = 0;

  protected:
    explicit BackingStore(Kind kind) : kind_(kind) {}

  private:
    Kind kind_;
};

/// Content that lies in the kernel's memory. Pages are copied from it when they are mapped or changed; reads copy from it
/// without a page.
class MemoryStore final : public BackingStore {
  public:
    MemoryStore(std::span<const u8> content, Ref<Object> keep_alive)
        : BackingStore(Kind::Memory),
          content_(content.data()),
          end_(content.size()),
          owner_(std::move(keep_alive)) {}

    /// The stored bytes of page `index`. The last page may have fewer than 4096; pages behind the end have
    /// none.
    std::span<const u8> bytes(u64 index) const {
        const u64 start = index << PAGE_SHIFT;
        const u64 end = MemoryStore::content_end();
        if (start >= end) return {};
        return {content_ + start, static_cast<usize>(std::min<u64>(end - start, PAGE_SIZE))};
    }

    u64 content_end() const override { return end_.load(std::memory_order_acquire); }
    Result<> read_page(u64 index, const memory::FrameRef& frame) override;
    /// Always fails. Errors: Erofs.
    Result<> write_page(u64, const memory::FrameRef&, usize) override { return Error::Erofs; }
    Result<> resize(u64 size) override {
        if (size < content_end()) end_.store(size, std::memory_order_release);
        return {};
    }
    Result<> flush() override { return {}; }

  private:
    const u8* content_;
    std::atomic<u64> end_;  ///< Only shrinks. Whoever changes it holds the file's content_lock.
    Ref<Object> owner_;     ///< Not released before the destructor: a reader may still be copying.
};

}  // namespace exo::fs
