#include "memory/start.hpp"

#include "arch/image_guards.hpp"
#include "arch/interface.hpp"
#include "memory/heap/heap.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "memory/virtual/kernel_map.hpp"
#include "memory/virtual/shadow_map.hpp"

namespace exo::memory {

namespace {

using RangeList = FixedVector<boot::PhysicalRange, boot::MemoryMap::CAPACITY>;
using MappingList = FixedVector<KernelMapping, boot::MemoryMap::CAPACITY + 3>;

PageFlags flags_of(arch::ImageSection::Kind kind) {
    switch (kind) {
        case arch::ImageSection::Kind::Text: return PageFlags::KERNEL_TEXT;
        case arch::ImageSection::Kind::ReadOnly: return PageFlags::READONLY;
        case arch::ImageSection::Kind::Data: return PageFlags::KERNEL;
    }
}

/// Maps all RAM, whatever uses it, in whole large pages where the neighbours are RAM too.
Result<> add_direct_map(const boot::MemoryMap& map, MappingList& mappings) {
    for (const boot::MemoryRange& range : map.ranges()) {
        if (range.kind == boot::MemoryKind::Reserved || range.kind == boot::MemoryKind::Unusable) continue;
        const u64 start = align_down(range.start, PAGE_SIZE);
        const u64 end = align_up(range.end, PAGE_SIZE);
        if (mappings.size() != 0) {
            KernelMapping& last = mappings.back();
            if (last.physical.value() + last.size >= start &&
                last.start.value() - last.physical.value() == layout.direct_map) {
                last.size = end - last.physical.value();
                continue;
            }
        }
        TRY(mappings.push({VirtualAddress(layout.direct_map + start), PhysicalAddress(start), end - start,
                           PageFlags::KERNEL}));
    }
    return {};
}

/// Makes read-only memory of the image read-only in the direct map too, and unmaps the pages below the
/// image's stacks.
Result<> protect_image() {
    for (const arch::ImageSection& section : arch::image_sections()) {
        if (section.kind == arch::ImageSection::Kind::Data) continue;
        TRY(protect_kernel_range(VirtualAddress(layout.direct_map + section.physical_address), section.size,
                                 PageFlags::READONLY));
    }
    for (const u64 guard : arch::image_guards()) TRY(unmap_kernel_range(VirtualAddress(guard), PAGE_SIZE));
    return {};
}

}  // namespace

Result<> start(const boot::MemoryMap& map, std::span<const boot::PhysicalRange> reserved) {
    RangeList usable;
    for (const boot::MemoryRange& range : map.ranges())
        if (range.kind == boot::MemoryKind::Usable) TRY(usable.push({range.start, range.end}));
    if (usable.is_empty()) return Error::Einval;

    RangeList kept;
    MappingList mappings;
    TRY(add_direct_map(map, mappings));
    for (const boot::PhysicalRange& range : reserved) TRY(kept.push(range));
    for (const arch::ImageSection& section : arch::image_sections()) {
        TRY(kept.push({section.physical_address, section.physical_address + section.size}));
        TRY(mappings.push({VirtualAddress(section.virtual_address), PhysicalAddress(section.physical_address),
                           section.size, flags_of(section.kind)}));
    }
    TRY(frames.initialise(usable.span(), kept.span()));
    TRY(initialise_kernel_map(mappings.span()));
    kasan::start();
    TRY(protect_image());
    heap.initialise();
    return {};
}

}  // namespace exo::memory
