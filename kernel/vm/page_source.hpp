// PageSource: where an area's pages come from: a file's page cache (fs implements it), or shared anonymous memory.
//
// A page handed out is a counted frame of the source's own cache: every shared mapping of it is the same frame, a
// private mapping copies from it. A source keeps a tree of the areas that map it, so that cutting the source short can
// take the pages out of every address space.
//
// Locking: `get_page` is called with the address space locked for sharing. It takes only locks of ranks behind
// AddressSpace, never an inode's, and does not wait for a device: it answers Eagain, the caller unlocks the space and calls
// `wait_for_page`. `unmap_pages` takes each address space's lock for itself: the caller may hold locks up to rank
// FileUnmapping, not what `get_page` takes. The order for truncation: first make `get_page` refuse the pages, then call
// `unmap_pages`, then let the frames go.
#pragma once

#include <atomic>
#include <string_view>

#include "memory/physical/frame_ref.hpp"
#include "sync/spin_lock.hpp"
#include "utils/object.hpp"
#include "utils/tree.hpp"

namespace exo::vm {

class AddressSpace;

enum class PageAccess : u8 {
    Read,
    Write,  ///< Through a shared mapping: the source gives a hole its storage and notes the page as changed.
};

/// Which mappings of a page go.
enum class UnmapScope : u8 {
    WriteRightsOnly,   ///< The frames stay mapped, but the next write to one faults (write-back).
    SourceFramesOnly,  ///< Copies that a program made in a private mapping stay (punching a hole).
    CopiesToo,         ///< As truncation does (POSIX: references behind the end give SIGBUS).
};

struct AreaOfSource;

/// Areas of a source are ordered by the first page that they show; the address only makes keys unique.
struct SourceKey {
    u64 first = 0;
    const AreaOfSource* area = nullptr;
    friend auto operator<=>(const SourceKey&, const SourceKey&) = default;
};

/// The source's end of an area: vm's Area is one. Which pages it shows changes under the source's lock.
struct AreaOfSource {
    static constexpr u64 NEVER_MAPPED = ~0ULL;

    static SourceKey key(const AreaOfSource& area);
    /// Behind the last page that it shows.
    static u64 end_of(const AreaOfSource& area);

    TreeNode source_link;
    u64 largest_end = 0;  ///< Of the subtree.
    /// The last walk that cleared it, or before which it had no pages. Changes with the space's lock held exclusively; walks
    /// look at it without.
    u64 visited_in() const { return visited_in_.load(std::memory_order_relaxed); }
    void set_visited_in(u64 walk) { visited_in_.store(walk, std::memory_order_relaxed); }
    /// It takes pages over from `other`, which a walk may have to clear still.
    void take_visit_from(const AreaOfSource& other) {
        if (other.visited_in() < visited_in()) set_visited_in(other.visited_in());
    }
    bool is_shared_writable = false;

  private:
    std::atomic<u64> visited_in_{NEVER_MAPPED};
};

/// The areas that map a source: a tree by first page in which each knows the largest end below it, so that those which show
/// a range are found without looking at the others.
struct SourceMappings {
    struct Ends {
        static bool update(AreaOfSource& area);
    };
    using Areas = Tree<AreaOfSource, &AreaOfSource::source_link, AreaOfSource, Ends>;

    /// Puts it in. One with pages that a walk in progress has not cleared makes that walk look again.
    void enter(AreaOfSource& area);
    /// The first area from `from` on that shows a page of [first, end) and has not been cleared by `walk`.
    AreaOfSource* find(u64 first, u64 end, SourceKey from, u64 walk) const;

    Areas areas;
    u64 walks = 0;
    bool has_newcomers = false;
};

class PageSource : public Object {
  public:
    // ---- For the implementer.

    /// Page `index` (offset / 4096), with a reference of the caller's own; what lies behind the end in the last page
    /// is zero. Whole pages behind the end are refused.
    /// Errors: Enomem (the program may be killed); Eagain (the page must be waited for, with `wait_for_page`); any other
    /// (Einval behind the end, Eio) becomes SIGBUS.
    virtual Result<memory::FrameRef> get_page(u64 index, PageAccess access) = 0;

    /// Reads page `index`, or waits for the thread that reads it. Called without spin locks and without the lock of an
    /// address space. While the caller holds the frame, `get_page` gives the page unless the source was cut.
    /// Errors: those of get_page but Eagain; RestartSys: the thread is to die.
    virtual Result<memory::FrameRef> wait_for_page(u64 index) { return get_page(index, PageAccess::Read); }

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

    /// What /proc/PID/maps calls an area that begins with page `index`, of memory that the kernel gives programs (vdso(7)). LINUX: a special
    /// mapping: it is never locked and does not grow. Empty: the memory is a file's, or anonymous.
    virtual std::string_view special_name(u64 index) const {
        (void)index;
        return {};
    }

    /// madvise(MADV_REMOVE): pages [first, first + count) become holes. Called without locks.
    /// Errors: Eopnotsupp: it takes the file to do that.
    virtual Result<> remove_content(u64 first, u64 count) {
        (void)first;
        (void)count;
        return Error::Eopnotsupp;
    }

    // ---- For its owner.

    /// One call of unmap_pages.
    class Walk {
      public:
        Walk(PageSource& source, u64 first, u64 end, UnmapScope scope);
        u64 first() const { return first_; }
        u64 end() const { return end_; }
        UnmapScope scope() const { return scope_; }
        /// The space of the next area, with a reference; null when all are cleared.
        Ref<AddressSpace> next_space();
        /// The next area, if it is `space`'s, whose lock is held exclusively: it counts as cleared from now on.
        const AreaOfSource* take_next_of(const AddressSpace& space);

      private:
        PageSource& source_;
        u64 first_;
        u64 end_;
        UnmapScope scope_;
        u64 number_;
        SourceKey from_;
    };

    /// Takes pages [first, first + count) out of every address space; count ~0 means to the end. May sleep. One call at a
    /// time: the caller holds a lock of its own. Costs in proportion to the areas that show such pages, not to all.
    void unmap_pages(u64 first, u64 count, UnmapScope scope);
    /// Takes one page out of every address space, without waiting for one of them: for reclaim. One call at a time, as
    /// unmap_pages. False: a space is in use or has locked the page, and some still map it.
    bool try_unmap_page(u64 index);
    /// Somebody maps it (a hint: it may have changed by the time you look at it).
    bool is_mapped() const;
    /// Somebody maps it shared and writable (a hint).
    bool has_writable_mappings() const;
    /// From now on nobody may map it shared with the right to write. Errors: Ebusy (somebody has).
    Result<> refuse_writers();
    /// A shared mapping that may be written is about to be made, or was given up. Errors: Eperm (refuse_writers).
    Result<> begin_writable_mapping();
    void end_writable_mapping();

  protected:
    explicit PageSource(ObjectKind kind = ObjectKind::Plain) : Object(kind) {}

  private:
    friend class Area;

    sync::SpinLocked<SourceMappings, sync::LockRank::FileMapping> mappings_;
    std::atomic<u32> area_count_{0};
    std::atomic<u32> writable_count_{0};
    /// Shared areas that may be written, whatever their rights are now, and maps about to be made. LINUX: i_mmap_writable.
    std::atomic<u32> writers_{0};
    static constexpr u32 REFUSES_WRITERS = 1U << 31;
};

}  // namespace exo::vm
