// PageSource: the source of an area's pages: a file's page cache (fs implements it), or shared anonymous
// memory.
//
// The source returns counted references to frames of its own cache. Every shared mapping of a page maps the
// same frame; a private mapping copies from it. A source has a tree of the areas that map it, so that
// truncation can unmap pages from every address space.
//
// Locking: `get_page` is called with the address space locked shared. It takes only locks of ranks after
// AddressSpace, never an inode's, and does not wait for a device: it returns Eagain, and the caller unlocks
// the space and calls `wait_for_page`. `unmap_pages` takes each address space's lock itself: the caller may
// hold locks up to rank FileUnmapping, but none that `get_page` takes. The order for truncation: make
// `get_page` refuse the pages, call `unmap_pages`, and then drop the frames.
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
    Write,  ///< Through a shared mapping: the source allocates storage for a hole and marks the page as
            ///< changed.
};

/// Which mappings of a page are removed.
enum class UnmapScope : u8 {
    WriteRightsOnly,   ///< None: the mappings become read-only, so that the next write faults (write-back).
    SourceFramesOnly,  ///< Mappings of the source's frames, not of private copies (punching a hole).
    CopiesToo,         ///< Also private copies, for truncation (POSIX: accesses behind the end give SIGBUS).
};

struct AreaOfSource;

/// The order of areas in a source: by the first page that they map. The address only makes keys unique.
struct SourceKey {
    u64 first = 0;
    const AreaOfSource* area = nullptr;
    friend bool operator<(const SourceKey& a, const SourceKey& b) {
        return a.first != b.first ? a.first < b.first : a.area < b.area;
    }
};

/// The part of an area that its source uses. The range of pages changes under the source's lock.
struct AreaOfSource {
    static constexpr u64 NEVER_MAPPED = ~0ULL;

    static SourceKey key(const AreaOfSource& area);
    /// One past the last page that it maps.
    static u64 end_of(const AreaOfSource& area);

    TreeNode source_link;
    u64 largest_end = 0;  ///< The maximum in the subtree.
    /// The last walk that cleared it, or before which it had no pages. It changes while the space's lock is
    /// held exclusively; walks read it without the lock.
    u64 visited_in() const { return visited_in_.load(std::memory_order_relaxed); }
    void set_visited_in(u64 walk) { visited_in_.store(walk, std::memory_order_relaxed); }
    /// Call when it takes over pages from `other`, which a walk may still have to clear.
    void take_visit_from(const AreaOfSource& other) {
        if (other.visited_in() < visited_in()) set_visited_in(other.visited_in());
    }
    bool is_shared_writable = false;

  private:
    std::atomic<u64> visited_in_{NEVER_MAPPED};
};

/// The areas that map a source: a tree by first page in which each node knows the largest end in its subtree.
/// So a search for the areas that map a range skips the others.
struct SourceMappings {
    struct Ends {
        static bool update(AreaOfSource& area);
    };
    using Areas = Tree<AreaOfSource, &AreaOfSource::source_link, AreaOfSource, Ends>;

    /// Adds an area. If it has pages that a walk in progress has not cleared, that walk visits it too.
    void enter(AreaOfSource& area);
    /// The first area from `from` on that maps a page of [first, end) and was not cleared by `walk`.
    AreaOfSource* find(u64 first, u64 end, SourceKey from, u64 walk) const;

    Areas areas;
    u64 walks = 0;
    bool has_newcomers = false;
};

class PageSource : public Object {
  public:
    // ---- For classes that implement a source.

    /// Returns page `index` (offset / 4096) with a new reference. In the last page, bytes behind the end are
    /// zero. Pages behind the end are refused.
    /// Errors: Enomem (the program may be killed); Eagain (the caller must wait with `wait_for_page`); any
    /// other error (Einval behind the end, Eio) becomes SIGBUS.
    virtual Result<memory::FrameRef> get_page(u64 index, PageAccess access) = 0;

    /// Reads page `index`, or waits for the thread that reads it. Called without spin locks and without the
    /// lock of an address space. While the caller holds the frame, `get_page` succeeds unless the source is
    /// truncated.
    /// Errors: those of get_page but Eagain; RestartSys: the thread is being killed.
    virtual Result<memory::FrameRef> wait_for_page(u64 index) { return get_page(index, PageAccess::Read); }

    /// Returns page `index` if that needs no sleep, no allocation and no change; else empty. A fault uses it
    /// to map neighbouring pages along.
    virtual memory::FrameRef peek_page(u64 index) {
        (void)index;
        return {};
    }

    /// Whether a page becomes writable only after its own get_page(…, Write): for sources that must know of
    /// changes. False: pages of writable shared areas are mapped writable at the first access.
    virtual bool wants_write_faults() const { return false; }

    /// msync(MS_SYNC) of pages [first, first + count). Called without locks. Errors: Eio, Enospc.
    virtual Result<> sync_pages(u64 first, u64 count) {
        (void)first;
        (void)count;
        return {};
    }

    /// The inode number that /proc reports for shared memory without a file; 0: it has a file.
    virtual u64 number_without_file() const { return 0; }

    /// The name in /proc/PID/maps of an area that begins with page `index`, for memory that the kernel
    /// provides (vdso(7)). LINUX: a special mapping, which is never locked and does not grow. Empty: the
    /// memory belongs to a file, or is anonymous.
    virtual std::string_view special_name(u64 index) const {
        (void)index;
        return {};
    }

    /// madvise(MADV_REMOVE): turns pages [first, first + count) into holes. Called without locks.
    /// Errors: Eopnotsupp: only the file can do that.
    virtual Result<> remove_content(u64 first, u64 count) {
        (void)first;
        (void)count;
        return Error::Eopnotsupp;
    }

    // ---- For the owner of a source.

    /// The state of one call of unmap_pages.
    class Walk {
      public:
        Walk(PageSource& source, u64 first, u64 end, UnmapScope scope);
        u64 first() const { return first_; }
        u64 end() const { return end_; }
        UnmapScope scope() const { return scope_; }
        /// The space of the next area, with a reference; null when all areas are cleared.
        Ref<AddressSpace> next_space();
        /// Returns the next area and marks it as cleared, if it belongs to `space`, whose lock is held
        /// exclusively; else null.
        const AreaOfSource* take_next_of(const AddressSpace& space);

      private:
        PageSource& source_;
        u64 first_;
        u64 end_;
        UnmapScope scope_;
        u64 number_;
        SourceKey from_;
    };

    /// Unmaps pages [first, first + count) from every address space; a count of ~0 means to the end. May
    /// sleep. The caller's own lock ensures one call at a time. The cost depends on the areas that map such
    /// pages, not on all areas.
    void unmap_pages(u64 first, u64 count, UnmapScope scope);
    /// Unmaps one page from every address space and never waits for a space: for reclaim. One call at a time,
    /// as for unmap_pages. Returns false if a space is in use or has locked the page; some spaces may then
    /// still map it.
    bool try_unmap_page(u64 index);
    /// Whether the source is mapped. A hint: the answer may be outdated at once.
    bool is_mapped() const;
    /// Whether it is mapped shared and writable. A hint: the answer may be outdated at once.
    bool has_writable_mappings() const;
    /// Refuses writable shared mappings from now on. Errors: Ebusy (there is one).
    Result<> refuse_writers();
    /// begin: counts a writable shared mapping before it is made; end: uncounts it. Errors: Eperm (after
    /// refuse_writers).
    Result<> begin_writable_mapping();
    void end_writable_mapping();

    /// Whether each page stays for as long as the source exists. Then nobody asks where it is mapped, so it has no tree of areas.
    bool keeps_pages() const { return keeps_pages_; }

  protected:
    enum class Pages : u8 { MayGo, Stay };
    explicit PageSource(ObjectKind kind = ObjectKind::Plain, Pages pages = Pages::MayGo)
        : Object(kind),
          keeps_pages_(pages == Pages::Stay) {}

  private:
    friend class Area;

    const bool keeps_pages_;
    sync::SpinLocked<SourceMappings, sync::LockRank::FileMapping> mappings_;
    std::atomic<u32> area_count_{0};
    std::atomic<u32> writable_count_{0};
    /// Counts shared areas that may become writable, and mappings that are being made. LINUX:
    /// i_mmap_writable.
    std::atomic<u32> writers_{0};
    static constexpr u32 REFUSES_WRITERS = 1U << 31;
};

}  // namespace exo::vm
