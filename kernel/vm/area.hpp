// Area: a range of addresses with one set of rights and one origin. AreaSet: the areas of one address space,
// in a tree that finds an address or a gap in O(log n). Neither touches page tables.
//
// Parts: area.cpp, area_join.cpp (merging of neighbours), page_family.hpp (a condition for merging).
// Locking: the address space's lock guards everything, except where a comment says otherwise.
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
    GrowsDown = 2,  ///< A stack: a fault below it extends it.
    NoReserve = 4,  ///< Not charged to the commit account.
    Charged = 8,    ///< Charged to the commit account.
    DontFork = 16,
    WipeOnFork = 32,
    Locked = 64,        ///< mlock: counts against RLIMIT_MEMLOCK. It has no other effect, because this kernel
                        ///< never pages out.
    LockOnFault = 128,  ///< With Locked: pages are made on first access.
    ExecuteOnly = 256,  ///< Its pages have a protection key that forbids reads.
    // Advice whose only effect is that areas with different advice are not merged (madvise(2)).
    ReadRandomly = 512,
    ReadInOrder = 1024,
    DontDump = 2048,
    Special = 4096,  ///< Memory that the kernel provides (PageSource::special_name).
};
EXO_FLAGS(AreaFlags);
inline constexpr AreaFlags LOCK_FLAGS = AreaFlags::Locked | AreaFlags::LockOnFault;

/// The properties of an area apart from its range.
struct AreaKind {
    Protection protection = Protection::None;
    Protection allowed =
        Protection::Read | Protection::Write | Protection::Exec;  ///< What mprotect may grant.
    AreaFlags flags = AreaFlags::None;
    friend bool operator==(const AreaKind&, const AreaKind&) = default;
};

/// The flags for the rights that mmap or mprotect asked for: ExecuteOnly for memory with execute permission
/// alone, if the CPU supports protection keys. LINUX: execute_only_pkey.
AreaFlags key_for(Protection asked);

class Area : public AreaOfSource {
  public:
    /// Makes an area that is in no set and not registered with its source.
    Area(AddressSpace& space, u64 start, u64 end, AreaKind kind)
        : start(start),
          end(end),
          kind(kind),
          space_(&space) {
        // No later operation would find the entries of half a page.
        DEBUG_ASSERT(is_aligned(start, PAGE_SIZE) && is_aligned(end, PAGE_SIZE));
    }
    Area(const Area&) = delete;
    Area& operator=(const Area&) = delete;

    u64 size() const { return end - start; }
    u64 page_count() const { return size() >> PAGE_SHIFT; }
    bool contains(u64 address) const { return address >= start && address < end; }
    bool is_shared() const { return has(kind.flags, AreaFlags::Shared); }
    bool is_writable() const { return abi::has(kind.protection, Protection::Write); }
    /// Whether RLIMIT_DATA counts it: private and writable (Linux: is_data_mapping).
    bool is_data() const { return is_writable() && !is_shared() && !has(kind.flags, AreaFlags::GrowsDown); }
    memory::PageFlags page_flags() const {
        const auto flags = memory::PageFlags::from_prot(abi::raw(kind.protection));
        return has(kind.flags, AreaFlags::ExecuteOnly) ? flags.execute_only() : flags;
    }
    bool is_locked() const { return has(kind.flags, AreaFlags::Locked); }
    bool is_stack() const { return has(kind.flags, AreaFlags::GrowsDown); }
    bool is_executable() const { return abi::has(kind.protection, Protection::Exec); }
    /// The index in the source of the page at `address`.
    u64 source_index(u64 address) const { return source_page + ((address - start) >> PAGE_SHIFT); }
    /// Whether a fault may make the page writable at once. Private pages must be copied first.
    bool may_write_directly() const { return is_shared() && is_writable(); }
    /// Whether it is a shared mapping that is or may become writable.
    bool may_ever_write() const { return is_shared() && abi::has(kind.allowed, Protection::Write); }
    /// Whether `next` begins where this one ends and equals it in everything but rights and family.
    bool continues_in(const Area& next) const;
    /// Whether `next` begins where this one ends and equals it in everything but the family.
    bool agrees_with(const Area& next) const {
        return end == next.start && kind == next.kind && continues_source(next);
    }

    /// Adds the area to the source's tree of areas, or removes it. Does nothing without a source. Takes the
    /// source's lock.
    void attach();
    void detach();
    /// Changes the range. The pages of the source stay at the same addresses.
    void set_range(u64 new_start, u64 new_end);
    /// Call after a change of kind: tells the source whether this is a writable shared mapping.
    void update_writable_mark();

    AddressSpace& space() const { return *space_; }

    u64 start;
    u64 end;
    AreaKind kind;
    Ref<PageSource> source;  ///< Null: private anonymous memory.
    /// The index in the source of the page at `start`. Without a source: the page number at which the memory
    /// was first mapped, so that moved memory does not merge with other memory at its new address. LINUX:
    /// vm_pgoff.
    u64 source_page = 0;
    Ref<Object> file;  ///< The mapped file, for /proc/PID/maps and to keep it open.
    PageFamily family() const { return family_.load(std::memory_order_relaxed); }
    void set_family(PageFamily family) { family_.store(family, std::memory_order_relaxed); }
    /// Records that a fault made a private page. Faults may call it concurrently.
    void note_private_page() const {
        if (family().is_none()) [[unlikely]]
            join_family();
    }

    /// Whether the page table has no entries for the area: it is private anonymous memory and no fault has
    /// touched it.
    bool is_untouched() const { return !source && !is_touched_.load(std::memory_order_relaxed); }
    /// Called by a fault before it makes a table or an entry. The lock of the space orders it before readers.
    void note_touched() const {
        if (!is_touched_.load(std::memory_order_relaxed)) is_touched_.store(true, std::memory_order_relaxed);
    }
    /// Called when the area takes over entries of `other`.
    void take_touch_from(const Area& other) const {
        if (other.is_touched_.load(std::memory_order_relaxed)) note_touched();
    }

    TreeNode link;
    ListNode removed_link;  ///< In the list of areas that are deleted after the lock is released.
    u64 gap_before = 0;     ///< Free bytes below it, minus a stack's guard gap. AreaSet updates it.
    u64 largest_gap = 0;    ///< The maximum in the subtree.

  private:
    /// Whether `next` maps the following pages of the same source.
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

/// Areas that were removed from a set. Deleting them drops references to sources and files, so delete them
/// without the lock.
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
    /// /proc/sys/vm/max_map_count: the limit of areas in a space.
    static inline constinit std::atomic<u64> max_areas{MAX_AREAS};
    static constexpr u64 STACK_GUARD_GAP = 256 * PAGE_SIZE;

    constexpr AreaSet() = default;

    usize size() const { return tree_.size(); }
    bool is_full() const { return !has_room_for(0); }
    /// Whether there is room for `more` areas and one more.
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
    /// Whether an area overlaps [start, end).
    bool overlaps(u64 start, u64 end) const;
    /// How many bytes of [start, end) lie in areas, in data areas and in locked areas.
    struct Overlap {
        u64 total = 0;
        u64 data = 0;
        u64 locked = 0;
    };
    Overlap measure(u64 start, u64 end) const;

    /// Which neighbour a new area merges with if it cannot merge with both.
    enum class Join : u8 {
        UpperFirst,  ///< LINUX: mmap_region
        LowerFirst,  ///< LINUX: vma_merge
    };
    /// Inserts an area, which must not overlap another. It may merge with its neighbours; returns the area
    /// that contains it.
    Area& insert(Area& area, RemovedAreas& removed, Join join = Join::UpperFirst);
    /// Inserts an area that lies above all others. It does not merge.
    void append(Area& area);
    void remove(Area& area, RemovedAreas& removed);
    /// Removes all areas.
    void clear(RemovedAreas& removed);
    /// Splits an area at `address`, which lies inside it. Errors: Enomem (also: too many areas).
    Result<> split(Area& area, u64 address);
    /// Splits the area that contains `address`, if there is one. Errors: Enomem.
    Result<> split_at(u64 address);
    /// Moves the ends of an area. The new range must be free.
    void resize(Area& area, u64 start, u64 end);
    /// Call after a change of its kind: merges it with neighbours that now agree.
    void merge(Area& area, RemovedAreas& removed);
    /// Call after it has grown: merges it with the next area if they agree.
    void merge_next(Area& area, RemovedAreas& removed);

    /// Finds the highest free range of `size` bytes in [low, high). Errors: Enomem.
    Result<u64> find_gap_top_down(u64 size, u64 low, u64 high) const;
    /// Finds the lowest free range of `size` bytes in [low, high). Errors: Enomem.
    Result<u64> find_gap_bottom_up(u64 size, u64 low, u64 high) const;
    /// Whether [start, end) is free and touches no guard gap.
    bool is_gap(u64 start, u64 end) const;

    u64 total_bytes() const { return total_bytes_; }
    u64 data_bytes() const { return data_bytes_; }
    u64 locked_bytes() const { return locked_bytes_; }
    u64 stack_bytes() const { return stack_bytes_; }
    u64 executable_bytes() const { return executable_bytes_; }
    /// Call forget_bytes before and count_bytes after a change of an area's kind.
    void forget_bytes(const Area& area);
    void count_bytes(const Area& area);

    /// Checks neighbours, keys and gaps, for tests.
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
    /// Inserts an area behind `before`, its lower neighbour.
    void link(Area* before, Area& area);
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
