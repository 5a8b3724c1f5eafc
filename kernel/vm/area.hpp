// Area: a range of addresses with one set of rights and one origin. AreaSet: the areas of one address space, in a tree
// that finds an address or a gap in O(log n). Pure data: no page table is touched here.
//
// Parts: area.cpp, area_join.cpp (which neighbours become one), page_family.hpp (what that depends on).
// Locking: the address space's lock, except for what says otherwise.
#pragma once

#include <atomic>
#include <optional>

#include "abi/linux/mman.hpp"
#include "memory/layout.hpp"
#include "memory/virtual/page_flags.hpp"
#include "scheduler/preemption.hpp"
#include "utils/box.hpp"
#include "utils/flags.hpp"
#include "utils/list.hpp"
#include "utils/tree.hpp"
#include "vm/page_family.hpp"
#include "vm/page_source.hpp"

namespace exo::vm {

using abi::Protection;

class AddressSpace;

enum class AreaFlags : u32 {
    None = 0,
    Shared = 1,     ///< Writes go to the source.
    GrowsDown = 2,  ///< A stack: a fault below extends it.
    NoReserve = 4,  ///< Not charged to the commit account.
    Charged = 8,    ///< Charged to it.
    DontFork = 16,
    WipeOnFork = 32,
    Locked = 64,        ///< mlock: counts against RLIMIT_MEMLOCK. Nothing is ever paged out, so that is all.
    LockOnFault = 128,  ///< With Locked: pages are not made before they are touched.
    ExecuteOnly = 256,  ///< Its pages have a protection key that forbids reading.
    // Advice that changes nothing but where an area ends (madvise(2)).
    ReadRandomly = 512,
    ReadInOrder = 1024,
    DontDump = 2048,
    Special = 4096,  ///< The kernel's (PageSource::special_name).
};
EXO_FLAGS(AreaFlags);
inline constexpr AreaFlags LOCK_FLAGS = AreaFlags::Locked | AreaFlags::LockOnFault;

/// What an area may do, apart from where it lies.
struct AreaKind {
    Protection protection = Protection::None;
    Protection allowed =
        Protection::Read | Protection::Write | Protection::Exec;  ///< What mprotect may grant.
    AreaFlags flags = AreaFlags::None;
    friend bool operator==(const AreaKind&, const AreaKind&) = default;
};

/// What mmap and mprotect were asked for decides: memory that may be executed and nothing else cannot be read, where the
/// CPU can do that. LINUX: execute_only_pkey.
AreaFlags key_for(Protection asked);

class Area : public AreaOfSource {
  public:
    /// Not in a set, not registered with its source.
    Area(AddressSpace& space, u64 start, u64 end, AreaKind kind)
        : start(start),
          end(end),
          kind(kind),
          space_(&space) {
        // Entries of half a page would be found by no later operation.
        DEBUG_ASSERT(is_aligned(start, PAGE_SIZE) && is_aligned(end, PAGE_SIZE));
    }
    Area(const Area&) = delete;
    Area& operator=(const Area&) = delete;

    u64 size() const { return end - start; }
    u64 page_count() const { return size() >> PAGE_SHIFT; }
    bool contains(u64 address) const { return address >= start && address < end; }
    bool is_shared() const { return has(kind.flags, AreaFlags::Shared); }
    bool is_writable() const { return abi::has(kind.protection, Protection::Write); }
    /// Private and writable: what RLIMIT_DATA counts (Linux: is_data_mapping).
    bool is_data() const { return is_writable() && !is_shared() && !has(kind.flags, AreaFlags::GrowsDown); }
    memory::PageFlags page_flags() const {
        const auto flags = memory::PageFlags::from_prot(abi::raw(kind.protection));
        return has(kind.flags, AreaFlags::ExecuteOnly) ? flags.execute_only() : flags;
    }
    bool is_locked() const { return has(kind.flags, AreaFlags::Locked); }
    bool is_stack() const { return has(kind.flags, AreaFlags::GrowsDown); }
    bool is_executable() const { return abi::has(kind.protection, Protection::Exec); }
    /// The source's page for an address inside.
    u64 source_index(u64 address) const { return source_page + ((address - start) >> PAGE_SHIFT); }
    /// What an entry of a freshly resolved page may say, apart from write rights that copying must earn first.
    bool may_write_directly() const { return is_shared() && is_writable(); }
    /// A shared mapping whose rights may come to include writing.
    bool may_ever_write() const { return is_shared() && abi::has(kind.allowed, Protection::Write); }
    /// `next` begins where this one ends, and is the same in all but the rights and the family.
    bool continues_in(const Area& next) const;
    /// In all but the family.
    bool agrees_with(const Area& next) const {
        return end == next.start && kind == next.kind && continues_source(next);
    }

    /// Enters and leaves the source's tree of areas; nothing if there is no source. Takes the source's lock.
    void attach();
    void detach();
    /// Makes it the range [new_start, new_end), which shows the same pages of the source where it showed them before.
    void set_range(u64 new_start, u64 new_end);
    /// After a change of kind: whether the source sees a writable shared mapping.
    void update_writable_mark();

    AddressSpace& space() const { return *space_; }

    u64 start;
    u64 end;
    AreaKind kind;
    Ref<PageSource> source;  ///< Null: private anonymous memory.
    /// The source's page at `start`. Without a source, that of the address where the memory was made: what has been moved does
    /// not become one with what lies there. LINUX: vm_pgoff.
    u64 source_page = 0;
    Ref<Object> file;  ///< What the mapping came from, for /proc/PID/maps and to keep it open.
    PageFamily family() const { return family_.load(std::memory_order_relaxed); }
    void set_family(PageFamily family) { family_.store(family, std::memory_order_relaxed); }
    /// By faults, which run beside each other.
    void note_private_page() const {
        if (family().is_none()) [[unlikely]]
            join_family();
    }

    /// Nothing in the page table shows the area: it is private anonymous memory that no fault has come to.
    bool is_untouched() const { return !source && !is_touched_.load(std::memory_order_relaxed); }
    /// By faults, before they make a table or an entry. The lock of the space orders it for who looks.
    void note_touched() const {
        if (!is_touched_.load(std::memory_order_relaxed)) is_touched_.store(true, std::memory_order_relaxed);
    }
    /// For an area that takes over entries of `other`.
    void take_touch_from(const Area& other) const {
        if (other.is_touched_.load(std::memory_order_relaxed)) note_touched();
    }

    TreeNode link;
    ListNode removed_link;  ///< In the list of areas to be deleted after the lock is released.
    u64 gap_before = 0;     ///< Free bytes below, less a stack's guard gap. Kept by AreaSet.
    u64 largest_gap = 0;    ///< Of the subtree.

  private:
    /// `next` maps what comes behind this in the same source.
    bool continues_source(const Area& next) const {
        return source == next.source && file == next.file && source_page + page_count() == next.source_page;
    }
    void join_family() const;
    u64 source_end() const { return source_page + page_count(); }

    friend struct AreaOfSource;
    AddressSpace* space_;
    mutable std::atomic<PageFamily> family_{};
    mutable std::atomic<bool> is_touched_{false};
};

inline SourceKey AreaOfSource::key(const AreaOfSource& area) {
    return {static_cast<const Area&>(area).source_page, &area};
}
inline u64 AreaOfSource::end_of(const AreaOfSource& area) {
    return static_cast<const Area&>(area).source_end();
}

/// Areas taken out of a set. Deleting them drops references to sources and files: do it without the lock.
class RemovedAreas {
  public:
    RemovedAreas() = default;
    ~RemovedAreas() {
        while (Area* area = areas_.pop_front()) {
            delete area;
            scheduler::preempt_point();
        }
    }
    RemovedAreas(const RemovedAreas&) = delete;
    RemovedAreas& operator=(const RemovedAreas&) = delete;
    void add(Area& area) { areas_.push_back(area); }

  private:
    List<Area, &Area::removed_link> areas_;
};

class AreaSet {
  public:
    static constexpr usize MAX_AREAS = 65530;
    /// /proc/sys/vm/max_map_count: how many areas a space may have.
    static inline constinit std::atomic<u64> max_areas{MAX_AREAS};
    static constexpr u64 STACK_GUARD_GAP = 256 * PAGE_SIZE;

    constexpr AreaSet() = default;

    usize size() const { return tree_.size(); }
    bool is_full() const { return !has_room_for(0); }
    /// Whether there is room for one area more than `more`.
    bool has_room_for(usize more) const {
        return tree_.size() + more < max_areas.load(std::memory_order_relaxed);
    }
    Area* first() const { return tree_.first(); }
    static Area* next(const Area& area) { return Areas::next(area); }
    static Area* previous(const Area& area) { return Areas::previous(area); }

    /// The area that contains the address, or null.
    Area* find(u64 address) const;
    /// The first area that ends above the address (Linux: find_vma), or null.
    Area* find_end_above(u64 address) const;
    /// Any area overlaps [start, end).
    bool overlaps(u64 start, u64 end) const;
    /// Bytes of [start, end) in areas, and of these in data areas and in locked ones.
    struct Overlap {
        u64 total = 0;
        u64 data = 0;
        u64 locked = 0;
    };
    Overlap measure(u64 start, u64 end) const;

    /// Which neighbours a new area becomes one with, where it cannot be both.
    enum class Join : u8 {
        UpperFirst,  ///< LINUX: mmap_region
        LowerFirst,  ///< LINUX: vma_merge
        Neither,
    };
    /// Takes the area over; it overlaps none. Its neighbours may absorb it: the one it is part of then.
    Area& insert(Area& area, RemovedAreas& removed, Join join = Join::UpperFirst);
    void remove(Area& area, RemovedAreas& removed);
    /// All of them.
    void clear(RemovedAreas& removed);
    /// Cuts the area in two at `address`, which lies inside. Errors: Enomem (also: too many areas).
    Result<> split(Area& area, u64 address);
    /// Makes `address` a boundary if it lies inside an area. Errors: Enomem.
    Result<> split_at(u64 address);
    /// Moves an end of an area; the way is free.
    void resize(Area& area, u64 start, u64 end);
    /// After a change of its kind: becomes one with its neighbours where they agree now.
    void merge(Area& area, RemovedAreas& removed);
    /// After it has grown: with the next.
    void merge_next(Area& area, RemovedAreas& removed);

    /// The highest free range of `size` in [low, high). Errors: Enomem.
    Result<u64> find_gap_top_down(u64 size, u64 low, u64 high) const;
    /// The lowest. Errors: Enomem.
    Result<u64> find_gap_bottom_up(u64 size, u64 low, u64 high) const;
    /// [start, end) is free, guard gaps included.
    bool is_gap(u64 start, u64 end) const;

    u64 total_bytes() const { return total_bytes_; }
    u64 data_bytes() const { return data_bytes_; }
    u64 locked_bytes() const { return locked_bytes_; }
    u64 stack_bytes() const { return stack_bytes_; }
    u64 executable_bytes() const { return executable_bytes_; }
    /// To be called around a change of an area's kind.
    void forget_bytes(const Area& area);
    void count_bytes(const Area& area);

    /// Neighbours, keys and gaps are as they should be: for tests.
    bool is_consistent() const;

  private:
    struct KeyOf {
        static const u64& key(const Area& area) { return area.start; }
    };
    struct Gaps {
        static bool update(Area& area);
    };
    using Areas = Tree<Area, &Area::link, KeyOf, Gaps>;

    struct Joined {
        bool lower;
        bool upper;
    };
    static Joined joined(const Area* lower, const Area& area, const Area* upper, Join join);
    void refresh_gap(Area& area);
    void absorb_next(Area& area, RemovedAreas& removed);

    Areas tree_;
    u64 total_bytes_ = 0;
    u64 data_bytes_ = 0;
    u64 locked_bytes_ = 0;
    u64 stack_bytes_ = 0;
    u64 executable_bytes_ = 0;
};

}  // namespace exo::vm
