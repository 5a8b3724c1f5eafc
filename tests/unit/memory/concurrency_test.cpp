// Several threads as CPUs: meant for the thread sanitizer.
#include <gtest/gtest.h>

#include <random>

#include "memory/heap/heap.hpp"
#include "memory/virtual/kernel_map.hpp"
#include "support/cpus.hpp"
#include "support/hosted_frames.hpp"

using namespace exo;
using namespace exo::memory;
using exo::test::HostedFrames;
using exo::test::on_all_cpus;

namespace {

TEST(concurrency, frames_are_never_handed_out_twice) {
    const HostedFrames ram(3000);
    const u64 before = ram.free_count();
    on_all_cpus([](u32 cpu) {
        std::mt19937 random(cpu);
        std::vector<std::pair<PhysicalAddress, usize>> held;
        for (int step = 0; step < 8000; ++step) {
            if (random() % 2 == 0 && held.size() < 300) {
                const usize count = random() % 8 == 0 ? 1 + random() % 9 : 1;
                const auto block = alloc_contiguous(count);
                if (!block) continue;
                *static_cast<u64*>(direct_map(*block)) = block->value() + cpu;
                held.emplace_back(*block, count);
            } else if (!held.empty()) {
                std::swap(held[random() % held.size()], held.back());
                const auto [block, count] = held.back();
                held.pop_back();
                ASSERT_EQ(*static_cast<u64*>(direct_map(block)), block.value() + cpu);
                ASSERT_TRUE(free_contiguous(block, count).has_value());
            }
        }
        for (const auto& [block, count] : held) ASSERT_TRUE(free_contiguous(block, count).has_value());
    });
    EXPECT_TRUE(frames.is_consistent());
    EXPECT_EQ(ram.free_count(), before);
}

TEST(concurrency, heap_objects_freed_elsewhere) {
    const HostedFrames ram(4000);
    auto owned = std::make_unique<Heap>();
    Heap& h = *owned;
    h.initialise();
    // Each slot is swapped by everyone: what one CPU allocated, another frees.
    std::array<std::atomic<u64*>, 256> slots{};
    on_all_cpus([&](u32 cpu) {
        std::mt19937 random(cpu);
        for (int step = 0; step < 15000; ++step) {
            const usize size = 16 + random() % (random() % 50 == 0 ? 6000 : 400);
            auto* object = static_cast<u64*>(h.allocate(size));
            if (object != nullptr) *object = size;
            u64* old = slots[random() % slots.size()].exchange(object, std::memory_order_acq_rel);
            if (old == nullptr) continue;
            ASSERT_GE(*old, 16u);
            if (step % 2 == 0)
                h.deallocate(old);
            else
                h.deallocate(old, *old);
        }
    });
    for (auto& slot : slots) h.deallocate(slot.load());
    const HeapStats stats = h.stats();
    EXPECT_EQ(stats.allocated, 0u);
    EXPECT_EQ(stats.free, stats.total);
}

TEST(concurrency, faults_on_one_table_side_by_side) {
    const HostedFrames ram(6000);
    ASSERT_TRUE(initialise_kernel_map({}).has_value());
    const u64 before = ram.free_count();
    {
        PageTable table;
        ASSERT_TRUE(table.create_user().has_value());
        constexpr u64 PAGES = 1500;
        constexpr u64 BASE = 0x7f00'0000'0000 - 700 * PAGE_SIZE;
        std::atomic<u64> won{0};
        on_all_cpus([&](u32) {
            for (u64 i = 0; i < PAGES; ++i) {
                const auto slot = table.slot_for_fault(BASE + i * PAGE_SIZE);
                ASSERT_TRUE(slot.has_value());
                if (!slot->get().is_empty()) continue;
                const auto frame = alloc_zeroed_frame();
                ASSERT_TRUE(frame.has_value());
                record_of(*frame).note_mapped();
                if (slot->replace(PageEntry(), PageEntry::page(*frame, PageFlags::USER)))
                    ++won;
                else
                    release_mapped_frames({{static_cast<u32>(frame->frame_number())}});
            }
        });
        EXPECT_EQ(won.load(), PAGES);
        TlbBatch batch(table);
        table.visit_leaves_and_prune(BASE, BASE + PAGES * PAGE_SIZE, batch, [&](const LeafRange& leaf) {
            for (u32 i = leaf.first; i < leaf.end; ++i) {
                ASSERT_FALSE(leaf.table.get(i).is_empty());
                batch.add_frame(leaf.table.get(i).frame());
                leaf.table.clear(i);
            }
            leaf.table.subtract_used(leaf.end - leaf.first);
        });
    }
    EXPECT_EQ(ram.free_count(), before);
}

}  // namespace
