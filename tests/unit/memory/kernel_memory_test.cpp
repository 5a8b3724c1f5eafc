// Stacks, device registers, DMA buffers: what the rest of the kernel takes from memory's tables.
#include <gtest/gtest.h>

#include "memory/dma_buffer.hpp"
#include "memory/mmio.hpp"
#include "memory/virtual/kernel_stack.hpp"
#include "support/failing_allocations.hpp"
#include "support/hosted_frames.hpp"

using namespace exo;
using namespace exo::memory;
using exo::test::HostedFrames;

namespace {

TEST(stack_slots, map_a_stack_above_a_guard) {
    const HostedFrames ram(1000);
    ASSERT_TRUE(initialise_kernel_map({}).has_value());
    const auto first = StackSlots::map();
    const auto second = StackSlots::map();
    ASSERT_TRUE(first.has_value() && second.has_value());
    for (const u64 bottom : {*first, *second}) {
        for (u64 offset = 0; offset < KernelStack::SIZE; offset += PAGE_SIZE)
            EXPECT_TRUE(translate(VirtualAddress(bottom + offset)).has_value());
        EXPECT_EQ(translate(VirtualAddress(bottom - 1)), std::nullopt);
        EXPECT_EQ(translate(VirtualAddress(bottom - KernelStack::SIZE)), std::nullopt);
    }
    StackSlots::unmap(*first);
    EXPECT_EQ(translate(VirtualAddress(*first)), std::nullopt);
    EXPECT_TRUE(translate(VirtualAddress(*second)).has_value());
    StackSlots::unmap(*second);
}

TEST(stack_slots, out_of_memory_leaves_nothing_behind) {
    const HostedFrames ram(1000);
    ASSERT_TRUE(initialise_kernel_map({}).has_value());
    std::vector<PhysicalAddress> hoard;
    while (const auto frame = alloc_frame()) hoard.push_back(*frame);
    for (usize spare = 0;; ++spare) {
        const auto stack = StackSlots::map();
        if (stack) {
            EXPECT_EQ(spare, 6u);  // Four frames and two lower tables.
            StackSlots::unmap(*stack);
            EXPECT_EQ(ram.free_count(), spare);
            break;
        }
        EXPECT_EQ(stack.error(), Error::OutOfMemory);
        EXPECT_EQ(ram.free_count(), spare);
        ASSERT_TRUE(free_frame(hoard.back()).has_value());
        hoard.pop_back();
    }
}

TEST(kernel_stack, comes_and_goes) {
    auto stack = KernelStack::create();
    ASSERT_TRUE(stack.has_value());
    EXPECT_EQ(static_cast<u8*>(stack->top()) - static_cast<u8*>(stack->bottom()),
              static_cast<isize>(KernelStack::SIZE));
    std::memset(stack->bottom(), 1, KernelStack::SIZE);
    void* bottom = stack->bottom();
    KernelStack moved = std::move(*stack);
    EXPECT_FALSE(static_cast<bool>(*stack));
    EXPECT_EQ(moved.bottom(), bottom);
    moved = KernelStack();
    EXPECT_GE(KernelStack::drain_reserve(), 4u);
    EXPECT_EQ(KernelStack::drain_reserve(), 0u);
    const test::FailingAllocations none(1);
    EXPECT_EQ(KernelStack::create().error(), Error::OutOfMemory);
}

TEST(kernel_map, direct_map_uses_large_pages_and_can_be_protected) {
    const HostedFrames ram(1000);
    const VirtualAddress start(0xffff'8000'0000'0000);
    const std::array<KernelMapping, 2> mappings{
        KernelMapping{start + PAGE_SIZE, PhysicalAddress(PAGE_SIZE), 4 * MIB, PageFlags::KERNEL},
        KernelMapping{VirtualAddress(layout.text + 2 * MIB), PhysicalAddress(2 * MIB), 2 * MIB,
                      PageFlags::KERNEL_TEXT}};
    const u64 direct_map_base = layout.direct_map;
    const u64 before = ram.free_count();
    ASSERT_TRUE(initialise_kernel_map(mappings).has_value());
    // Root, four slots, for the direct map a directory and two leaf tables at its unaligned ends, for the text a directory.
    EXPECT_LE(before - ram.free_count(), 10u);
    EXPECT_EQ(layout.direct_map, direct_map_base);
    EXPECT_EQ(translate(start + 3 * MIB + 5), PhysicalAddress(3 * MIB + 5));
    EXPECT_EQ(translate(VirtualAddress(layout.text + 2 * MIB + 7)), PhysicalAddress(2 * MIB + 7));
    ASSERT_TRUE(
        protect_kernel_range(start + 2 * MIB + PAGE_SIZE, PAGE_SIZE, PageFlags::READONLY).has_value());
    EXPECT_FALSE(kernel_table().lookup(start + 2 * MIB + PAGE_SIZE).is_writable());
    EXPECT_TRUE(kernel_table().lookup(start + 2 * MIB + 2 * PAGE_SIZE).is_writable());
    EXPECT_EQ(translate(start + 2 * MIB + PAGE_SIZE + 9), PhysicalAddress(2 * MIB + PAGE_SIZE + 9));
}

TEST(map_device, keeps_offsets_and_gaps) {
    const HostedFrames ram(1000);
    ASSERT_TRUE(initialise_kernel_map({}).has_value());
    const auto a = map_device(PhysicalAddress(0xfee0'0010), 0x20);
    const auto b = map_device(PhysicalAddress(0xfeb0'0e00), 0x400);
    ASSERT_TRUE(a.has_value() && b.has_value());
    EXPECT_EQ(translate(*a), PhysicalAddress(0xfee0'0010));
    EXPECT_EQ(translate(*b + 0x3ff), PhysicalAddress(0xfeb0'11ff));
    EXPECT_EQ(translate(VirtualAddress(align_down(a->value(), PAGE_SIZE)) + PAGE_SIZE), std::nullopt);
    EXPECT_TRUE(kernel_table().lookup(*a).flags().is_uncached());
    EXPECT_EQ(map_device(PhysicalAddress(0), 0).error(), Error::InvalidSize);
    EXPECT_EQ(map_device(PhysicalAddress(0), ~0ULL).error(), Error::InvalidSize);
}

TEST(mmio, reads_and_writes_registers_inside_the_region_only) {
    alignas(8) std::array<u8, 16> memory{};
    const MmioRegion region = MmioRegion::over(memory.data(), memory.size());
    region.at<u32>(4).write(0xdeadbeef);
    EXPECT_EQ(memory[4], 0xef);
    region.at<u32>(4).set_bits(0x10);
    region.at<u32>(4).clear_bits(0xf);
    EXPECT_EQ(region.at<u32>(4).read(), 0xdeadbef0);
    EXPECT_EQ(region.at<u64>(8).read(), 0u);
    EXPECT_DEATH((void)region.at<u32>(13), "");
    EXPECT_DEATH((void)region.at<u32>(16), "");
}

TEST(dma_buffer, is_zero_contiguous_and_returned) {
    const HostedFrames ram(1000);
    const u64 before = ram.free_count();
    {
        auto buffer = DmaBuffer::create(5 * PAGE_SIZE - 100);
        ASSERT_TRUE(buffer.has_value());
        EXPECT_EQ(buffer->size(), 5 * PAGE_SIZE);
        EXPECT_TRUE(buffer->address().is_page_aligned());
        for (const u8 byte : buffer->bytes()) ASSERT_EQ(byte, 0);
        EXPECT_EQ(ram.free_count(), before - 5);
        DmaBuffer moved = std::move(*buffer);
        EXPECT_FALSE(static_cast<bool>(*buffer));
        auto one = DmaBuffer::create(1);
        EXPECT_TRUE(one.has_value());
    }
    EXPECT_EQ(ram.free_count(), before);
    EXPECT_EQ(DmaBuffer::create(0).error(), Error::InvalidSize);
    EXPECT_EQ(DmaBuffer::create(17 * MIB).error(), Error::InvalidSize);
    EXPECT_EQ(DmaBuffer::create(16 * MIB).error(), Error::OutOfMemory);
}

}  // namespace
