#include "memory/heap/heap.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "support/hosted_frames.hpp"

using namespace exo;
using namespace exo::memory;
using exo::test::HostedFrames;

namespace {

void expect_adds_up(const HeapStats& stats) { EXPECT_EQ(stats.allocated + stats.free, stats.total); }

TEST(locked_heap, merges_back_to_one_piece) {
    alignas(64) static u8 memory[4096];
    LockedHeap small;
    ASSERT_TRUE(small.add_region(memory, sizeof memory).has_value());
    void* a = small.allocate(100);
    void* b = small.allocate(200, 256);
    void* c = small.allocate(1);
    ASSERT_TRUE(a != nullptr && b != nullptr && c != nullptr);
    EXPECT_EQ(reinterpret_cast<u64>(b) % 256, 0u);
    EXPECT_TRUE(small.is_consistent());
    small.deallocate(b);
    small.deallocate(a);
    small.deallocate(c);
    small.deallocate(nullptr);
    EXPECT_TRUE(small.is_consistent());
    EXPECT_EQ(small.stats().free, 4096u);
    // One piece: all of it can be had, and nothing more.
    void* all = small.allocate(4096 - LockedHeap::UNIT);
    EXPECT_NE(all, nullptr);
    EXPECT_EQ(small.allocate(1), nullptr);
    expect_adds_up(small.stats());
    small.deallocate(all);
    EXPECT_EQ(small.allocate(4096), nullptr);
    EXPECT_EQ(small.allocate(~usize{0}), nullptr);
    EXPECT_EQ(small.allocate(~usize{0} - 20), nullptr);
}

TEST(locked_heap, leaves_no_remainder_smaller_than_a_node) {
    alignas(64) static u8 memory[512];
    LockedHeap small;
    ASSERT_TRUE(small.add_region(memory, sizeof memory).has_value());
    // Every size against a hole of every size: what is left over stays on the books.
    for (usize hole = 1; hole <= 200; hole += 7) {
        for (usize size = 1; size <= hole; ++size) {
            void* first = small.allocate(hole);
            void* guard = small.allocate(16);
            small.deallocate(first);
            void* second = small.allocate(size);
            ASSERT_NE(second, nullptr);
            ASSERT_TRUE(small.is_consistent());
            expect_adds_up(small.stats());
            small.deallocate(second);
            small.deallocate(guard);
            ASSERT_EQ(small.stats().free, 512u);
        }
    }
    EXPECT_EQ(small.add_region(memory, 20).error(), Error::InvalidSize);
}

TEST(locked_heap, agrees_with_a_model_under_random_calls) {
    for (u32 seed = 1; seed <= 5; ++seed) {
        std::mt19937 random(seed);
        std::vector<u8> memory(64 * KIB);
        LockedHeap small;
        ASSERT_TRUE(small.add_region(memory.data(), 20000).has_value());
        ASSERT_TRUE(small.add_region(memory.data() + 20000 + seed * 16, 20000).has_value());
        std::map<u8*, std::pair<usize, u8>> live;
        for (int step = 0; step < 5000; ++step) {
            if (random() % 2 == 0) {
                const usize size = random() % (random() % 8 == 0 ? 5000 : 200);
                const usize alignment = 16u << random() % 5;
                auto* block = static_cast<u8*>(small.allocate(size, alignment));
                if (block == nullptr) continue;
                ASSERT_EQ(reinterpret_cast<u64>(block) % alignment, 0u);
                ASSERT_GE(LockedHeap::usable_size(block), size);
                const auto fill = static_cast<u8>(random());
                std::memset(block, fill, size);
                ASSERT_TRUE(live.emplace(block, std::pair{size, fill}).second);
            } else if (!live.empty()) {
                auto it = std::next(live.begin(), static_cast<long>(random() % live.size()));
                for (usize i = 0; i < it->second.first; ++i) ASSERT_EQ(it->first[i], it->second.second);
                small.deallocate(it->first);
                live.erase(it);
            }
            if (step % 20 == 0) ASSERT_TRUE(small.is_consistent());
            expect_adds_up(small.stats());
        }
        for (auto& [block, content] : live) small.deallocate(block);
        EXPECT_EQ(small.stats().allocated, 0u);
        EXPECT_TRUE(small.is_consistent());
    }
}

TEST(locked_heap_death, a_double_free_is_caught) {
    alignas(64) static u8 memory[512];
    LockedHeap small;
    ASSERT_TRUE(small.add_region(memory, sizeof memory).has_value());
    void* block = small.allocate(32);
    small.deallocate(block);
    EXPECT_DEATH(small.deallocate(block), "");
}

struct FreshHeap {
    HostedFrames ram{6000};
    Heap heap;
    FreshHeap() { heap.initialise(); }
};

TEST(heap, serves_all_sizes_aligned_and_intact) {
    auto fresh = std::make_unique<FreshHeap>();
    Heap& h = fresh->heap;
    const u64 before = fresh->ram.free_count();
    std::mt19937 random(3);
    struct Block {
        u8* memory;
        usize size;
        usize alignment;
        u8 fill;
    };
    std::vector<Block> live;
    u64 requested = 0;
    for (int step = 0; step < 40000; ++step) {
        if (random() % 100 < (live.size() < 1500 ? 60 : 40)) {
            usize size = 1 + random() % 300;
            if (random() % 10 == 0) size = random() % 5000;
            if (random() % 100 == 0) size = random() % 70000;
            usize alignment = 16;
            if (random() % 10 == 0) alignment = 16u << random() % 9;
            auto* memory = static_cast<u8*>(h.allocate(size, alignment));
            ASSERT_NE(memory, nullptr);
            ASSERT_EQ(reinterpret_cast<u64>(memory) % alignment, 0u);
            const auto fill = static_cast<u8>(random());
            std::memset(memory, fill, size);
            live.push_back({memory, size, alignment, fill});
            requested += size;
        } else if (!live.empty()) {
            std::swap(live[random() % live.size()], live.back());
            const Block block = live.back();
            live.pop_back();
            for (usize i = 0; i < block.size; ++i) ASSERT_EQ(block.memory[i], block.fill);
            if (random() % 2 == 0)
                h.deallocate(block.memory);
            else
                h.deallocate(block.memory, block.size, block.alignment);
            requested -= block.size;
        }
        if (step % 500 == 0) {
            const HeapStats stats = h.stats();
            expect_adds_up(stats);
            EXPECT_GE(stats.allocated, requested);
            EXPECT_EQ(before - fresh->ram.free_count(), stats.total / PAGE_SIZE);
        }
    }
    for (const Block& block : live) h.deallocate(block.memory);
    EXPECT_EQ(h.stats().allocated, 0u);
    h.trim();
    const HeapStats stats = h.stats();
    expect_adds_up(stats);
    // What is left are LockedHeap's regions.
    EXPECT_EQ(before - fresh->ram.free_count(), stats.total / PAGE_SIZE);
    EXPECT_EQ(stats.total % (16 * PAGE_SIZE), 0u);
}

TEST(heap, returns_null_when_memory_ends_and_recovers) {
    auto fresh = std::make_unique<FreshHeap>();
    Heap& h = fresh->heap;
    const u64 before = fresh->ram.free_count();
    for (const usize size : {16u, 100u, 2048u, 3000u, 4096u, 5000u, 40000u}) {
        std::vector<void*> blocks;
        while (void* block = h.allocate(size)) blocks.push_back(block);
        EXPECT_GT(blocks.size(), 10u);
        expect_adds_up(h.stats());
        for (void* block : blocks) h.deallocate(block);
        h.trim();
        EXPECT_EQ(h.stats().allocated, 0u);
        if (size == 3000 || size == 5000) break;  // LockedHeap keeps its regions.
        EXPECT_EQ(fresh->ram.free_count(), before);
    }
    EXPECT_EQ(h.allocate(MAX_BLOCK_FRAMES * PAGE_SIZE + 1), nullptr);
    EXPECT_EQ(h.allocate(~usize{0} - 5), nullptr);
    h.deallocate(nullptr);
    h.deallocate(nullptr, 5);
}

TEST(heap, a_cached_allocation_takes_no_frame_and_the_same_memory) {
    auto fresh = std::make_unique<FreshHeap>();
    void* first = fresh->heap.allocate(48);
    fresh->heap.deallocate(first);
    const u64 before = fresh->ram.free_count();
    for (int i = 0; i < 100; ++i) {
        void* again = fresh->heap.allocate(48);
        EXPECT_EQ(again, first);
        fresh->heap.deallocate(again, 48);
    }
    EXPECT_EQ(fresh->ram.free_count(), before);
}

}  // namespace
