#include "memory/virtual/page_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "arch/hosted/memory.hpp"
#include "memory/virtual/kernel_map.hpp"
#include "support/hosted_frames.hpp"

using namespace exo;
using namespace exo::memory;
using exo::test::HostedFrames;

namespace {

constexpr u64 M2 = 2 * MIB;
constexpr u64 DEVICE_BASE = 0x10'0000'0000;  ///< Physical addresses that are nobody's frames.

struct Machine {
    HostedFrames ram{4000};
    Machine() { EXPECT_TRUE(initialise_kernel_map({}).has_value()); }
    ~Machine() { kernel_table().activate(); }
};

VirtualAddress user(u64 offset) { return VirtualAddress(0x5555'0000'0000 + offset); }
PhysicalAddress device(u64 offset) { return PhysicalAddress(DEVICE_BASE + offset); }

TEST(address, knows_the_halves_and_the_hole) {
    EXPECT_TRUE(VirtualAddress(0x7fff'ffff'ffff).is_canonical());
    EXPECT_FALSE(VirtualAddress(0x8000'0000'0000).is_canonical());
    EXPECT_FALSE(VirtualAddress(0xffff'7fff'ffff'ffff).is_canonical());
    EXPECT_TRUE(VirtualAddress(0xffff'8000'0000'0000).is_canonical());
    EXPECT_TRUE(VirtualAddress(0xffff'8000'0000'0000).is_kernel());
    EXPECT_FALSE(VirtualAddress(0x7fff'ffff'ffff).is_kernel());
    EXPECT_TRUE(is_user_range(USER_END - 1, 1));
    EXPECT_FALSE(is_user_range(USER_END, 1));
    EXPECT_TRUE(is_user_range(USER_END, 0));
    EXPECT_FALSE(is_user_range(~0ULL, 2));
    EXPECT_FALSE(is_user_range(1, ~0ULL));
}

TEST(page_flags, no_preset_is_writable_and_executable) {
    for (const PageFlags flags :
         {PageFlags::KERNEL, PageFlags::KERNEL_TEXT, PageFlags::READONLY, PageFlags::DEVICE, PageFlags::USER})
        EXPECT_FALSE(flags.is_writable() && flags.is_executable());
    EXPECT_TRUE(PageFlags::DEVICE.is_uncached());
    EXPECT_FALSE(PageFlags::from_prot(0).is_accessible());
    EXPECT_TRUE(PageFlags::from_prot(2).is_writable());
    EXPECT_TRUE(PageFlags::from_prot(2).is_accessible());
    EXPECT_FALSE(PageFlags::from_prot(1).is_executable());
    EXPECT_TRUE(PageFlags::from_prot(5).is_executable());
    EXPECT_TRUE(PageFlags::from_prot(7).is_user());
}

TEST(page_table, maps_translates_and_unmaps_one_page) {
    const Machine machine;
    const u64 before = machine.ram.free_count();
    {
        PageTable table;
        ASSERT_TRUE(table.create_user().has_value());
        EXPECT_EQ(table.translate(user(0)), std::nullopt);
        ASSERT_TRUE(table.map_page(user(0), device(0x3000), PageFlags::USER).has_value());
        EXPECT_EQ(table.translate(user(0x123)), device(0x3123));
        EXPECT_EQ(table.translate(user(0x1000)), std::nullopt);
        EXPECT_EQ(table.map_page(user(0), device(0x4000), PageFlags::USER).error(), Error::AlreadyMapped);
        ASSERT_TRUE(table.update_flags(user(0), PageFlags::from_prot(1)).has_value());
        EXPECT_FALSE(table.lookup(user(0)).is_writable());
        EXPECT_EQ(table.unmap_page(user(0)), device(0x3000));
        EXPECT_EQ(table.unmap_page(user(0)).error(), Error::NotMapped);
        EXPECT_EQ(table.update_flags(user(0), PageFlags::USER).error(), Error::NotMapped);
    }
    EXPECT_EQ(machine.ram.free_count(), before);
}

TEST(page_table, refuses_bad_requests) {
    const Machine machine;
    PageTable table;
    ASSERT_TRUE(table.create_user().has_value());
    const u64 before = machine.ram.free_count();
    const VirtualAddress kernel(layout.device_map);
    EXPECT_EQ(table.map_page(user(1), device(0), PageFlags::USER).error(), Error::AlignmentError);
    EXPECT_EQ(table.map_page(user(0), device(1), PageFlags::USER).error(), Error::AlignmentError);
    EXPECT_EQ(table.map_page(user(0x1000), device(0), PageFlags::USER, PageSize::Size2M).error(),
              Error::AlignmentError);
    EXPECT_EQ(table.map_page(user(M2), device(0), PageFlags::USER, PageSize::Size1G).error(),
              Error::AlignmentError);
    EXPECT_EQ(table.map_page(user(0), device(0), PageFlags::KERNEL).error(), Error::PermissionDenied);
    EXPECT_EQ(table.map_page(kernel, device(0), PageFlags::USER).error(), Error::PermissionDenied);
    EXPECT_EQ(table.map_page(VirtualAddress(USER_END), device(0), PageFlags::USER).error(),
              Error::InvalidAddress);
    EXPECT_EQ(table.map_page(VirtualAddress(1ULL << 47), device(0), PageFlags::USER).error(),
              Error::InvalidAddress);
    EXPECT_EQ(table.map_page(user(0), PhysicalAddress(1ULL << 52), PageFlags::USER).error(),
              Error::InvalidAddress);
    EXPECT_EQ(table.unmap_page(user(7)).error(), Error::AlignmentError);
    EXPECT_EQ(table.update_flags(user(7), PageFlags::USER).error(), Error::AlignmentError);
    EXPECT_EQ(table.unmap_page(VirtualAddress(1ULL << 47)).error(), Error::NotMapped);
    EXPECT_EQ(table.map_range(user(0), device(0), PAGE_SIZE + 1, PageFlags::USER).error(),
              Error::AlignmentError);
    EXPECT_EQ(table.unmap_range(VirtualAddress(USER_END - PAGE_SIZE), 2 * PAGE_SIZE).error(),
              Error::InvalidAddress);
    ASSERT_TRUE(map_page(kernel, device(0), PageFlags::KERNEL).has_value());
    // Writable and executable: only from_prot makes it, and the kernel's half never has it.
    EXPECT_EQ(update_flags(kernel, PageFlags::USER).error(), Error::PermissionDenied);
    EXPECT_EQ(unmap_page(kernel), device(0));
    EXPECT_EQ(map_page(VirtualAddress(0xffff'ff00'0000'0000), device(0), PageFlags::KERNEL).error(),
              Error::InvalidAddress);
    EXPECT_EQ(machine.ram.free_count(), before);
}

TEST(page_table, a_small_page_inside_a_large_one_is_refused) {
    const Machine machine;
    PageTable table;
    ASSERT_TRUE(table.create_user().has_value());
    ASSERT_TRUE(table.map_page(user(0), device(0), PageFlags::USER, PageSize::Size2M).has_value());
    EXPECT_EQ(table.map_page(user(0x5000), device(0x9000), PageFlags::USER).error(), Error::AlreadyMapped);
    EXPECT_EQ(table.translate(user(0x5042)), device(0x5042));
    EXPECT_EQ(table.unmap_page(user(0x5000)).error(), Error::AlignmentError);
    // Through a range it is split, and the rest stays.
    ASSERT_TRUE(table.unmap_range(user(0x5000), PAGE_SIZE).has_value());
    EXPECT_EQ(table.translate(user(0x5042)), std::nullopt);
    EXPECT_EQ(table.translate(user(0x4fff)), device(0x4fff));
    EXPECT_EQ(table.translate(user(0x6000)), device(0x6000));
    EXPECT_EQ(table.map_page(user(0), device(0), PageFlags::USER, PageSize::Size2M).error(),
              Error::AlreadyMapped);
    ASSERT_TRUE(table.unmap_range(user(0), M2).has_value());
}

TEST(page_table, the_kernel_half_is_the_same_everywhere) {
    const Machine machine;
    PageTable table;
    ASSERT_TRUE(table.create_user().has_value());
    const VirtualAddress address(layout.device_map + 5 * PAGE_SIZE);
    ASSERT_TRUE(map_page(address, device(0x7000), PageFlags::DEVICE).has_value());
    EXPECT_EQ(table.translate(address), device(0x7000));
    ASSERT_TRUE(unmap_page(address).has_value());
    EXPECT_EQ(table.translate(address), std::nullopt);
}

u64 shot_cpus = 0;
TlbRange shot_range;

TEST(page_table, flushes_the_calling_cpu_and_the_others_before_tables_are_freed) {
    const Machine machine;
    set_shoot_down_hook([](u64 cpus, const TlbRange& range) {
        shot_cpus = cpus;
        shot_range = range;
    });
    PageTable table;
    ASSERT_TRUE(table.create_user().has_value());
    ASSERT_TRUE(table.map_page(user(0), device(0), PageFlags::USER).has_value());
    // Not loaded anywhere: nothing to forget.
    auto& counters = arch::hosted::tlb_counters;
    const u64 quiet = counters.page_flushes.load();
    ASSERT_TRUE(table.update_flags(user(0), PageFlags::from_prot(1)).has_value());
    EXPECT_EQ(counters.page_flushes.load(), quiet);
    EXPECT_EQ(shot_cpus, 0u);

    table.activate();
    EXPECT_EQ(PageTable::loaded(), &table);
    EXPECT_EQ(arch::loaded_address_space(), table.root().value());
    arch::hosted::this_cpu.index = 3;
    table.activate();
    arch::hosted::this_cpu.index = 0;
    EXPECT_EQ(table.active_cpus(), 0b1001u);
    ASSERT_TRUE(table.unmap_page(user(0)).has_value());
    EXPECT_EQ(counters.page_flushes.load(), quiet + 1);
    EXPECT_EQ(shot_cpus, 0b1000u);
    EXPECT_EQ(shot_range.start, user(0).value());

    arch::hosted::this_cpu.index = 3;
    kernel_table().activate();
    arch::hosted::this_cpu.index = 0;
    EXPECT_EQ(table.active_cpus(), 0b0001u);
    // The kernel's half is in use by every CPU that ever loaded a table.
    EXPECT_EQ(kernel_table().active_cpus() & 0b1001u, 0b1001u);
    set_shoot_down_hook(nullptr);
}

/// Pages of 4 KiB, told one by one.
struct Model {
    struct Page {
        u64 physical;
        PageFlags flags;
    };
    std::map<u64, Page> pages;
    bool is_free(u64 start, u64 size) const {
        const auto it = pages.lower_bound(start);
        return it == pages.end() || it->first >= start + size;
    }
    void map(u64 start, u64 physical, u64 size, PageFlags flags) {
        for (u64 i = 0; i < size; i += PAGE_SIZE) pages[start + i] = {physical + i, flags};
    }
    void unmap(u64 start, u64 size) {
        pages.erase(pages.lower_bound(start), pages.lower_bound(start + size));
    }
    void protect(u64 start, u64 size, PageFlags flags) {
        for (auto it = pages.lower_bound(start); it != pages.end() && it->first < start + size; ++it)
            it->second.flags = flags;
    }
};

void expect_equal(const PageTable& table, const Model& model, u64 start, u64 size) {
    auto it = model.pages.begin();
    for (u64 address = start; address < start + size; address += PAGE_SIZE) {
        while (it != model.pages.end() && it->first < address) ++it;
        const PageEntry entry = table.lookup(VirtualAddress(address));
        if (it == model.pages.end() || it->first != address) {
            ASSERT_TRUE(entry.is_empty()) << std::hex << address;
            continue;
        }
        ASSERT_FALSE(entry.is_empty()) << std::hex << address;
        if (it->second.flags.is_accessible()) {
            ASSERT_EQ(table.translate(VirtualAddress(address))->value(), it->second.physical);
        } else {
            ASSERT_EQ(table.translate(VirtualAddress(address)), std::nullopt);
        }
        ASSERT_EQ(entry.flags(), it->second.flags);
    }
}

TEST(page_table, agrees_with_a_model_under_random_calls) {
    const Machine machine;
    const u64 before = machine.ram.free_count();
    for (u32 seed = 1; seed <= 6; ++seed) {
        std::mt19937_64 random(seed);
        PageTable table;
        ASSERT_TRUE(table.create_user().has_value());
        Model model;
        // Around a boundary of 512 GiB, so that all levels change.
        const u64 base = 0x5580'0000'0000 - 8 * MIB;
        const u64 span = 16 * MIB;
        for (int step = 0; step < 1500; ++step) {
            const u64 start = base + random() % (span / PAGE_SIZE) * PAGE_SIZE;
            const u64 limit = random() % 3 == 0 ? (base + span - start) / PAGE_SIZE : 20;
            const u64 size = std::min((1 + random() % limit) * PAGE_SIZE, base + span - start);
            const PageFlags flags = PageFlags::from_prot(static_cast<u32>(random() % 8));
            switch (random() % 5) {
                case 0: {
                    const u64 large = align_down(start, M2);
                    const u64 physical = DEVICE_BASE + random() % 512 * M2;
                    const auto mapped = table.map_page(VirtualAddress(large), PhysicalAddress(physical),
                                                       flags, PageSize::Size2M);
                    ASSERT_EQ(mapped.has_value(), model.is_free(large, M2));
                    if (mapped) model.map(large, physical, M2, flags);
                    break;
                }
                case 1: {
                    // Congruent to the virtual address half of the time, so that large pages are used.
                    const u64 physical =
                        DEVICE_BASE + random() % 64 * M2 + (random() % 2 == 0 ? start % M2 : 0);
                    const auto mapped =
                        table.map_range(VirtualAddress(start), PhysicalAddress(physical), size, flags);
                    ASSERT_EQ(mapped.has_value(), model.is_free(start, size));
                    if (mapped)
                        model.map(start, physical, size, flags);
                    else
                        ASSERT_EQ(mapped.error(), Error::AlreadyMapped);
                    break;
                }
                case 2:
                    ASSERT_TRUE(table.unmap_range(VirtualAddress(start), size).has_value());
                    model.unmap(start, size);
                    break;
                case 3:
                    ASSERT_TRUE(table.protect_range(VirtualAddress(start), size, flags).has_value());
                    model.protect(start, size, flags);
                    break;
                case 4: {
                    const auto physical = table.unmap_page(VirtualAddress(start));
                    if (physical) {
                        ASSERT_EQ(model.pages.at(start).physical, physical->value());
                        // A whole large page, or one small one: ask the table which.
                        u64 end = start + PAGE_SIZE;
                        while (end % M2 != 0 && table.lookup(VirtualAddress(end)).is_empty() &&
                               model.pages.contains(end))
                            end += PAGE_SIZE;
                        model.unmap(start, end - start);
                    } else {
                        ASSERT_TRUE(physical.error() == Error::NotMapped
                                        ? !model.pages.contains(start)
                                        : physical.error() == Error::AlignmentError);
                    }
                    break;
                }
            }
            if (step % 25 == 0) expect_equal(table, model, base, span);
        }
        expect_equal(table, model, base, span);
        ASSERT_TRUE(table.unmap_range(VirtualAddress(base), span).has_value());
    }
    EXPECT_EQ(machine.ram.free_count(), before);
}

TEST(page_table, out_of_memory_changes_nothing) {
    const Machine machine;
    PageTable table;
    ASSERT_TRUE(table.create_user().has_value());
    ASSERT_TRUE(table.map_page(user(4 * M2), device(0), PageFlags::USER, PageSize::Size2M).has_value());
    std::vector<PhysicalAddress> hoard;
    while (const auto frame = alloc_frame()) hoard.push_back(*frame);
    for (usize spare = 0;; ++spare) {
        const u64 before = machine.ram.free_count();
        EXPECT_EQ(before, spare);
        const auto mapped = table.map_range(VirtualAddress(0x1234'0000'0000 - PAGE_SIZE), device(0x1000),
                                            2 * PAGE_SIZE, PageFlags::USER);
        if (mapped) {
            // Two paths of three tables, of which one is shared at most.
            EXPECT_GE(spare, 4u);
            break;
        }
        EXPECT_EQ(mapped.error(), Error::OutOfMemory);
        EXPECT_EQ(table.translate(VirtualAddress(0x1234'0000'0000 - PAGE_SIZE)), std::nullopt);
        EXPECT_EQ(machine.ram.free_count(), before);
        if (spare == 0)
            EXPECT_EQ(table.unmap_range(user(4 * M2 + PAGE_SIZE), PAGE_SIZE).error(), Error::OutOfMemory);
        EXPECT_EQ(table.translate(user(4 * M2 + PAGE_SIZE)), device(PAGE_SIZE));
        ASSERT_TRUE(free_frame(hoard.back()).has_value());
        hoard.pop_back();
    }
    ASSERT_TRUE(table.unmap_range(VirtualAddress(0x1000'0000'0000), 0x5000'0000'0000).has_value());
}

TEST(page_table, leaf_tables_made_by_faults_are_pruned) {
    const Machine machine;
    const u64 before = machine.ram.free_count();
    {
        PageTable table;
        ASSERT_TRUE(table.create_user().has_value());
        for (u64 i = 0; i < 600; ++i) {
            const auto slot = table.slot_for_fault(user(i * PAGE_SIZE).value());
            ASSERT_TRUE(slot.has_value());
            const auto frame = alloc_frame();
            ASSERT_TRUE(frame.has_value());
            record_of(*frame).note_mapped();
            ASSERT_TRUE(slot->replace(PageEntry(), PageEntry::page(*frame, PageFlags::USER)));
            ASSERT_FALSE(slot->replace(PageEntry(), PageEntry::page(*frame, PageFlags::USER)));
        }
        // A table without a page in it.
        ASSERT_TRUE(table.slot_for_fault(user(10 * M2).value()).has_value());
        EXPECT_FALSE(table.find_slot(user(9 * M2).value()));
        EXPECT_TRUE(table.find_slot(user(10 * M2).value()));
        u64 visited = 0;
        table.visit_leaves(user(PAGE_SIZE).value(), user(12 * M2).value(),
                           [&](const LeafRange& leaf) { visited += leaf.end - leaf.first; });
        EXPECT_EQ(visited, 511u + 512 + 512);
        TlbBatch batch(table);
        table.visit_leaves_and_prune(user(0).value(), user(12 * M2).value(), batch,
                                     [&](const LeafRange& leaf) {
                                         for (u32 i = leaf.first; i < leaf.end; ++i) {
                                             const PageEntry entry = leaf.table.get(i);
                                             if (entry.is_empty()) continue;
                                             leaf.table.clear(i);
                                             leaf.table.subtract_used(1);
                                             batch.add_page(leaf.address_of(i));
                                             batch.add_frame(entry.frame());
                                         }
                                     });
    }
    EXPECT_EQ(machine.ram.free_count(), before);
}

}  // namespace
