// PageCache: the content of a file in memory: what read and write copy from and to, and what mappings map.
//
// Locking: the tree and the size change under a spin lock that is never held across a copy; whoever copies holds a
// reference to the frame. Writers, truncation and allocation are kept apart by the inode's content_lock; faults and
// readers come at any time.
#pragma once

#include <span>

#include "abi/linux/fcntl.hpp"
#include "fs/cache/page_tree.hpp"
#include "vm/io_buffer.hpp"
#include "vm/page_source.hpp"

namespace exo::fs {

/// How many pages the caches of a file system may hold together.
class PageBudget : public Object {
  public:
    explicit PageBudget(u64 limit) : limit_(limit) {}
    /// 0: no limit.
    u64 limit() const { return limit_.load(std::memory_order_relaxed); }
    void set_limit(u64 pages) { limit_.store(pages, std::memory_order_relaxed); }
    u64 used() const { return used_.load(std::memory_order_relaxed); }
    /// Errors: Enospc.
    Result<> take(u64 pages = 1);
    void give_back(u64 pages) { used_.fetch_sub(pages, std::memory_order_relaxed); }

  private:
    std::atomic<u64> limit_;
    std::atomic<u64> used_{0};
};

class PageCache final : public vm::PageSource {
  public:
    explicit PageCache(Ref<PageBudget> budget) : budget_(std::move(budget)) {}
    ~PageCache() override;

    u64 size() const { return size_.load(std::memory_order_acquire); }
    /// Pages that it has, or would have if what shines through were copied.
    u64 page_count();

    // ---- vm::PageSource
    Result<memory::FrameRef> get_page(u64 index, vm::PageAccess access) override;
    memory::FrameRef peek_page(u64 index) override;

    /// Bytes from `offset` on, up to the end of the file; holes read as zeros. Errors: Efault, nothing moved.
    Result<usize> read(vm::OutBuffer& to, u64 offset);

    // ---- With the inode's content_lock held.

    /// At most `limit` bytes; extends the file by what was really copied.
    /// Errors, when nothing was written: Efault, Enospc, Enomem.
    Result<usize> write(vm::InBuffer& from, u64 offset, usize limit);
    /// Cuts off or extends by a hole. Errors: Enomem.
    Result<> resize(u64 size);
    /// Gives holes in the range their storage; the size stays. Errors: Enospc, Enomem, Eintr; nothing changed then.
    Result<> allocate(u64 offset, u64 length);
    /// Makes a hole. Errors: Enomem.
    Result<> punch(u64 offset, u64 length);

    /// The first byte of data (or of a hole) from `offset` on, which lies below the size. The end is a hole.
    /// Errors: Enxio (no more data).
    Result<u64> find_data(u64 offset);
    u64 find_hole(u64 offset);

    /// `content` shines through where there is no page yet. The cache must be empty and nobody else know it.
    void back_with(std::span<const u8> content, Ref<Object> keep_alive);

  private:
    class Stretch;
    Result<usize> read_piece(vm::OutBuffer& to, const memory::FrameRef& frame, u64 offset, usize count) const;
    [[gnu::noinline]] Result<usize> read_pages(vm::OutBuffer& to, u64 offset, u64 wanted);
    using Tree = sync::SpinLocked<PageTree, sync::LockRank::SpinLeaf>;

    /// For whom a page is put into the tree.
    struct Publication {
        u64 backing_seen = 0;       ///< How much shone through when the page was filled.
        bool is_by_writer = false;  ///< May lie behind the end, which is about to move.
        PageTree::Content content = PageTree::Content::Written;
    };

    memory::FrameRef find(u64 index);
    std::span<const u8> backing_of(u64 index) const;
    Result<memory::FrameRef> make_page(u64 index);
    Result<memory::FrameRef> publish(u64 index, memory::FrameRef frame, Publication publication);
    Result<memory::FrameRef> make_and_publish(u64 index,
                                              PageTree::Content content = PageTree::Content::Written);
    void note_written(u64 index) {
        if (has_unwritten_.load(std::memory_order_relaxed)) [[unlikely]]
            mark_written(index);
    }
    [[gnu::cold, gnu::noinline]] void mark_written(u64 index);
    [[gnu::cold, gnu::noinline]] memory::FrameRef find_written(u64 index);
    Result<usize> write_new(vm::InBuffer& from, u64 index, usize at, usize count);
    void remove_pages(u64 first, u64 last);
    void zero_within_page(u64 from, u64 to);
    void set_size(u64 size);
    void cut_backing(u64 size);

    Ref<PageBudget> budget_;
    std::atomic<u64> size_{0};
    /// Somebody may have written behind the end through a mapping: the tail is zeroed when the file grows.
    std::atomic<bool> was_mapped_writable_{false};
    /// Pages have got storage by `allocate`, which are holes still. LINUX: until they are written, mapped, or allocated again.
    std::atomic<bool> has_unwritten_{false};
    const u8* backing_ = nullptr;
    std::atomic<u64> backing_size_{0};  ///< Only shrinks; changes with the tree locked.
    Ref<Object> backing_owner_;         ///< Kept to the end: a reader may still be copying.
    Tree tree_;
};

}  // namespace exo::fs
