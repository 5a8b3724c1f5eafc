// AreaSet alone: lookups and gaps against a search over all areas.
#include "vm/area.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "machine.hpp"

using namespace exo;
using namespace exo::vm;
using namespace exo::vm::test;

namespace {

constexpr u64 P = PAGE_SIZE;
constexpr u64 END = 2000 * P;

struct Model {
    struct Entry {
        u64 end;
        bool is_stack;
    };
    std::map<u64, Entry> areas;

    u64 lower_edge(u64 start) const {
        return areas.at(start).is_stack
                   ? (start > AreaSet::STACK_GUARD_GAP ? start - AreaSet::STACK_GUARD_GAP : 0)
                   : start;
    }
    std::vector<std::pair<u64, u64>> gaps(u64 low, u64 high) const {
        std::vector<std::pair<u64, u64>> found;
        u64 at = 0;
        for (const auto& [start, entry] : areas) {
            found.emplace_back(std::max(at, low), std::min(lower_edge(start), high));
            at = entry.end;
        }
        found.emplace_back(std::max(at, low), high);
        return found;
    }
    std::optional<u64> top_down(u64 size, u64 low, u64 high) const {
        std::optional<u64> best;
        for (const auto& [start, end] : gaps(low, high))
            if (end > start && end - start >= size) best = end - size;
        return best;
    }
    std::optional<u64> bottom_up(u64 size, u64 low, u64 high) const {
        for (const auto& [start, end] : gaps(low, high))
            if (end > start && end - start >= size) return start;
        return std::nullopt;
    }
};

TEST(area_set, finds_what_a_search_over_all_finds) {
    const Machine machine;
    const auto space = new_space();
    for (u32 seed = 1; seed <= 6; ++seed) {
        std::mt19937_64 random(seed);
        AreaSet areas;
        Model model;
        for (int step = 0; step < 3000; ++step) {
            RemovedAreas removed;
            const u64 start = random() % 2000 * P;
            const u64 size = (1 + random() % 12) * P;
            if (random() % 2 == 0 && start + size <= END && !areas.overlaps(start, start + size)) {
                const bool is_stack = random() % 16 == 0;
                // No two neighbours of one kind, so that nothing is absorbed.
                AreaKind kind{.flags = is_stack ? AreaFlags::GrowsDown : AreaFlags::None};
                kind.allowed = static_cast<Protection>(step + 8);
                areas.insert(*new Area(*space, start, start + size, kind), removed);
                model.areas[start] = {start + size, is_stack};
            } else if (Area* area = areas.find(start)) {
                model.areas.erase(area->start);
                areas.remove(*area, removed);
            }
            if (step % 20 == 0) ASSERT_TRUE(areas.is_consistent());
            const u64 wanted = (1 + random() % 60) * P;
            const u64 low = random() % 1000 * P;
            const u64 high = low + random() % 1500 * P;
            const auto down = areas.find_gap_top_down(wanted, low, high);
            const auto expected_down = model.top_down(wanted, low, high);
            ASSERT_EQ(down.has_value(), expected_down.has_value());
            if (down) ASSERT_EQ(*down, *expected_down);
            const auto up = areas.find_gap_bottom_up(wanted, low, high);
            const auto expected_up = model.bottom_up(wanted, low, high);
            ASSERT_EQ(up.has_value(), expected_up.has_value());
            if (up) ASSERT_EQ(*up, *expected_up);
            const auto it = model.areas.upper_bound(start);
            const bool is_inside = it != model.areas.begin() && std::prev(it)->second.end > start;
            ASSERT_EQ(areas.find(start) != nullptr, is_inside);
        }
        RemovedAreas removed;
        areas.clear(removed);
        ASSERT_EQ(areas.size(), 0u);
        ASSERT_TRUE(areas.is_consistent());
    }
}

}  // namespace
