// Files with a backing store, while several threads read, write, map, cut, sync and reclaim them.
#include "fs/cache/reclaim.hpp"
#include "fs/store_machine.hpp"
#include "support/random.hpp"

namespace exo::fs::test {
namespace {

using exo::test::CPUS;
using exo::test::Random;
using exo::test::Threads;
using memory::FrameRef;
using vm::FaultResult;

TEST(store_reading, one_read_for_all_who_want_the_page) {
    const StoreMachine machine;
    machine.store->read_gate.close();
    Threads threads;
    std::atomic<u32> begun{0};
    for (u32 cpu = 0; cpu < 3; ++cpu) {
        threads.start(cpu, [&] {
            ++begun;
            EXPECT_EQ(MUST(machine.read(PAGE_SIZE)), 'b');
        });
    }
    threads.start(3, [&] {
        run_others_until([&] { return begun == 3 && machine.store->read_gate.arrived == 1; });
        run_others();
        machine.store->read_gate.open();
    });
    threads.join();
    EXPECT_EQ(machine.store->reads, 1U);
    EXPECT_EQ(machine.budget->used(), 1U);
}

TEST(store_reading, a_failure_reaches_all_and_the_next_tries_again) {
    const StoreMachine machine;
    machine.store->read_gate.close();
    machine.store->failing_reads = 1;
    const u64 address = machine.map();
    Threads threads;
    std::atomic<u32> begun{0};
    threads.start(0, [&] {
        ++begun;
        EXPECT_ERROR(Error::Eio, machine.read(0));
    });
    threads.start(1, [&] {
        ++begun;
        EXPECT_EQ(machine.space->fault(address, {}), FaultResult::BeyondEnd);
    });
    threads.start(3, [&] {
        run_others_until([&] { return begun == 2 && machine.store->read_gate.arrived == 1; });
        run_others();
        machine.store->read_gate.open();
    });
    threads.join();
    EXPECT_EQ(machine.store->reads, 1U);
    EXPECT_EQ(machine.budget->used(), 0U);
    Threads again;
    again.start(0, [&] {
        EXPECT_EQ(machine.space->fault(address, {}), FaultResult::Resolved);
        EXPECT_EQ(MUST(machine.read(0)), 'a');
    });
    again.join();
    EXPECT_EQ(machine.store->reads, 2U);
}

TEST(store_faults, the_space_is_free_while_a_page_is_read) {
    const StoreMachine machine;
    machine.store->read_gate.close();
    const u64 address = machine.map();
    Threads threads;
    threads.start(0, [&] { EXPECT_EQ(MUST(machine.peek(address + 2 * PAGE_SIZE)), 'c'); });
    threads.start(1, [&] {
        run_others_until([&] { return machine.store->read_gate.arrived == 1; });
        const u64 other = MUST(machine.space->map(vm::test::anonymous(4 * PAGE_SIZE)));
        MUST(machine.poke(other, 'x'));
        EXPECT_TRUE(MUST(machine.space->clone())->area_above(other));
        EXPECT_EQ(MUST(machine.peek(other)), 'x');
        MUST(machine.space->protect(address, PAGE_SIZE, vm::test::READ, vm::Protection::None));
        MUST(machine.space->unmap(other, 4 * PAGE_SIZE));
        EXPECT_EQ(machine.space->statistics().areas, 2U);
        machine.store->read_gate.open();
    });
    threads.join();
}

TEST(store_faults, the_area_goes_while_its_page_is_read) {
    const StoreMachine machine;
    machine.store->read_gate.close();
    const u64 address = machine.map();
    Threads threads;
    threads.start(0, [&] { EXPECT_EQ(machine.space->fault(address, {}), FaultResult::NothingMapped); });
    threads.start(1, [&] {
        run_others_until([&] { return machine.store->read_gate.arrived == 1; });
        MUST(machine.space->unmap(address, 4 * PAGE_SIZE));
        machine.store->read_gate.open();
    });
    threads.join();
    EXPECT_EQ(machine.space->statistics().resident_source, 0U);
}

/// The thread that reads has given up, and another that waited takes over.
TEST(store_faults, a_thread_that_is_to_die_waits_no_longer) {
    const StoreMachine machine;
    machine.store->read_gate.close();
    machine.store->read_mode = scheduler::WaitMode::Killable;
    const u64 address = machine.map();
    std::atomic<u32> ended{0};
    Threads threads;
    const auto victim = [&] {
        EXPECT_EQ(machine.space->fault(address, {}), FaultResult::Interrupted);
        ++ended;
    };
    const auto reader = threads.start(0, victim);
    Ref<scheduler::Thread> waiter;
    threads.start(3, [&] {
        run_others_until([&] { return machine.store->read_gate.arrived == 1; });
        waiter = threads.start(1, victim);
        threads.start(2, [&] { EXPECT_EQ(MUST(machine.peek(address)), 'a'); });
        run_others();
        scheduler::interrupt(*waiter, scheduler::Work::Kill);
        run_others_until([&] { return ended == 1; });
        scheduler::interrupt(*reader, scheduler::Work::Kill);
        run_others_until([&] { return ended == 2 && machine.store->read_gate.arrived == 2; });
        machine.store->read_gate.open();
    });
    threads.join();
    EXPECT_EQ(machine.store->reads, 2U);
}

TEST(store_reading, the_file_is_cut_meanwhile) {
    const StoreMachine machine;
    machine.store->read_gate.close();
    const u64 address = machine.map();
    Threads threads;
    threads.start(
        0, [&] { EXPECT_EQ(machine.space->fault(address + 3 * PAGE_SIZE, {}), FaultResult::BeyondEnd); });
    threads.start(1, [&] { EXPECT_EQ(MUST(machine.read(100)), '\0'); });
    threads.start(2, [&] {
        run_others_until([&] { return machine.store->read_gate.arrived == 2; });
        MUST(machine.cache->resize(machine.content(), 100));
        MUST(machine.cache->resize(machine.content(), PAGE_SIZE));
        machine.store->read_gate.open();
    });
    threads.join();
    EXPECT_EQ(machine.budget->used(), 1U);
}

TEST(store_reading, a_whole_page_is_written_meanwhile) {
    const StoreMachine machine;
    machine.store->read_gate.close();
    Threads threads;
    threads.start(0, [&] { EXPECT_EQ(MUST(machine.read(PAGE_SIZE)), 'N'); });
    threads.start(1, [&] {
        run_others_until([&] { return machine.store->read_gate.arrived == 1; });
        MUST(machine.write(PAGE_SIZE, std::string(PAGE_SIZE, 'N')));
        machine.store->read_gate.open();
    });
    threads.join();
    EXPECT_EQ(machine.budget->used(), 1U);
}

TEST(store_writing, sync_stores_what_was_written_and_what_was_mapped) {
    const StoreMachine machine;
    const u64 address = machine.map();
    Threads threads;
    threads.start(0, [&] {
        std::atomic<WriteErrors::Seen> seen = machine.cache->sample_errors();
        MUST(machine.write(PAGE_SIZE - 1, "xy"));
        MUST(machine.write(4 * PAGE_SIZE, "end"));
        MUST(machine.poke(address + 2 * PAGE_SIZE, 'M'));
        MUST(machine.cache->sync(seen));
        std::string expected = std::string(PAGE_SIZE, 'a') + std::string(PAGE_SIZE, 'b') +
                               std::string(PAGE_SIZE, 'c') + std::string(PAGE_SIZE, 'd') + "end";
        expected[PAGE_SIZE - 1] = 'x';
        expected[PAGE_SIZE] = 'y';
        expected[2 * PAGE_SIZE] = 'M';
        EXPECT_TRUE(machine.store->content() == expected);
        EXPECT_EQ(machine.store->writes, 4U);
        EXPECT_EQ(machine.store->flushes, 1U);
        MUST(machine.cache->sync(seen));
        EXPECT_EQ(machine.store->writes, 4U) << "nothing was dirty";
        // The mapping lost its right to write, so the next write is noticed.
        MUST(machine.poke(address + 2 * PAGE_SIZE, 'N'));
        MUST(machine.space->sync(address, 4 * PAGE_SIZE, abi::SyncFlags::Sync));
        EXPECT_EQ(machine.store->content()[2 * PAGE_SIZE], 'N');
        EXPECT_EQ(machine.store->writes, 5U);
        MUST(machine.write(0, "s"));
        MUST(sync_page_caches(nullptr));
        EXPECT_EQ(machine.store->content()[0], 's');
    });
    threads.join();
}

TEST(store_writing, each_open_file_is_told_of_an_error_once) {
    const StoreMachine machine;
    Threads threads;
    threads.start(0, [&] {
        std::atomic<WriteErrors::Seen> first = machine.cache->sample_errors();
        std::atomic<WriteErrors::Seen> second = machine.cache->sample_errors();
        MUST(machine.write(0, "1"));
        MUST(machine.write(PAGE_SIZE, "2"));
        machine.store->failing_writes = 1;
        EXPECT_ERROR(Error::Eio, machine.cache->sync(first));
        EXPECT_EQ(machine.store->content()[PAGE_SIZE], '2') << "the others are written all the same";
        EXPECT_EQ(machine.store->content()[0], 'a');
        MUST(machine.cache->sync(first));
        EXPECT_EQ(machine.store->content()[0], '1') << "a page that could not be written stays dirty";
        EXPECT_ERROR(Error::Eio, machine.cache->sync(second));
        MUST(machine.cache->sync(second));
        std::atomic<WriteErrors::Seen> third = machine.cache->sample_errors();
        MUST(machine.cache->sync(third));
    });
    threads.join();
}

TEST(store_writing, the_file_is_cut_meanwhile) {
    const StoreMachine machine;
    machine.store->write_gate.close();
    Threads threads;
    std::atomic<bool> is_cut = false;
    threads.start(0, [&] {
        MUST(machine.write(2 * PAGE_SIZE, "old"));
        MUST(machine.cache->sync_pages(0, ~0ULL));
    });
    threads.start(1, [&] {
        run_others_until([&] { return machine.store->write_gate.arrived == 1; });
        MUST(machine.cache->resize(machine.content(), PAGE_SIZE));
        is_cut = true;
    });
    threads.start(2, [&] {
        run_others_until([&] { return machine.store->write_gate.arrived == 1; });
        run_others();
        EXPECT_FALSE(is_cut) << "the device might still write the page";
        machine.store->write_gate.open();
    });
    threads.join();
    EXPECT_TRUE(machine.store->content() == std::string(PAGE_SIZE, 'a'));
}

TEST(store_writing, a_store_that_cannot_be_cut_leaves_the_file_as_it_was) {
    const StoreMachine machine;
    Threads threads;
    threads.start(0, [&] {
        MUST(machine.write(3 * PAGE_SIZE, "new"));
        machine.store->failing_resizes = 2;
        EXPECT_ERROR(Error::Eio, machine.cache->resize(machine.content(), 5));
        EXPECT_ERROR(Error::Eio, machine.cache->resize(machine.content(), 5 * PAGE_SIZE));
        EXPECT_EQ(machine.cache->size(), 4 * PAGE_SIZE);
        EXPECT_EQ(MUST(machine.read(3 * PAGE_SIZE)), 'n');
        EXPECT_EQ(MUST(machine.read(5)), 'a');
    });
    threads.join();
}

TEST(store_reclaim, drops_what_is_clean_and_unused) {
    const StoreMachine machine;
    const u64 address = machine.map(2, 2);
    Threads threads;
    threads.start(0, [&] {
        for (u64 page = 0; page < 4; ++page) (void)MUST(machine.read(page * PAGE_SIZE));
        MUST(machine.write(PAGE_SIZE, "dirty"));
        MUST(machine.poke(address + PAGE_SIZE, 'm'));
        EXPECT_EQ(MUST(machine.peek(address)), 'c');
        EXPECT_EQ(machine.budget->used(), 4U);
        FrameRef held = machine.cache->peek_page(0);
        EXPECT_EQ(reclaim_unmapped_pages(100), 0U) << "dirty, mapped, or in use";
        held = {};
        EXPECT_EQ(reclaim_unmapped_pages(100), 1U);
        EXPECT_EQ(machine.budget->used(), 3U);
        EXPECT_EQ(reclaim_pages(100), 1U) << "the clean page that is mapped";
        EXPECT_EQ(machine.store->writes, 0U);
        EXPECT_EQ(reclaim_pages(100), 2U) << "the dirty ones, once they are stored";
        EXPECT_EQ(machine.budget->used(), 0U);
        EXPECT_EQ(reclaim_pages(100), 0U);
        EXPECT_EQ(machine.store->content()[3 * PAGE_SIZE], 'm');
        EXPECT_EQ(MUST(machine.peek(address + PAGE_SIZE)), 'm');
        EXPECT_EQ(MUST(machine.read(PAGE_SIZE)), 'd');
    });
    threads.join();
}

TEST(store_reclaim, a_page_in_use_gets_a_second_chance) {
    const StoreMachine machine;
    Threads threads;
    threads.start(0, [&] {
        (void)MUST(machine.read(0));
        (void)MUST(machine.read(PAGE_SIZE));
        (void)MUST(machine.read(PAGE_SIZE));
        EXPECT_EQ(machine.cache->sweep(0, PageCache::Sweep::Unmapped).freed, 1U) << "it was read once";
        machine.store->failing_reads = 1;
        EXPECT_EQ(MUST(machine.read(PAGE_SIZE)), 'b') << "it is still there";
        EXPECT_ERROR(Error::Eio, machine.read(0));
        (void)machine.cache->sweep(0, PageCache::Sweep::Unmapped);
        EXPECT_EQ(machine.cache->sweep(0, PageCache::Sweep::Unmapped).freed, 1U);
    });
    threads.join();
}

TEST(store_reclaim, leaves_locked_memory_and_busy_spaces_alone) {
    const StoreMachine machine;
    const u64 address = machine.map();
    std::atomic<bool> is_busy = false;
    std::atomic<bool> is_tried = false;
    Threads threads;
    threads.start(0, [&] {
        MUST(machine.space->lock_pages(address, PAGE_SIZE, abi::LockFlags{}));
        EXPECT_EQ(reclaim_pages(100), 0U);
        EXPECT_EQ(machine.cache->peek_page(0).record().map_count(), 1U);
        MUST(machine.space->unlock_pages(address, PAGE_SIZE));
        // mincore asks with the space locked.
        const auto may_see = [&](const Object&) {
            is_busy = true;
            run_others_until([&] { return is_tried.load(); });
            return true;
        };
        MUST(machine.space->residency(address, PAGE_SIZE, may_see,
                                      [](std::span<const u8>) -> Result<> { return {}; }));
        EXPECT_EQ(reclaim_pages(100), 1U);
    });
    threads.start(1, [&] {
        run_others_until([&] { return is_busy.load(); });
        EXPECT_EQ(reclaim_pages(100), 0U);
        is_tried = true;
    });
    threads.join();
}

TEST(store_writing, a_part_of_an_absent_page_is_read_first) {
    const StoreMachine machine;
    Threads threads;
    threads.start(0, [&] {
        machine.store->failing_reads = 1;
        EXPECT_ERROR(Error::Eio, machine.write(PAGE_SIZE + 1, "x"));
        EXPECT_EQ(machine.store->reads, 1U);
        MUST(machine.write(PAGE_SIZE + 1, "x"));
        EXPECT_EQ(MUST(machine.read(PAGE_SIZE)), 'b');
        EXPECT_EQ(MUST(machine.read(PAGE_SIZE + 1)), 'x');
        EXPECT_EQ(machine.store->reads, 2U);
        // Neither a whole page nor one behind the end is read.
        MUST(machine.write(2 * PAGE_SIZE, std::string(PAGE_SIZE, 'w')));
        MUST(machine.write(6 * PAGE_SIZE, "far"));
        EXPECT_EQ(MUST(machine.read(5 * PAGE_SIZE)), '\0');
        EXPECT_EQ(machine.store->reads, 2U);
    });
    threads.join();
}

TEST(store_reclaim, pages_of_an_archive_can_be_copied_again) {
    struct Owner final : Object {};
    const StoreMachine machine;
    const std::string archive(3 * PAGE_SIZE, 'z');
    const auto cache = MUST(make_ref<PageCache>(machine.budget));
    const std::span<const u8> bytes(reinterpret_cast<const u8*>(archive.data()), archive.size());
    MUST(cache->back_with(MUST(make_ref<MemoryStore>(bytes, MUST(make_ref<Owner>())))));
    Threads threads;
    threads.start(0, [&] {
        (void)MUST(cache->get_page(0, vm::PageAccess::Read));
        MUST(cache->get_page(1, vm::PageAccess::Write)).data()[5] = 'w';
        EXPECT_EQ(reclaim_pages(100), 1U);
        EXPECT_FALSE(cache->peek_page(0));
        EXPECT_EQ(MUST(cache->get_page(0, vm::PageAccess::Read)).data()[5], 'z');
        EXPECT_EQ(MUST(cache->get_page(1, vm::PageAccess::Read)).data()[5], 'w') << "nothing else holds it";
    });
    threads.join();
}

TEST(store_reclaim, memory_asks_before_an_allocation_fails) {
    const StoreMachine machine(600, 1200);
    memory::frames.set_reclaim_hook(&reclaim_unmapped_pages);
    Threads threads;
    threads.start(0, [&] {
        std::vector<FrameRef> held;
        for (u64 page = 0; page < 600; ++page) (void)MUST(machine.read(page * PAGE_SIZE));
        const u64 cached = machine.budget->used();
        EXPECT_GT(cached, 100U);
        EXPECT_GT(memory::frames.free_frames(), memory::frames.total_frames() / RESERVED_PART / 2);
        while (auto frame = FrameRef::allocate()) held.push_back(std::move(*frame));
        EXPECT_EQ(machine.budget->used(), 0U);
        EXPECT_GT(held.size(), cached);
    });
    threads.join();
    memory::frames.set_reclaim_hook(nullptr);
}

/// Pages belong to CPUs in turn. Each CPU knows what its own hold, whatever the others, write-back and reclaim do.
TEST(store, agrees_with_a_model_under_random_calls) {
    constexpr u64 PAGES = 24;
    const StoreMachine machine(PAGES);
    const u64 address = machine.map(PAGES);
    Threads threads;
    threads.start_on_all([&](u32 cpu) {
        Random random(cpu + 1);
        std::array<char, PAGES> model;
        for (u64 page = 0; page < PAGES; ++page) model[page] = static_cast<char>('a' + page % 26);
        std::atomic<WriteErrors::Seen> seen{0};
        for (u32 step = 0; step < 3000 && !testing::Test::HasFatalFailure(); ++step) {
            const u64 page = random.below(PAGES / CPUS) * CPUS + cpu;
            const char next = static_cast<char>('A' + random.below(26));
            switch (random.below(8)) {
                case 0:
                    MUST(machine.write(page * PAGE_SIZE, std::string(1, next)));
                    model[page] = next;
                    break;
                case 1:
                    MUST(machine.poke(address + page * PAGE_SIZE, next));
                    model[page] = next;
                    break;
                case 2: ASSERT_EQ(MUST(machine.peek(address + page * PAGE_SIZE)), model[page]); break;
                case 3: (void)machine.cache->sweep(random.below(PAGES), PageCache::Sweep::Mapped); break;
                case 4: (void)machine.cache->sweep(random.below(PAGES), PageCache::Sweep::Dirty); break;
                case 5:
                    if (random.one_in(4)) MUST(machine.cache->sync(seen));
                    break;
                default: ASSERT_EQ(MUST(machine.read(page * PAGE_SIZE)), model[page]); break;
            }
            if (random.one_in(20)) scheduler::SCHEDULER.yield_now();
        }
        for (u64 page = cpu; page < PAGES; page += CPUS) {
            ASSERT_EQ(MUST(machine.read(page * PAGE_SIZE)), model[page]);
            MUST(machine.cache->sync_pages(page, 1));
            ASSERT_EQ(machine.store->content()[page * PAGE_SIZE], model[page]);
        }
    });
    threads.join();
    EXPECT_GT(machine.store->reads, PAGES) << "pages were dropped and read again";
}

}  // namespace
}  // namespace exo::fs::test
