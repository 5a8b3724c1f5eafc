// The map of physical memory as firmware tells it, brought into order while it is being built.
#pragma once

#include "utils/fixed_vector.hpp"
#include "utils/types.hpp"

namespace exo::boot {

/// A part of physical memory: [start, end).
struct PhysicalRange {
    u64 start = 0;
    u64 end = 0;
    u64 size() const { return end - start; }
    friend bool operator==(const PhysicalRange&, const PhysicalRange&) = default;
};

/// In rising order of strictness: where two ranges overlap the stricter kind wins.
enum class MemoryKind : u8 { Usable, AcpiReclaimable, AcpiNvs, Reserved, Unusable };

struct MemoryRange {
    u64 start = 0;
    u64 end = 0;
    MemoryKind kind = MemoryKind::Reserved;
    u64 size() const { return end - start; }
    friend bool operator==(const MemoryRange&, const MemoryRange&) = default;
};

/// The kind that an E820 (and PVH, and Multiboot2) type number stands for; unknown ones are reserved.
MemoryKind memory_kind_of_e820(u32 type);

/// INVARIANT: ranges are not empty, sorted, disjoint, and no two neighbours of one kind touch.
class MemoryMap {
  public:
    static constexpr usize CAPACITY = 256;
    /// x86-64 has 52 bits of physical address.
    static constexpr u64 PHYSICAL_END = 1ULL << 52;

    std::span<const MemoryRange> ranges() const { return ranges_.span(); }
    bool is_empty() const { return ranges_.is_empty(); }
    /// The number of bytes of kind `kind`.
    u64 total(MemoryKind kind) const;

    /// Adds [start, start + length); an empty range is ignored, one that is not usable is cut at PHYSICAL_END.
    /// Errors: Einval for usable memory beyond PHYSICAL_END; Enospc, a part may then have been added.
    Result<> add(u64 start, u64 length, MemoryKind kind);
    /// Takes [start, start + length), widened to whole pages, from the usable memory. Errors: as add().
    Result<> reserve(u64 start, u64 length);
    /// Cuts usable ranges inward to whole pages; those without a whole page vanish.
    void align_usable_to_pages();

  private:
    Result<> place(MemoryRange range);
    /// Lets `range` have the piece [from, to) of ranges_[index]; the rest keeps its kind.
    Result<usize> overlay(usize index, u64 from, u64 to, MemoryKind kind);
    void merge_neighbours();

    FixedVector<MemoryRange, CAPACITY> ranges_;
};

}  // namespace exo::boot
