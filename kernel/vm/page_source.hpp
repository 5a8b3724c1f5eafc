// PageSource: where an area's pages come from: a file's page cache (fs implements it), or shared anonymous memory.
//
// A page handed out is a counted frame of the source's own cache: every shared mapping of it is the same frame, a
// private mapping copies from it. A source keeps the list of areas that map it, so that cutting the source short can
// take the pages out of every address space.
//
// Locking: `get_page` is called with the address space locked for sharing. It may sleep and take locks of rank
// PageCache and below, never an inode's. `unmap_pages` takes each address space's lock for itself: the caller may
// hold locks up to rank Inode, not what `get_page` takes. The order for truncation: first make `get_page` refuse the
// pages, then call `unmap_pages`, then let the frames go.
#pragma once

#include "memory/physical/frame_ref.hpp"
#include "sync/spin_lock.hpp"
#include "utils/list.hpp"
#include "utils/object.hpp"

namespace exo::vm {

enum class PageAccess : u8 {
    Read,
    Write,  ///< Through a shared mapping: the source gives a hole its storage and notes the page as changed.
};

/// Which mappings of a page go.
enum class UnmapScope : u8 {
    SourceFramesOnly,  ///< Copies that a program made in a private mapping stay (punching a hole).
    CopiesToo,         ///< As truncation does (POSIX: references behind the end give SIGBUS).
};

/// The source's end of an area: vm's Area is one.
struct AreaOfSource {
    ListNode source_link;
    u64 visited_in = 0;  ///< The last walk over the list that met it.
    bool is_shared_writable = false;
};

class PageSource : public Object {
  public:
    // ---- For the implementer.

    /// Page `index` (offset / 4096), with a reference of the caller's own; what lies behind the end in the last page
    /// is zero. Whole pages behind the end are refused.
    /// Errors: Enomem (the program may be killed); any other (Einval behind the end, Eio) becomes SIGBUS.
    virtual Result<memory::FrameRef> get_page(u64 index, PageAccess access) = 0;

    /// Page `index` if it can be had at once, without sleeping, allocating or changing anything: what a fault on a
    /// neighbour maps along. Empty when not.
    virtual memory::FrameRef peek_page(u64 index) {
        (void)index;
        return {};
    }

    /// A page becomes writable only after a get_page(…, Write) of its own: for sources that must know of changes.
    /// False maps pages of writable shared areas writable at the first touch.
    virtual bool wants_write_faults() const { return false; }

    /// msync(MS_SYNC) of pages [first, first + count). Called without locks. Errors: Eio, Enospc.
    virtual Result<> sync_pages(u64 first, u64 count) {
        (void)first;
        (void)count;
        return {};
    }

    /// The number that shared memory without a file has instead of an inode's; 0: it has a file.
    virtual u64 number_without_file() const { return 0; }

    /// madvise(MADV_REMOVE): pages [first, first + count) become holes. Called without locks.
    /// Errors: Eopnotsupp: it takes the file to do that.
    virtual Result<> remove_content(u64 first, u64 count) {
        (void)first;
        (void)count;
        return Error::Eopnotsupp;
    }

    // ---- For its owner.

    /// Takes pages [first, first + count) out of every address space; count ~0 means to the end. May sleep.
    void unmap_pages(u64 first, u64 count, UnmapScope scope);
    /// Somebody maps it (a hint: it may have changed by the time you look at it).
    bool is_mapped() const;
    /// Somebody maps it shared and writable (a hint).
    bool has_writable_mappings() const;

  protected:
    explicit PageSource(ObjectKind kind = ObjectKind::Plain) : Object(kind) {}

  private:
    friend class Area;

    struct Mappings {
        List<AreaOfSource, &AreaOfSource::source_link> areas;
        u64 walks = 0;
    };
    sync::SpinLocked<Mappings, sync::LockRank::FileMapping> mappings_;
    std::atomic<u32> area_count_{0};
    std::atomic<u32> writable_count_{0};
};

}  // namespace exo::vm
