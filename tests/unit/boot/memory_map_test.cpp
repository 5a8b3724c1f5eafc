#include "boot/memory_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "support/must.hpp"
#include "support/random.hpp"

namespace exo::boot {
namespace {

/// One optional kind for each unit of a small address space.
using Model = std::vector<std::optional<MemoryKind>>;

void expect_equal(const MemoryMap& map, const Model& model, u64 unit) {
    Model seen(model.size());
    const MemoryRange* previous = nullptr;
    for (const MemoryRange& range : map.ranges()) {
        ASSERT_LT(range.start, range.end);
        if (previous != nullptr) {
            ASSERT_LE(previous->end, range.start);
            ASSERT_FALSE(previous->end == range.start && previous->kind == range.kind)
                << "neighbours not merged";
        }
        previous = &range;
        for (u64 at = range.start; at < range.end; at += unit) seen[at / unit] = range.kind;
    }
    ASSERT_EQ(seen, model);
}

TEST(memory_map, resolves_overlaps_as_its_model_does) {
    for (u64 seed = 1; seed <= 200; ++seed) {
        test::Random random(seed);
        constexpr u64 UNIT = 0x100;
        MemoryMap map;
        Model model(300);
        for (int i = 0; i < 30; ++i) {
            const usize start = random.below(model.size());
            const usize length = random.below(std::min<usize>(60, model.size() - start));
            const auto kind = static_cast<MemoryKind>(random.below(5));
            MUST(map.add(start * UNIT, length * UNIT, kind));
            for (usize at = start; at < start + length; ++at)
                model[at] = std::max(model[at].value_or(kind), kind);
            expect_equal(map, model, UNIT);
        }
    }
}

TEST(memory_map, cuts_usable_ranges_inward_to_pages) {
    MemoryMap map;
    MUST(map.add(0, 0x9fc00, MemoryKind::Usable));
    MUST(map.add(0x9fc00, 0x400, MemoryKind::Reserved));
    MUST(map.add(0x100001, 0x1fff, MemoryKind::Usable));
    MUST(map.add(0x200001, 0xffe, MemoryKind::Usable));
    map.align_usable_to_pages();
    ASSERT_EQ(map.ranges().size(), 3U);
    EXPECT_EQ(map.ranges()[0], (MemoryRange{0, 0x9f000, MemoryKind::Usable}));
    EXPECT_EQ(map.ranges()[1], (MemoryRange{0x9fc00, 0xa0000, MemoryKind::Reserved}));
    EXPECT_EQ(map.ranges()[2], (MemoryRange{0x101000, 0x102000, MemoryKind::Usable}));
    EXPECT_EQ(map.total(MemoryKind::Usable), 0xa0000U);
}

TEST(memory_map, reserve_takes_whole_pages) {
    MemoryMap map;
    MUST(map.add(0x100000, 0x10000, MemoryKind::Usable));
    MUST(map.reserve(0x101fff, 2));
    MUST(map.reserve(0x5, 0));
    ASSERT_EQ(map.ranges().size(), 3U);
    EXPECT_EQ(map.ranges()[1], (MemoryRange{0x101000, 0x103000, MemoryKind::Reserved}));
    MUST(map.reserve(UINT64_MAX, UINT64_MAX));
}

TEST(memory_map, refuses_what_cannot_be) {
    MemoryMap map;
    EXPECT_ERROR(Error::Einval, map.add(UINT64_MAX, 2, MemoryKind::Usable));
    EXPECT_ERROR(Error::Einval, map.add(MemoryMap::PHYSICAL_END - 1, 2, MemoryKind::Usable));
    MUST(map.add(UINT64_MAX, 0, MemoryKind::Usable));
    MUST(map.add(UINT64_MAX, 2, MemoryKind::Reserved));
    EXPECT_TRUE(map.is_empty());
    MUST(map.add(MemoryMap::PHYSICAL_END - 1, UINT64_MAX, MemoryKind::Reserved));
    EXPECT_EQ(map.ranges()[0].end, MemoryMap::PHYSICAL_END);
}

TEST(memory_map, says_when_it_is_full) {
    MemoryMap map;
    for (u64 i = 0; i < MemoryMap::CAPACITY; ++i) MUST(map.add(i * 0x2000, 0x1000, MemoryKind::Usable));
    EXPECT_ERROR(Error::Enospc, map.add(0x10000000, 0x1000, MemoryKind::Usable));
    EXPECT_ERROR(Error::Enospc, map.add(0x100, 0x100, MemoryKind::Reserved));
    EXPECT_LE(map.ranges().size(), MemoryMap::CAPACITY);
}

TEST(memory_map, knows_the_e820_types) {
    EXPECT_EQ(memory_kind_of_e820(1), MemoryKind::Usable);
    EXPECT_EQ(memory_kind_of_e820(2), MemoryKind::Reserved);
    EXPECT_EQ(memory_kind_of_e820(3), MemoryKind::AcpiReclaimable);
    EXPECT_EQ(memory_kind_of_e820(4), MemoryKind::AcpiNvs);
    EXPECT_EQ(memory_kind_of_e820(5), MemoryKind::Unusable);
    EXPECT_EQ(memory_kind_of_e820(0), MemoryKind::Reserved);
    EXPECT_EQ(memory_kind_of_e820(12345), MemoryKind::Reserved);
}

}  // namespace
}  // namespace exo::boot
