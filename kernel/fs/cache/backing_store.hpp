// BackingStore: where the content of a file lies when it is not in the page cache. A file system with a device behind it
// implements it, one store a file; PageCache calls it.
//
// Key types: BackingStore, MemoryStore (content that lies in the kernel's memory: the files of a plain initramfs).
// Files of tmpfs that did not come out of an archive have no store: what they hold is in the page cache and nowhere else.
// Locking: the functions of a store are called without spin locks and without the lock of an address space. The caller may
// hold sleeping locks up to rank Port (a write holds the file's content_lock, a page fault in a copy holds whatever the
// copy holds), so a store takes only locks of rank SleepingLeaf and spin locks. Its destructor takes no sleeping lock.
// A store may be called for different pages at the same time; one page is read by one thread at a time, and written by one.
#pragma once

#include <algorithm>
#include <span>

#include "memory/physical/frame_ref.hpp"
#include "utils/object.hpp"

namespace exo::fs {

class BackingStore : public Object {
  public:
    enum class Kind : u8 {
        Memory,  ///< A MemoryStore: read at once, and never written to.
        Device,  ///< Reading and writing may sleep and fail.
    };

    Kind kind() const { return kind_; }

    /// The file holds zeros from here on, which are not read from the store.
    virtual u64 content_end() const = 0;
    /// Fills the whole frame with page `index`; bytes behind `content_end` are zeros. A store whose device writes into the
    /// frame keeps a reference as long as it may. May sleep.
    /// Errors: Eio, Enomem; RestartSys: the thread is to die and has given up, another thread will read the page.
    virtual Result<> read_page(u64 index, const memory::FrameRef& frame) = 0;
    /// Stores the first `size` bytes of page `index`, which may go on changing meanwhile. Where `content_end` was lower it is
    /// the end of these bytes now, and all between reads as zeros. May sleep. Errors: Eio, Enospc.
    virtual Result<> write_page(u64 index, const memory::FrameRef& frame, usize size) = 0;
    /// The file has `size` bytes now. What is cut off never returns, even if the file grows again: it is zeros then.
    /// No page behind the end is being written. May sleep. Errors: Eio, Enospc; nothing changed then.
    virtual Result<> resize(u64 size) = 0;
    /// All that `write_page` was given outlives a loss of power afterwards. May sleep. Errors: Eio.
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

    /// The content of page `index`: fewer than 4096 bytes at the end of it, none behind.
    std::span<const u8> bytes(u64 index) const {
        const u64 start = index << PAGE_SHIFT;
        const u64 end = MemoryStore::content_end();
        if (start >= end) return {};
        return {content_ + start, static_cast<usize>(std::min<u64>(end - start, PAGE_SIZE))};
    }

    u64 content_end() const override { return end_.load(std::memory_order_acquire); }
    Result<> read_page(u64 index, const memory::FrameRef& frame) override;
    /// Errors: Erofs.
    Result<> write_page(u64, const memory::FrameRef&, usize) override { return Error::Erofs; }
    Result<> resize(u64 size) override {
        if (size < content_end()) end_.store(size, std::memory_order_release);
        return {};
    }
    Result<> flush() override { return {}; }

  private:
    const u8* content_;
    std::atomic<u64> end_;  ///< Only shrinks; its changes are kept apart by the file's content_lock.
    Ref<Object> owner_;     ///< Kept to the end: a reader may still be copying.
};

}  // namespace exo::fs
