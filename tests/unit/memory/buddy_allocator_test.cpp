#include "memory/physical/buddy_allocator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "memory/physical/frame_ref.hpp"
#include "support/hosted_frames.hpp"
#include "support/must.hpp"

using namespace exo;
using namespace exo::memory;
using exo::test::HostedFrames;

namespace {

PhysicalAddress must(Result<PhysicalAddress> result) {
    EXPECT_TRUE(result.has_value());
    return result.value_or(PhysicalAddress());
}

/// Every counter agrees with every other.
void expect_consistent() {
    EXPECT_TRUE(frames.is_consistent());
    const BuddyStats stats = get_stats();
    u64 listed = 0;
    for (u32 order = 0; order <= MAX_ORDER; ++order) listed += stats.free_blocks[order] << order;
    EXPECT_EQ(stats.free_frames, listed + stats.fresh_frames + stats.stocked_frames);
}

TEST(buddy_allocator, hands_out_every_frame_once_and_takes_them_back) {
    const HostedFrames ram(3000);
    const BuddyStats before = get_stats();
    EXPECT_EQ(before.free_frames, before.total_frames);
    EXPECT_EQ(before.total_frames + before.record_frames, 3000u);
    std::set<u64> seen;
    while (true) {
        const auto frame = alloc_frame();
        if (!frame) {
            EXPECT_EQ(frame.error(), Error::OutOfMemory);
            break;
        }
        EXPECT_TRUE(frame->is_page_aligned());
        EXPECT_TRUE(seen.insert(frame->value()).second);
        std::memset(direct_map(*frame), 0x11, PAGE_SIZE);
    }
    EXPECT_EQ(seen.size(), before.total_frames);
    EXPECT_EQ(get_stats().free_frames, 0u);
    for (const u64 frame : seen) EXPECT_TRUE(free_frame(PhysicalAddress(frame)).has_value());
    frames.drain_stock();
    expect_consistent();
    EXPECT_EQ(get_stats().free_frames, before.total_frames);
}

TEST(buddy_allocator, merges_to_the_largest_blocks) {
    // The records take some frames off the end; the rest merges into the binary digits of the count.
    const HostedFrames ram(8192);
    std::vector<PhysicalAddress> all;
    while (const auto frame = alloc_frame()) all.push_back(*frame);
    std::shuffle(all.begin(), all.end(), std::mt19937(7));
    for (const auto frame : all) ASSERT_TRUE(free_frame(frame).has_value());
    frames.drain_stock();
    const BuddyStats stats = get_stats();
    for (u32 order = 0; order < MAX_ORDER; ++order) EXPECT_LE(stats.free_blocks[order], 1u) << order;
    EXPECT_EQ(stats.free_blocks[MAX_ORDER], stats.total_frames >> MAX_ORDER);
    expect_consistent();
}

TEST(buddy_allocator, gives_the_tail_of_an_odd_count_back) {
    const HostedFrames ram(4096);
    const u64 before = ram.free_count();
    const PhysicalAddress five = must(alloc_contiguous(5));
    EXPECT_EQ(ram.free_count(), before - 5);
    expect_consistent();
    EXPECT_TRUE(free_contiguous(five, 5).has_value());
    EXPECT_EQ(ram.free_count(), before);
    expect_consistent();
}

TEST(buddy_allocator, refuses_what_was_not_handed_out) {
    const HostedFrames ram(2048);
    const PhysicalAddress frame = must(alloc_frame());
    const PhysicalAddress block = must(alloc_contiguous(6));
    const u64 before = ram.free_count();

    EXPECT_EQ(free_frame(frame + 1).error(), Error::AlignmentError);
    EXPECT_EQ(free_frame(PhysicalAddress(0)).error(), Error::InvalidAddress);
    EXPECT_EQ(free_frame(PhysicalAddress(HostedFrames::PHYSICAL_START + 2048 * PAGE_SIZE)).error(),
              Error::InvalidAddress);
    EXPECT_EQ(free_frame(PhysicalAddress(1ULL << 45)).error(), Error::InvalidAddress);
    EXPECT_EQ(free_frame(block).error(), Error::InvalidAddress);
    EXPECT_EQ(free_frame(block + PAGE_SIZE).error(), Error::InvalidAddress);

    EXPECT_EQ(free_contiguous(block + 8, 6).error(), Error::AlignmentError);
    EXPECT_EQ(free_contiguous(block, 0).error(), Error::InvalidSize);
    EXPECT_EQ(free_contiguous(block, 5).error(), Error::InvalidSize);
    EXPECT_EQ(free_contiguous(block, 7).error(), Error::InvalidSize);
    EXPECT_EQ(free_contiguous(block + PAGE_SIZE, 5).error(), Error::InvalidAddress);
    EXPECT_EQ(free_contiguous(frame, 2).error(), Error::InvalidSize);
    EXPECT_EQ(alloc_contiguous(0).error(), Error::InvalidSize);
    EXPECT_EQ(alloc_contiguous(MAX_BLOCK_FRAMES + 1).error(), Error::InvalidSize);
    EXPECT_EQ(alloc_contiguous(MAX_BLOCK_FRAMES).error(), Error::OutOfMemory);
    frames.drain_stock();
    EXPECT_EQ(ram.free_count(), before);

    EXPECT_TRUE(free_frame(frame).has_value());
    EXPECT_EQ(free_frame(frame).error(), Error::InvalidAddress);
    frames.drain_stock();
    EXPECT_EQ(free_frame(frame).error(), Error::InvalidAddress);
    EXPECT_TRUE(free_contiguous(block, 6).has_value());
    EXPECT_EQ(free_contiguous(block, 6).error(), Error::InvalidAddress);
    EXPECT_EQ(ram.free_count(), before + 7);
    expect_consistent();
}

TEST(buddy_allocator, a_shared_frame_is_not_freed_by_one_of_its_holders) {
    const HostedFrames ram(1024);
    const u64 before = ram.free_count();
    {
        auto first = FrameRef::allocate();
        ASSERT_TRUE(first.has_value());
        const FrameRef second = *first;
        EXPECT_EQ(first->record().references(), 2u);
        EXPECT_EQ(free_frame(second.address()).error(), Error::InvalidAddress);
        *first = FrameRef();
        EXPECT_EQ(second.record().references(), 1u);
        EXPECT_EQ(ram.free_count(), before - 1);
    }
    EXPECT_EQ(ram.free_count(), before);
}

TEST(buddy_allocator, serves_several_ranges_around_reserved_ones) {
    const u64 base = HostedFrames::PHYSICAL_START;
    const std::vector<boot::PhysicalRange> free{{base, base + 700 * PAGE_SIZE + 17},
                                                {base + 1200 * PAGE_SIZE - 5, base + 3000 * PAGE_SIZE}};
    // Unaligned, overlapping, across an edge, empty.
    const std::vector<boot::PhysicalRange> reserved{{base + 100 * PAGE_SIZE + 1, base + 101 * PAGE_SIZE - 1},
                                                    {base + 690 * PAGE_SIZE, base + 1300 * PAGE_SIZE},
                                                    {base + 1290 * PAGE_SIZE, base + 1310 * PAGE_SIZE + 1},
                                                    {base + 5 * PAGE_SIZE, base + 5 * PAGE_SIZE}};
    const HostedFrames ram(free, reserved);
    const BuddyStats stats = get_stats();
    EXPECT_EQ(stats.total_frames + stats.record_frames, 689u + (3000 - 1311));
    std::set<u64> seen;
    while (const auto frame = alloc_frame()) {
        const u64 number = (frame->value() - base) / PAGE_SIZE;
        EXPECT_TRUE((number < 690 && number != 100) || (number >= 1311 && number < 3000)) << number;
        EXPECT_TRUE(seen.insert(number).second);
    }
    EXPECT_EQ(seen.size(), stats.total_frames);
    // Reserved frames can be given later.
    ASSERT_TRUE(frames.add_reserved_range({base + 700 * PAGE_SIZE, base + 1200 * PAGE_SIZE}).has_value());
    EXPECT_EQ(ram.free_count(), 500u);
    expect_consistent();
    EXPECT_EQ(frames.add_reserved_range({base + 1, base + PAGE_SIZE}).error(), Error::AlignmentError);
    EXPECT_EQ(frames.add_reserved_range({base + 100 * GIB, base + 101 * GIB}).error(), Error::InvalidAddress);
}

TEST(buddy_allocator, spans_gaps_of_gibibytes_without_records_for_them) {
    const u64 base = HostedFrames::PHYSICAL_START;
    const HostedFrames ram(
        {{base, base + 1000 * PAGE_SIZE}, {base + 5 * GIB, base + 5 * GIB + 1000 * PAGE_SIZE}});
    const BuddyStats stats = get_stats();
    EXPECT_LT(stats.record_frames, 40u);
    u64 count = 0;
    while (alloc_frame()) ++count;
    EXPECT_EQ(count, stats.total_frames);
}

TEST(buddy_allocator, has_no_room_for_records_in_tiny_memory) {
    const HostedFrames ram(64);
    const auto other = std::make_unique<BuddyAllocator>();
    const u64 base = HostedFrames::PHYSICAL_START;
    EXPECT_ERROR(Error::OutOfMemory, other->initialise(std::vector<boot::PhysicalRange>{}, {}));
    for (usize pages = 0; pages < 6; ++pages) {
        const std::vector<boot::PhysicalRange> range{{base, base + pages * PAGE_SIZE}};
        EXPECT_ERROR(Error::OutOfMemory, other->initialise(range, {})) << pages;
    }
}

TEST(buddy_allocator, a_zeroed_frame_is_zero) {
    const HostedFrames ram(600);
    for (int round = 0; round < 2; ++round) {
        std::vector<FrameRef> held;
        while (true) {
            auto frame = FrameRef::allocate_zeroed();
            if (!frame) break;
            for (const u8 byte : frame->bytes()) ASSERT_EQ(byte, 0);
            std::memset(frame->data(), 0x77, PAGE_SIZE);
            held.push_back(std::move(*frame));
        }
        EXPECT_GT(held.size(), 500u);
    }
    const PhysicalAddress frame = must(alloc_frame());
    std::memset(direct_map(frame), 0, PAGE_SIZE);
    (void)record_of(frame).release();
    frames.put_zeroed_frame(static_cast<u32>(frame.frame_number()));
    EXPECT_EQ(must(alloc_zeroed_frame()), frame);
}

int hook_calls = 0;
std::vector<PhysicalAddress> hoard;

TEST(buddy_allocator, asks_for_reclaim_before_it_fails) {
    const HostedFrames ram(600);
    hoard.clear();
    while (const auto frame = alloc_frame()) hoard.push_back(*frame);
    hook_calls = 0;
    frames.set_reclaim_hook([](usize wanted) -> usize {
        ++hook_calls;
        usize freed = 0;
        for (; freed < wanted && !hoard.empty(); ++freed, hoard.pop_back())
            EXPECT_TRUE(free_frame(hoard.back()).has_value());
        return freed;
    });
    const usize held = hoard.size();
    EXPECT_ERROR(Error::OutOfMemory, alloc_frame());
    EXPECT_EQ(hook_calls, 0) << "only who holds no spin lock may reclaim";
    std::vector<FrameRef> got;
    while (auto frame = FrameRef::allocate()) got.push_back(std::move(*frame));
    EXPECT_EQ(got.size(), held);
    EXPECT_GE(hook_calls, 1);
}

/// Which frames are out, told independently of the allocator.
struct Model {
    std::map<u64, usize> blocks;  ///< Start frame to length.
    std::set<u64> taken;
    void add(PhysicalAddress address, usize count) {
        blocks[address.frame_number()] = count;
        for (u64 i = 0; i < count; ++i) EXPECT_TRUE(taken.insert(address.frame_number() + i).second);
    }
    void remove(u64 start) {
        for (u64 i = 0; i < blocks[start]; ++i) taken.erase(start + i);
        blocks.erase(start);
    }
};

TEST(buddy_allocator, agrees_with_a_model_under_random_calls) {
    for (u32 seed = 1; seed <= 8; ++seed) {
        const HostedFrames ram(1500 + seed * 977);
        const u64 total = get_stats().total_frames;
        std::mt19937_64 random(seed);
        Model model;
        for (int step = 0; step < 6000; ++step) {
            const u64 choice = random() % 10;
            if (choice < 5) {
                const usize count = choice < 3 ? 1 : 1 + random() % (random() % 4 == 0 ? 700 : 40);
                const auto block = alloc_contiguous(count);
                if (block) model.add(*block, count);
            } else if (!model.blocks.empty()) {
                auto it =
                    model.blocks.lower_bound(HostedFrames::PHYSICAL_START / PAGE_SIZE + random() % total);
                if (it == model.blocks.end()) it = model.blocks.begin();
                const u64 start = it->first;
                if (choice == 9) {
                    // Wrong calls change nothing.
                    EXPECT_FALSE(
                        free_contiguous(PhysicalAddress::of_frame(start), it->second + 1).has_value());
                    EXPECT_FALSE(
                        free_contiguous(PhysicalAddress::of_frame(start) + 16, it->second).has_value());
                    if (it->second > 1)
                        EXPECT_FALSE(free_frame(PhysicalAddress::of_frame(start + 1)).has_value());
                } else {
                    EXPECT_TRUE(free_contiguous(PhysicalAddress::of_frame(start), it->second).has_value());
                    model.remove(start);
                    EXPECT_FALSE(free_contiguous(PhysicalAddress::of_frame(start), 1).has_value());
                }
            }
            ASSERT_EQ(get_stats().free_frames, total - model.taken.size());
            if (step % 50 == 0) expect_consistent();
        }
        while (!model.blocks.empty()) {
            const auto [start, count] = *model.blocks.begin();
            EXPECT_TRUE(free_contiguous(PhysicalAddress::of_frame(start), count).has_value());
            model.remove(start);
        }
        frames.drain_stock();
        expect_consistent();
        EXPECT_EQ(get_stats().free_frames, total);
    }
}

TEST(buddy_allocator, start_up_does_not_touch_the_memory) {
    // 64 GiB of address space: writing all records would take 512 MiB of real memory and seconds.
    const u64 base = HostedFrames::PHYSICAL_START;
    const HostedFrames ram({{base, base + 64 * GIB}});
    EXPECT_GT(get_stats().total_frames, 16'000'000u);
    EXPECT_TRUE(alloc_frame().has_value());
    EXPECT_TRUE(alloc_contiguous(MAX_BLOCK_FRAMES).has_value());
}

}  // namespace
