// MemoryMap: the map of physical memory, sorted and without overlaps.
#pragma once

#include "utils/fixed_vector.hpp"
#include "utils/types.hpp"

namespace exo::boot {

/// A range of physical memory: [start, end).
struct PhysicalRange {
    u64 start = 0;
    u64 end = 0;
    u64 size() const { return end - start; }
    friend bool operator==(const PhysicalRange&, const PhysicalRange&) = default;
};

/// In rising order of strictness: where two ranges overlap, the stricter kind applies.
enum class MemoryKind : u8 { Usable, AcpiReclaimable, AcpiNvs, Reserved, Unusable };

struct MemoryRange {
    u64 start = 0;
    u64 end = 0;
    MemoryKind kind = MemoryKind::Reserved;
    u64 size() const { return end - start; }
    friend bool operator==(const MemoryRange&, const MemoryRange&) = default;
};

/// The kind of a type number of E820, PVH or Multiboot2. Unknown numbers are reserved.
MemoryKind memory_kind_of_e820(u32 type);

/// INVARIANT: ranges are not empty, sorted, disjoint, and no two neighbours of one kind touch.
class MemoryMap {
  public:
    static constexpr usize CAPACITY = 256;
    /// x86-64 has 52 bits of physical address.
    static constexpr u64 PHYSICAL_END = 1ULL << 52;

    std::span<const MemoryRange> ranges() const { return ranges_.span(); }
    bool is_empty() const { return ranges_.is_empty(); }
    /// The total number of bytes of this kind.
    u64 total(MemoryKind kind) const;

    /// Adds [start, start + length). An empty range is ignored; a range that is not usable is cut at
    /// PHYSICAL_END.
    /// Errors: Einval for usable memory beyond PHYSICAL_END; Enospc, a part may then have been added.
    Result<> add(u64 start, u64 length, MemoryKind kind);
    /// Removes [start, start + length), widened to whole pages, from the usable memory. Errors: those of
    /// add().
    Result<> reserve(u64 start, u64 length);
    /// Shrinks usable ranges to whole pages. Ranges without a whole page are removed.
    void align_usable_to_pages();

  private:
    Result<> place(MemoryRange range);
    /// Changes the piece [from, to) of ranges_[index] to `kind`. The rest of the range keeps its kind.
    /// Returns the piece's index.
    Result<usize> overlay(usize index, u64 from, u64 to, MemoryKind kind);
    void merge_neighbours();

    FixedVector<MemoryRange, CAPACITY> ranges_;
};

}  // namespace exo::boot
