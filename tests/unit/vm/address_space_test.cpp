// What programs see of mmap and its family, one behaviour at a time.
#include <gtest/gtest.h>

#include "machine.hpp"

using namespace exo;
using namespace exo::vm;
using namespace exo::vm::test;

namespace {

constexpr u64 P = PAGE_SIZE;

TEST(address_space, untouched_memory_costs_nothing_and_reads_zero) {
    const Machine machine;
    const NothingLeaks guard;
    const auto space = new_space();
    switch_address_space(*space);
    EXPECT_EQ(current_address_space(), space.get());
    const u64 before = machine.free_count();
    const u64 start = MUST(space->map(anonymous(100 * P)));
    EXPECT_EQ(machine.free_count(), before);
    EXPECT_EQ(MUST(peek(start + 50 * P)), 0);
    // Reading takes tables, no page.
    EXPECT_EQ(space->statistics().resident_anonymous, 0u);
    MUST(poke(start + 50 * P, 7));
    MUST(poke(start + 51 * P + 5, 8));
    EXPECT_EQ(MUST(peek(start + 50 * P)), 7);
    EXPECT_EQ(MUST(peek(start + 51 * P)), 0);
    EXPECT_EQ(MUST(peek(start + 51 * P + 5)), 8);
    EXPECT_EQ(space->statistics().resident_anonymous, 2u);
    EXPECT_EQ(space->statistics().virtual_pages, 100u);
    MUST(space->unmap(start, 100 * P));
    EXPECT_EQ(space->statistics().resident_anonymous, 0u);
    EXPECT_EQ(machine.free_count(), before);
    EXPECT_ERROR(Error::Efault, peek(start + 50 * P));
    EXPECT_EQ(space->fault(start + 50 * P, {}), FaultResult::NothingMapped);
}

TEST(address_space, rights_are_checked) {
    const Machine machine;
    const auto space = new_space();
    switch_address_space(*space);
    const u64 start = MUST(space->map(anonymous(P, READ)));
    EXPECT_EQ(MUST(peek(start)), 0);
    EXPECT_ERROR(Error::Efault, poke(start, 1));
    EXPECT_EQ(space->fault(start, {.is_write = true}), FaultResult::AccessDenied);
    EXPECT_EQ(space->fault(start, {.is_fetch = true}), FaultResult::AccessDenied);
    MUST(space->protect(start, P, READ_WRITE));
    MUST(poke(start, 1));
    MUST(space->protect(start, P, NO_ACCESS));
    EXPECT_ERROR(Error::Efault, peek(start));
    EXPECT_EQ(space->fault(start, {}), FaultResult::AccessDenied);
    MUST(space->protect(start, P, READ));
    EXPECT_EQ(MUST(peek(start)), 1);
    MUST(space->protect(start, P, READ_WRITE));
    MUST(poke(start, 2));
    EXPECT_EQ(MUST(peek(start)), 2);
    EXPECT_EQ(space->fault(memory::USER_END, {}), FaultResult::NothingMapped);
    EXPECT_EQ(space->fault(~0ULL, {}), FaultResult::NothingMapped);
}

TEST(address_space, areas_split_and_merge) {
    const Machine machine;
    const auto space = new_space();
    const u64 start = MUST(space->map(anonymous(10 * P)));
    EXPECT_EQ(space->statistics().areas, 1u);
    MUST(space->protect(start + 3 * P, 2 * P, READ));
    EXPECT_EQ(space->statistics().areas, 3u);
    MUST(space->protect(start + 3 * P, 2 * P, READ_WRITE));
    EXPECT_EQ(space->statistics().areas, 1u);
    MUST(space->unmap(start + 4 * P, P));
    EXPECT_EQ(space->statistics().areas, 2u);
    EXPECT_EQ(MUST(space->map(at(start + 4 * P, anonymous(P)))), start + 4 * P);
    EXPECT_EQ(space->statistics().areas, 1u);
    // The next one goes right below, and is one with it.
    EXPECT_EQ(MUST(space->map(anonymous(P))), start - P);
    EXPECT_EQ(space->statistics().areas, 1u);
    EXPECT_EQ(space->statistics().virtual_pages, 11u);
}

TEST(address_space, fork_copies_on_write) {
    const Machine machine;
    const NothingLeaks guard;
    auto parent = new_space();
    switch_address_space(*parent);
    const u64 start = MUST(parent->map(anonymous(4 * P)));
    const u64 shared = MUST(parent->map(anonymous(P, READ_WRITE, SHARED)));
    for (u64 i = 0; i < 3; ++i) MUST(poke(start + i * P, static_cast<u8>(i + 1)));
    MUST(poke(shared, 50));
    const u64 before = machine.free_count();
    auto child = MUST(parent->clone());
    EXPECT_EQ(child->statistics().resident_anonymous, 3u);
    // Only tables were taken.
    EXPECT_GE(machine.free_count() + 6, before);

    switch_address_space(*child);
    EXPECT_EQ(MUST(peek(start)), 1);
    const u64 shared_phase = machine.free_count();
    MUST(poke(start, 11));
    EXPECT_EQ(machine.free_count(), shared_phase - 1);
    MUST(poke(start + 3 * P, 14));
    MUST(poke(shared, 51));
    switch_address_space(*parent);
    EXPECT_EQ(MUST(peek(start)), 1);
    EXPECT_EQ(MUST(peek(start + 3 * P)), 0);
    EXPECT_EQ(MUST(peek(shared)), 51);
    // The child has its copy: the parent may keep the frame.
    const u64 settled = machine.free_count();
    MUST(poke(start, 21));
    EXPECT_EQ(machine.free_count(), settled);
    switch_address_space(*child);
    EXPECT_EQ(MUST(peek(start)), 11);
    parent = nullptr;
    MUST(poke(start + P, 12));
    EXPECT_EQ(MUST(peek(start + P)), 12);
    EXPECT_EQ(MUST(peek(start + 2 * P)), 3);
    EXPECT_EQ(MUST(peek(shared)), 51);
}

TEST(address_space, private_file_pages_are_copied_shared_ones_are_not) {
    const Machine machine;
    const NothingLeaks guard;
    auto file = MUST(make_ref<FakeFile>(8u));
    {
        const auto space = new_space();
        switch_address_space(*space);
        const u64 mine = MUST(space->map(of_file(file, 4 * P, READ_WRITE, MapFlags::Private, P)));
        const u64 ours = MUST(space->map(of_file(file, 4 * P, READ_WRITE, MapFlags::Shared, P)));
        EXPECT_TRUE(file->has_writable_mappings());
        EXPECT_EQ(MUST(peek(mine)), 2);
        MUST(poke(ours, 90));
        EXPECT_EQ(file->byte(1), 90);
        EXPECT_EQ(MUST(peek(mine)), 90);  // not yet copied
        MUST(poke(mine, 91));
        EXPECT_EQ(file->byte(1), 90);
        EXPECT_EQ(MUST(peek(ours)), 90);
        EXPECT_EQ(MUST(peek(mine)), 91);
        MUST(poke(mine + P, 92));  // copied without being read before
        EXPECT_EQ(file->byte(2), 3);
        EXPECT_EQ(space->statistics().resident_anonymous, 2u);
        MUST(space->advise(mine, P, exo::abi::Advice::Dontneed));
        EXPECT_EQ(MUST(peek(mine)), 90);
        EXPECT_TRUE(file->is_mapped());
    }
    memory::kernel_table().activate();
    EXPECT_FALSE(file->is_mapped());
    EXPECT_FALSE(file->has_writable_mappings());
    EXPECT_EQ(file->reference_count(), 1u);
}

TEST(address_space, a_tracking_source_hears_of_each_first_write) {
    const Machine machine;
    auto file = MUST(make_ref<FakeFile>(4u));
    file->is_tracking = true;
    const auto space = new_space();
    switch_address_space(*space);
    const u64 start = MUST(space->map(of_file(file, 2 * P, READ_WRITE, MapFlags::Shared)));
    EXPECT_EQ(MUST(peek(start)), 1);
    EXPECT_EQ(file->writes, 0);
    MUST(poke(start, 5));
    MUST(poke(start, 6));
    EXPECT_EQ(file->writes, 1);
    EXPECT_EQ(file->byte(0), 6);
    // One that does not track hears of it at the first touch.
    auto plain = MUST(make_ref<FakeFile>(4u));
    const u64 other = MUST(space->map(of_file(plain, 2 * P, READ_WRITE, MapFlags::Shared)));
    EXPECT_EQ(MUST(peek(other)), 1);
    EXPECT_EQ(plain->writes, 1);
    // Rights that come later are no way around it.
    const u64 late = MUST(space->map(of_file(plain, P, READ, MapFlags::Shared, 2 * P)));
    EXPECT_EQ(MUST(peek(late)), 3);
    MUST(space->protect(late, P, READ_WRITE));
    EXPECT_EQ(plain->writes, 1);
    MUST(poke(late, 9));
    EXPECT_EQ(plain->writes, 2);
}

TEST(address_space, truncation_and_holes_take_pages_away) {
    const Machine machine;
    const NothingLeaks guard;
    auto file = MUST(make_ref<FakeFile>(8u));
    {
        const auto space = new_space();
        const auto other = new_space();
        switch_address_space(*space);
        const u64 mine = MUST(space->map(of_file(file, 8 * P, READ_WRITE, MapFlags::Private)));
        const u64 ours = MUST(space->map(of_file(file, 8 * P, READ_WRITE, MapFlags::Shared)));
        for (u64 i = 0; i < 8; ++i) MUST(peek(mine + i * P)), MUST(peek(ours + i * P));
        MUST(poke(mine + 5 * P, 77));
        MUST(poke(mine + 3 * P, 78));
        switch_address_space(*other);
        const u64 third = MUST(other->map(of_file(file, 8 * P, READ, MapFlags::Shared)));
        EXPECT_EQ(MUST(peek(third + 3 * P)), 4);

        file->punch(3);
        EXPECT_EQ(MUST(peek(third + 3 * P)), 4);  // a new page of the fake file
        file->truncate(5);
        EXPECT_ERROR(Error::Efault, peek(third + 6 * P));
        EXPECT_EQ(current_address_space()->fault(third + 6 * P, {}), FaultResult::BeyondEnd);
        EXPECT_EQ(MUST(peek(third + 4 * P)), 5);
        switch_address_space(*space);
        EXPECT_EQ(MUST(peek(mine + 3 * P)), 78);                // a hole leaves copies alone
        EXPECT_ERROR(Error::Efault, peek(mine + 5 * P));  // truncation does not
        EXPECT_EQ(space->fault(mine + 5 * P, {}), FaultResult::BeyondEnd);
        EXPECT_ERROR(Error::Efault, poke(ours + 7 * P, 1));
        file->fails = true;
        MUST(space->advise(ours, 8 * P, exo::abi::Advice::Dontneed));
        EXPECT_ERROR(Error::Efault, peek(ours));
        EXPECT_EQ(space->fault(ours, {}), FaultResult::BeyondEnd);
    }
    file = nullptr;
    memory::kernel_table().activate();
}

TEST(address_space, neighbours_are_mapped_along) {
    const Machine machine;
    auto file = MUST(make_ref<FakeFile>(64u));
    for (u64 i = 0; i < 64; ++i) (void)file->byte(i);
    file->has_neighbours = true;
    file->gets = 0;
    const auto space = new_space();
    switch_address_space(*space);
    const u64 start = MUST(space->map(of_file(file, 64 * P, READ_WRITE, MapFlags::Private)));
    for (u64 i = 0; i < 64; ++i) EXPECT_EQ(MUST(peek(start + i * P)), i + 1);
    EXPECT_LE(file->gets, 5);
    EXPECT_EQ(space->statistics().resident_source, 64u);
    for (u64 i = 0; i < 64; i += 3) MUST(poke(start + i * P, 200));
    for (u64 i = 0; i < 64; ++i) EXPECT_EQ(MUST(peek(start + i * P)), i % 3 == 0 ? 200 : i + 1);
    EXPECT_EQ(file->byte(3), 4);
}

TEST(address_space, a_stack_grows_down_to_its_guard) {
    const Machine machine;
    const NothingLeaks guard;
    const auto space = new_space();
    switch_address_space(*space);
    space->set_limits({.stack = 600 * P});
    const u64 top = BASE + GIB;
    MUST(space->map(
        at(top - 2 * P, anonymous(2 * P, READ_WRITE, PRIVATE | MapFlags::Growsdown | MapFlags::Stack))));
    MUST(poke(top - 2 * P - 1, 1));
    MUST(poke(top - 100 * P, 2));
    EXPECT_EQ(space->statistics().stack_pages, 100u);
    EXPECT_EQ(MUST(peek(top - 50 * P)), 0);
    // The limit.
    EXPECT_ERROR(Error::Efault, poke(top - 601 * P, 1));
    MUST(poke(top - 600 * P, 1));
    // A mapping below keeps its distance, and so does the stack from it.
    const u64 below = top - 600 * P - 256 * P - 10 * P;
    MUST(space->map(at(below - P, anonymous(P))));
    space->set_limits({.stack = 6000 * P});
    EXPECT_ERROR(Error::Efault, poke(below + 255 * P, 1));
    MUST(poke(below + 256 * P, 1));
    // A mapping without an address is not put into the gap.
    MapRequest hinted = anonymous(P);
    hinted.address = below + 10 * P;
    EXPECT_NE(MUST(space->map(hinted)), hinted.address);
    // One that nobody can touch may be close.
    MUST(space->unmap(below - P, P));
    MUST(space->map(at(below - P, anonymous(P, NO_ACCESS))));
    MUST(poke(below + 10 * P, 1));
}

TEST(address_space, brk_moves_and_never_fails) {
    const Machine machine;
    const NothingLeaks guard;
    const auto space = new_space();
    switch_address_space(*space);
    const u64 start = space->brk_start();
    EXPECT_EQ(space->brk(0), start);
    EXPECT_EQ(space->brk(start + 100), start + 100);
    MUST(poke(start + 99, 5));
    EXPECT_EQ(space->brk(start + 5 * P), start + 5 * P);
    MUST(poke(start + 5 * P - 1, 6));
    EXPECT_ERROR(Error::Efault, poke(start + 5 * P, 1));
    EXPECT_EQ(space->brk(start + P), start + P);
    EXPECT_ERROR(Error::Efault, peek(start + P));
    EXPECT_EQ(MUST(peek(start + 99)), 5);
    EXPECT_EQ(space->brk(start + 5 * P), start + 5 * P);
    EXPECT_EQ(MUST(peek(start + 5 * P - 1)), 0);
    EXPECT_TRUE(space->area_above(start)->is_heap);
    // Into a mapping, below the start, beyond the limit: it stays.
    MUST(space->map(at(start + 10 * P, anonymous(P))));
    EXPECT_EQ(space->brk(start + 10 * P), start + 5 * P);
    EXPECT_EQ(space->brk(start + 9 * P), start + 9 * P);
    EXPECT_EQ(space->brk(start - 1), start + 9 * P);
    EXPECT_EQ(space->brk(~0ULL), start + 9 * P);
    space->set_limits({.data = 20 * P});
    EXPECT_EQ(space->brk(start), start);
    EXPECT_EQ(space->brk(start + 21 * P), start);
}

TEST(address_space, populate_and_mincore) {
    const Machine machine;
    const auto space = new_space();
    switch_address_space(*space);
    const u64 start = MUST(space->map(anonymous(600 * P, READ_WRITE, PRIVATE | MapFlags::Populate)));
    EXPECT_EQ(space->statistics().resident_anonymous, 600u);
    MUST(space->advise(start + 10 * P, P, exo::abi::Advice::Dontneed));
    std::vector<u8> pages;
    const auto anybody = [](const exo::Object&) { return true; };
    MUST(space->residency(
        start, 600 * P - 5, anybody,
        [&](std::span<const u8> part) -> Result<> {
            pages.insert(pages.end(), part.begin(), part.end());
            return {};
        }));
    ASSERT_EQ(pages.size(), 600u);
    for (u64 i = 0; i < 600; ++i) EXPECT_EQ(pages[i], i != 10) << i;
    EXPECT_ERROR(Error::Enomem, space->residency(start, 601 * P, anybody,
                                                 [](std::span<const u8>) -> Result<> { return {}; }));
    EXPECT_ERROR(Error::Einval,
                 space->residency(start + 1, P, anybody, [](std::span<const u8>) -> Result<> { return {}; }));
}

TEST(address_space, remote_access_and_pins) {
    const Machine machine;
    const NothingLeaks guard;
    const auto space = new_space();
    const u64 start = MUST(space->map(anonymous(4 * P)));
    const std::vector<u8> bytes(2 * P, 0x5a);
    MUST(space->write_remote(start + 100, bytes));
    std::vector<u8> back(2 * P + 200);
    MUST(space->read_remote(start, back));
    for (usize i = 0; i < back.size(); ++i) ASSERT_EQ(back[i], i >= 100 && i < 100 + 2 * P ? 0x5a : 0);
    EXPECT_ERROR(Error::Efault, space->write_remote(start + 3 * P, bytes));
    EXPECT_ERROR(Error::Efault, space->read_remote(~0ULL - 5, back));
    {
        const auto pinned = MUST(space->pin_page(start, {.is_write = true}));
        MUST(space->unmap(start, P));
        EXPECT_EQ(pinned.data()[100], 0x5a);
    }
    MUST(space->protect(start + P, P, READ));
    EXPECT_ERROR(Error::Efault, space->pin_page(start + P, {.is_write = true}));
}

TEST(address_space, limits_are_kept) {
    const Machine machine;
    const NothingLeaks guard;
    const auto space = new_space();
    space->set_limits({.address_space = 10 * P, .data = 5 * P});
    EXPECT_ERROR(Error::Enomem, space->map(anonymous(6 * P)));
    const u64 start = MUST(space->map(anonymous(5 * P)));
    const u64 readable = MUST(space->map(anonymous(4 * P, READ)));
    EXPECT_ERROR(Error::Enomem, space->map(anonymous(2 * P, READ)));
    EXPECT_ERROR(Error::Enomem, space->protect(readable, P, READ_WRITE));
    EXPECT_ERROR(Error::Enomem, space->remap(readable, 4 * P, 6 * P, RemapFlags::Maymove, 0));
    // What is replaced does not count.
    EXPECT_EQ(MUST(space->map(at(start, anonymous(5 * P)))), start);
    // More than the machine has, at once.
    space->set_limits({});
    EXPECT_ERROR(Error::Enomem, space->map(anonymous(7000 * P)));
    MUST(space->map(anonymous(7000 * P, READ_WRITE, PRIVATE | MapFlags::Noreserve)));
    EXPECT_ERROR(Error::Enomem, space->map(anonymous(7000 * P, READ_WRITE, SHARED)));
    MUST(space->map(anonymous(5900 * P)));
    MUST(space->map(anonymous(5900 * P)));
}

TEST(address_space, locks_are_counted_and_bounded) {
    const Machine machine;
    const NothingLeaks guard;
    const auto space = new_space();
    const auto locked = [&] { return space->statistics().locked_pages; };
    const u64 start = MUST(space->map(anonymous(4 * P)));
    space->set_limits({.locked = 3 * P});
    EXPECT_ERROR(Error::Enomem, space->lock_pages(start, 4 * P, exo::abi::LockFlags::None));
    MUST(space->lock_pages(start + 100, P, exo::abi::LockFlags::None));
    EXPECT_EQ(locked(), 2U);
    EXPECT_EQ(space->statistics().resident_anonymous, 2U);
    // What is locked already is not counted again.
    MUST(space->lock_pages(start, 3 * P, exo::abi::LockFlags::Onfault));
    EXPECT_EQ(locked(), 3U);
    EXPECT_ERROR(Error::Eagain, space->map(anonymous(P, READ_WRITE, PRIVATE | MapFlags::Locked)));
    EXPECT_ERROR(Error::Einval, space->advise(start, P, exo::abi::Advice::Dontneed));
    MUST(space->advise(start, P, exo::abi::Advice::DontneedLocked));
    EXPECT_ERROR(Error::Ebusy, space->sync(start, P, exo::abi::SyncFlags::Invalidate));
    EXPECT_EQ(MUST(space->clone())->statistics().locked_pages, 0U);
    EXPECT_ERROR(Error::Enomem, space->unlock_pages(start, 5 * P));
    EXPECT_EQ(locked(), 0U);
    space->set_limits({.locked = 0});
    EXPECT_ERROR(Error::Eperm, space->lock_pages(start, P, exo::abi::LockFlags::None));
    EXPECT_ERROR(Error::Eperm, space->lock_all(exo::abi::LockAllFlags::Future));
    EXPECT_ERROR(Error::Einval, space->lock_all(exo::abi::LockAllFlags::Onfault));
    space->set_limits({});
    MUST(space->lock_all(exo::abi::LockAllFlags::Future));
    EXPECT_EQ(locked(), 0U);
    const u64 later = MUST(space->map(anonymous(2 * P)));
    EXPECT_EQ(locked(), 2U);
    EXPECT_EQ(MUST(space->remap(later, 2 * P, 3 * P, RemapFlags::Maymove, 0)) != 0, true);
    EXPECT_EQ(locked(), 3U);
    space->unlock_all();
    EXPECT_EQ(locked(), 0U);
}

int killed = 0;

TEST(address_space, a_fault_without_memory_is_told_apart) {
    const Machine machine(1500);
    auto hog = new_space();
    const auto space = new_space();
    MUST(hog->map(anonymous(4000 * P, READ_WRITE, PRIVATE | MapFlags::Noreserve)));
    const u64 start = MUST(space->map(anonymous(P)));
    const u64 hog_start = hog->area_above(0)->start;
    switch_address_space(*hog);
    u64 at_page = hog_start;
    while (poke(at_page, 1)) at_page += P;
    EXPECT_EQ(hog->fault(at_page, {.is_write = true}), FaultResult::OutOfMemory);
    switch_address_space(*space);
    EXPECT_ERROR(Error::Efault, poke(start, 1));
    EXPECT_EQ(space->fault(start, {.is_write = true}), FaultResult::OutOfMemory);
    // A killer that helps.
    static Ref<AddressSpace> victim;
    victim = std::move(hog);
    killed = 0;
    set_out_of_memory_hook([](AddressSpace&) {
        ++killed;
        victim = nullptr;
        return true;
    });
    MUST(poke(start, 1));
    EXPECT_EQ(killed, 1);
    set_out_of_memory_hook(nullptr);
}

}  // namespace
