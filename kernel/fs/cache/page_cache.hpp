// PageCache: the content of a file in memory: what read and write copy from and to, and what mappings map.
//
// Parts: page_cache.cpp (all files), store_pages.cpp (files with a backing store: reading and writing back),
// reclaim.cpp (taking clean pages back when memory is short), page_tree.hpp (the pages and their states).
// A file without a store (tmpfs) holds zeros where it has no page. A file with one holds there what the store holds.
// Locking: the tree and the size change under a spin lock that is never held across a copy; whoever copies holds a
// reference to the frame. Writers, truncation and allocation are kept apart by the inode's content_lock; faults,
// readers, write-back and reclaim come at any time.
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
    /// Pages that it has, or would have if the whole store were read.
    u64 page_count();

    // ---- vm::PageSource
    Result<memory::FrameRef> get_page(u64 index, vm::PageAccess access) override;
    Result<memory::FrameRef> wait_for_page(u64 index) override;
    memory::FrameRef peek_page(u64 index) override;
    bool wants_write_faults() const override { return backing_ != nullptr; }
    Result<> sync_pages(u64 first, u64 count) override;

    /// Bytes from `offset` on, up to the end of the file; holes read as zeros. May wait for the store.
    /// Errors, when nothing was moved: Efault, the store's, Enomem, RestartSys.
    Result<usize> read(vm::OutBuffer& to, u64 offset);

    // ---- Files with a backing store.

    /// The file is what `store` holds. The cache must be empty and nobody else know it. Errors: Enomem.
    Result<> back_with(Ref<BackingStore> store);
    /// fsync: writes all dirty pages back and flushes the store. Each error is reported once to each `seen`, which begins as
    /// `sample_errors`. Errors: the store's; RestartSys: the thread is to die.
    Result<> sync(std::atomic<WriteErrors::Seen>& seen);
    WriteErrors::Seen sample_errors() const;

    /// What `sweep` takes back.
    enum class Sweep : u8 {
        Unmapped,  ///< Clean pages that nobody maps: for a caller that holds the lock of an address space.
        Mapped,    ///< Also those that only spaces map whose lock is free at the moment.
        Dirty,     ///< Also dirty ones, which are written back first.
    };
    struct Swept {
        usize freed = 0;
        u64 next = 0;         ///< Where to go on.
        bool is_end = false;  ///< There is nothing from there on.
    };
    /// Looks at a few pages from `from` on and gives those back that have not been used since the last look.
    Swept sweep(u64 from, Sweep depth);
    /// The first cache with a store whose number is not below `number`, which becomes its number. Null: there is none.
    static Ref<PageCache> next_with_store(u64& number);
    /// Whether its pages are counted in `budget`: it belongs to that file system.
    bool is_of(const PageBudget& budget) const { return budget_.get() == &budget; }

    // ---- With the content_lock of the file's inode held: InodeContent is its key.

    /// At most `limit` bytes; extends the file by what was really copied. May wait for the store.
    /// Errors, when nothing was written: Efault, Enospc, Enomem, the store's, RestartSys.
    Result<usize> write(InodeContent& content, vm::InBuffer& from, u64 offset, usize limit);
    /// Cuts off or extends by a hole. Errors: Enomem, the store's; nothing changed then.
    Result<> resize(InodeContent& content, u64 size);
    /// Gives holes in the range their storage; the size stays.
    /// Errors: Enospc, Enomem, Eintr, Eopnotsupp (the store is a device); nothing changed then.
    Result<> allocate(InodeContent& content, u64 offset, u64 length);
    /// Makes a hole. Errors: Enomem, Eopnotsupp (the store is a device).
    Result<> punch(InodeContent& content, u64 offset, u64 length);

    /// The first byte of data (or of a hole) from `offset` on, which lies below the size. The end is a hole.
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

    /// For whom a page is put into the tree.
    struct Publication {
        u64 removals_seen = 0;      ///< `removals()` before the page was filled.
        bool is_by_writer = false;  ///< May lie behind the end, which is about to move.
        PageTree::Content content = PageTree::Content::Written;
    };

    memory::FrameRef find(u64 index);
    Result<memory::FrameRef> make_page(u64 index);
    Result<memory::FrameRef> publish(u64 index, memory::FrameRef frame, Publication publication);
    Result<memory::FrameRef> make_and_publish(u64 index,
                                              PageTree::Content content = PageTree::Content::Written);
    /// The page was changed, by a write(2) or a writable mapping.
    void note_written(u64 index) {
        if (needs_marks_.load(std::memory_order_relaxed)) [[unlikely]]
            mark_written(index);
    }
    [[gnu::cold, gnu::noinline]] void mark_written(u64 index);
    void mark_cut(u64 index);
    /// The page was mapped.
    [[gnu::cold, gnu::noinline]] void mark_mapped(u64 index, vm::PageAccess access);
    [[gnu::cold, gnu::noinline]] memory::FrameRef find_written(u64 index);
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

    // store_pages.cpp
    struct Backing;
    struct FreeBacking {
        void operator()(Backing* backing) const;
    };
    /// Held around each walk through the areas that map a file with a store.
    struct Walking {};
    using WalkLock = scheduler::Mutex<Walking, sync::LockRank::FileUnmapping>;
    WalkLock& walk_lock();

    /// The file holds zeros from here on, where it has no page.
    u64 content_end() const { return backing_ ? stored_end() : 0; }
    u64 stored_end() const;
    MemoryStore* memory_store() const { return backing_ ? store_in_memory() : nullptr; }
    MemoryStore* store_in_memory() const;
    bool is_on_device() const { return backing_ && store_in_memory() == nullptr; }
    /// The page is absent, and only the store's device knows what it holds.
    bool must_be_read(u64 index) const { return is_on_device() && index << PAGE_SHIFT < stored_end(); }
    /// Grows with each page that leaves the tree of a file with a store: what was taken from the store before may be
    /// outdated.
    u64 removals() const { return backing_ ? removal_count() : 0; }
    u64 removal_count() const;
    void count_removal();
    void outdate_read(u64 index);
    void outdate_reads_from(u64 index);
    Result<memory::FrameRef> carry_out(PageRead& read);
    Result<memory::FrameRef> allocate_for_read();
    /// A write into an absent page of a file with a store.
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

    // reclaim.cpp
    struct StoreList;
    static StoreList store_list;
    void enter_list();
    static void leave_list(Backing& backing);

    Ref<PageBudget> budget_;
    std::atomic<u64> size_{0};
    /// Somebody may have written behind the end through a mapping: the tail is zeroed when the file grows.
    std::atomic<bool> was_mapped_writable_{false};
    /// Pages have got storage by `allocate`, which are holes still. LINUX: until they are written, mapped, or allocated again.
    std::atomic<bool> has_unwritten_{false};
    /// The tree is told of changes: there are unwritten pages, or a store.
    std::atomic<bool> needs_marks_{false};
    std::unique_ptr<Backing, FreeBacking>
        backing_;  ///< Null: no store. Does not change once others know the cache.
    Tree tree_;
};

}  // namespace exo::fs
