// PageCache: the content of a file in memory. read and write copy from and to its pages, and mappings map
// them.
//
// Parts: page_cache.cpp (all files), store_pages.cpp (files with a backing store: reading and writing back),
// reclaim.cpp (taking clean pages back when memory is short), page_tree.hpp (the pages and their states).
// A page that a file without a store (tmpfs) lacks reads as zeros. A page that a file with a store lacks is
// in the store.
// Locking: a spin lock guards the tree and the size. No copy runs under it: a copying thread holds a
// reference to the frame instead. The inode's content_lock serialises writers, truncation and allocation.
// Faults, readers, write-back and reclaim do not take it.
#pragma once

#include <span>

#include "abi/linux/fcntl.hpp"
#include "fs/cache/page_tree.hpp"
#include "fs/cache/write_errors.hpp"
#include "scheduler/mutex.hpp"
#include "vm/io_buffer.hpp"
#include "vm/page_source.hpp"

namespace exo::fs {

class BackingStore;
class InodeContent;
class MemoryStore;

/// How many pages the caches of a file system may hold together.
class PageBudget : public Object {
  public:
    explicit PageBudget(u64 limit) : limit_(limit) {}
    /// 0: no limit.
    u64 limit() const { return limit_.load(std::memory_order_relaxed); }
    void set_limit(u64 pages) { limit_.store(pages, std::memory_order_relaxed); }
    u64 used() const { return used_.load(std::memory_order_relaxed); }
    /// Counts `pages` as used. Errors: Enospc (the limit is reached).
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
    /// The number of pages that are cached, or that the store holds, whichever is larger.
    u64 page_count();

    // ---- vm::PageSource
    Result<memory::FrameRef> get_page(u64 index, vm::PageAccess access) override;
    Result<memory::FrameRef> wait_for_page(u64 index) override;
    memory::FrameRef peek_page(u64 index) override;
    bool wants_write_faults() const override { return backing_ != nullptr; }
    Result<> sync_pages(u64 first, u64 count) override;

    /// Copies bytes from `offset` up to the end of the file; holes read as zeros. May wait for the store.
    /// Errors, when nothing was copied: Efault, the store's errors, Enomem, RestartSys.
    Result<usize> read(vm::OutBuffer& to, u64 offset);

    // ---- Files with a backing store.

    /// Makes the content of `store` the content of the file. The cache must be empty and known to the caller
    /// alone. Errors: Enomem.
    Result<> back_with(Ref<BackingStore> store);
    /// fsync: writes all dirty pages back and flushes the store. `seen` belongs to one open file description
    /// and starts as `sample_errors`; each write error is reported once through it. Errors: the store's;
    /// RestartSys: the thread is being killed.
    Result<> sync(std::atomic<WriteErrors::Seen>& seen);
    WriteErrors::Seen sample_errors() const;

    /// Which pages `sweep` may reclaim.
    enum class Sweep : u8 {
        Unmapped,  ///< Clean pages that no address space maps. For a caller that holds the lock of an address
                   ///< space.
        Mapped,    ///< Also clean mapped pages, if the lock of every space that maps them is free.
        Dirty,     ///< Also dirty pages, which are written back first.
    };
    struct Swept {
        usize freed = 0;
        u64 next = 0;         ///< The index at which the next sweep continues.
        bool is_end = false;  ///< No pages follow.
    };
    /// Looks at a few pages, starting at index `from`, and reclaims those that were not used since the last
    /// look.
    Swept sweep(u64 from, Sweep depth);
    /// Finds the first cache with a store whose number is at least `number`, and sets `number` to its number.
    /// Null: there is none.
    static Ref<PageCache> next_with_store(u64& number);
    /// Whether `budget` counts the pages of this cache, that is, whether the file belongs to that file
    /// system.
    bool is_of(const PageBudget& budget) const { return budget_.get() == &budget; }

    // ---- Functions that need the content_lock of the file's inode. InodeContent& proves that it is held.

    /// Writes at most `limit` bytes. Extends the file by the bytes that were copied. May wait for the store.
    /// Errors, when nothing was written: Efault, Enospc, Enomem, the store's errors, RestartSys.
    Result<usize> write(InodeContent& content, vm::InBuffer& from, u64 offset, usize limit);
    /// Truncates the file, or extends it by a hole. Errors: Enomem, the store's errors; the file is unchanged
    /// then.
    Result<> resize(InodeContent& content, u64 size);
    /// fallocate: allocates pages for the holes in the range. The file's size does not change.
    /// Errors: Enospc, Enomem, Eintr, Eopnotsupp (the store is a device); the file is unchanged then.
    Result<> allocate(InodeContent& content, u64 offset, u64 length);
    /// Turns the range into a hole. Errors: Enomem, Eopnotsupp (the store is a device).
    Result<> punch(InodeContent& content, u64 offset, u64 length);

    /// SEEK_DATA and SEEK_HOLE: the offset of the first byte of data, or of the first hole, at or after
    /// `offset`, which is below the size. The end of the file counts as a hole.
    /// Errors: Enxio (no more data).
    Result<u64> find_data(InodeContent& content, u64 offset);
    u64 find_hole(InodeContent& content, u64 offset);

  private:
    class Stretch;
    class PageRead;
    Result<usize> read_piece(vm::OutBuffer& to, const memory::FrameRef& frame, u64 offset, usize count) const;
    [[gnu::noinline]] Result<usize> read_store(vm::OutBuffer& to, u64 offset, usize count) const;
    [[gnu::noinline]] Result<usize> read_used(vm::OutBuffer& to, u64 offset, usize count);
    [[gnu::cold, gnu::noinline]] void mark_run_used(u64 first, usize count);
    [[gnu::noinline]] Result<usize> read_pages(vm::OutBuffer& to, u64 offset, u64 wanted);
    using Tree = sync::SpinLocked<PageTree, sync::LockRank::SpinLeaf>;

    /// How `publish` puts a page into the tree.
    struct Publication {
        u64 removals_seen = 0;      ///< The value of `removals()` before the page was filled.
        bool is_by_writer = false;  ///< A writer puts it in: the page may lie behind the end of the file,
                                    ///< which the writer moves afterwards.
        PageTree::Content content = PageTree::Content::Written;
    };

    memory::FrameRef find(u64 index);
    Result<memory::FrameRef> make_page(u64 index);
    Result<memory::FrameRef> publish(u64 index, memory::FrameRef frame, Publication publication);
    Result<memory::FrameRef> make_and_publish(u64 index,
                                              PageTree::Content content = PageTree::Content::Written);
    /// Records that write(2) or a writable mapping changed the page.
    void note_written(u64 index) {
        if (needs_marks_.load(std::memory_order_relaxed)) [[unlikely]]
            mark_written(index);
    }
    [[gnu::cold, gnu::noinline]] void mark_written(u64 index);
    void mark_cut(u64 index);
    /// Records that an address space mapped the page.
    [[gnu::cold, gnu::noinline]] void mark_mapped(u64 index, vm::PageAccess access);
    [[gnu::cold, gnu::noinline]] memory::FrameRef find_written(u64 index);
    Result<usize> write_piece(InodeContent& content, vm::InBuffer& from, u64 offset, usize count);
    Result<usize> write_new(vm::InBuffer& from, u64 index, usize at, usize count);
    void remove_pages(u64 first, u64 last);
    void zero_within_page(u64 from, u64 to);
    void set_size(u64 size);
    void unmap(u64 first, u64 count, vm::UnmapScope scope);
    bool contains(u64 index) const {
        const u64 size = this->size();
        return size != 0 && index <= (size - 1) >> PAGE_SHIFT;
    }

    PageTree::Content written_content() const {
        return backing_ ? PageTree::Content::Dirty : PageTree::Content::Written;
    }

    // Functions of store_pages.cpp.
    struct Backing;
    struct FreeBacking {
        void operator()(Backing* backing) const;
    };
    /// The data of a lock that is held during each walk through the areas that map a file with a store.
    struct Walking {};
    using WalkLock = scheduler::Mutex<Walking, sync::LockRank::FileUnmapping>;
    WalkLock& walk_lock();

    /// The offset from which absent pages are zeros.
    u64 content_end() const { return backing_ ? stored_end() : 0; }
    u64 stored_end() const;
    MemoryStore* memory_store() const { return backing_ ? store_in_memory() : nullptr; }
    MemoryStore* store_in_memory() const;
    bool is_on_device() const { return backing_ && store_in_memory() == nullptr; }
    /// Whether the page is absent and has to be read from the store's device.
    bool must_be_read(u64 index) const { return is_on_device() && index << PAGE_SHIFT < stored_end(); }
    /// Counts the pages that left the tree of a file with a store. If it grew since a page was read from the
    /// store, the page may be outdated.
    u64 removals() const { return backing_ ? removal_count() : 0; }
    u64 removal_count() const;
    void count_removal();
    void outdate_read(u64 index);
    void outdate_reads_from(u64 index);
    Result<memory::FrameRef> carry_out(PageRead& read);
    Result<memory::FrameRef> allocate_for_read();
    /// Writes into an absent page of a file with a store.
    [[gnu::noinline]] Result<usize> write_absent(InodeContent& content, vm::InBuffer& from, u64 offset,
                                                 usize count);
    Result<> write_back(u64 first, u64 end);
    Result<> write_page_back(u64 index, const memory::FrameRef& frame, usize size);
    Result<> wait_for_write(u64 index, scheduler::WaitMode mode);
    void wait_for_writes_from(u64 first);
    Result<> resize_store(InodeContent& content, u64 size);
    Result<> flush_store();
    memory::FrameRef take_idle(u64 index);
    bool try_unmap(u64 index);

    // Functions of reclaim.cpp.
    struct StoreList;
    static StoreList store_list;
    void enter_list();
    static void leave_list(Backing& backing);

    Ref<PageBudget> budget_;
    std::atomic<u64> size_{0};
    /// A program may have written behind the end of the file through a mapping, so growing the file zeroes
    /// the rest of its last page.
    std::atomic<bool> was_mapped_writable_{false};
    /// `allocate` has made pages that still count as holes. LINUX: they do until they are written, mapped, or
    /// allocated again.
    std::atomic<bool> has_unwritten_{false};
    /// Changes must be recorded in the tree: the file has unwritten pages, or a store.
    std::atomic<bool> needs_marks_{false};
    std::unique_ptr<Backing, FreeBacking>
        backing_;  ///< Null: no store. Constant once other threads know the cache.
    Tree tree_;
};

}  // namespace exo::fs
