// One address space that several CPUs use at once: meant for the thread sanitizer.
//
// What it leaves out: a CPU that still uses a translation which another has taken back. That needs the shoot-down of TLB
// entries, which is not written. So each CPU changes areas of its own, everybody reads and faults in what is common, and
// access goes through counted references to frames (read_remote, write_remote).
#include <gtest/gtest.h>

#include "machine.hpp"
#include "support/random.hpp"
#include "support/scheduled_cpus.hpp"

namespace exo::vm::test {
namespace {

using exo::test::CPUS;
using exo::test::Random;
using exo::test::Threads;

constexpr u64 OWN_PAGES = 48;
constexpr u64 COMMON = BASE + 64 * MIB;
constexpr u64 COMMON_PAGES = 200;

Result<> put(AddressSpace& space, u64 address, u8 byte) { return space.write_remote(address, {&byte, 1}); }
Result<u8> get(AddressSpace& space, u64 address) {
    u8 byte = 0;
    TRY(space.read_remote(address, {&byte, 1}));
    return byte;
}

/// One CPU's stretch of the space, with a model of it.
class Stretch {
  public:
    Stretch(AddressSpace& space, u32 cpu) : space_(space), random_(cpu), start_(BASE + cpu * MIB) {}

    void run(int steps) {
        for (int step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
            const u64 first = random_.below(OWN_PAGES);
            const u64 count = 1 + random_.below(std::min<u64>(8, OWN_PAGES - first));
            switch (random_.below(8)) {
                case 0: map(first, count); break;
                case 1: unmap(first, count); break;
                case 2: protect(first, count); break;
                case 3: check_fork(); break;
                case 4: check_common(); break;
                default: touch(first); break;
            }
        }
        for (u64 page = 0; page < OWN_PAGES; ++page) check(space_, page);
        MUST(space_.unmap(start_, OWN_PAGES * PAGE_SIZE));
    }

  private:
    struct Page {
        bool is_mapped = false;
        bool is_writable = false;
        u8 byte = 0;
    };
    u64 address(u64 page) const { return start_ + page * PAGE_SIZE; }

    void map(u64 first, u64 count) {
        ASSERT_EQ(MUST(space_.map(at(address(first), anonymous(count * PAGE_SIZE)))), address(first));
        for (u64 page = first; page < first + count; ++page) pages_[page] = {true, true, 0};
    }
    void unmap(u64 first, u64 count) {
        MUST(space_.unmap(address(first), count * PAGE_SIZE));
        for (u64 page = first; page < first + count; ++page) pages_[page] = {};
    }
    void protect(u64 first, u64 count) {
        for (u64 page = first; page < first + count; ++page)
            if (!pages_[page].is_mapped) return;
        const bool is_writable = random_.one_in(2);
        MUST(space_.protect(address(first), count * PAGE_SIZE, is_writable ? READ_WRITE : READ));
        for (u64 page = first; page < first + count; ++page) pages_[page].is_writable = is_writable;
    }
    void touch(u64 page) {
        check(space_, page);
        if (!pages_[page].is_writable) {
            EXPECT_NE(space_.fault(address(page), {.is_write = true}), FaultResult::Resolved);
            return;
        }
        const u8 byte = random_.byte();
        MUST(put(space_, address(page), byte));
        pages_[page].byte = byte;
        check(space_, page);
    }
    void check(AddressSpace& space, u64 page) {
        const Result<u8> byte = get(space, address(page));
        ASSERT_EQ(byte.has_value(), pages_[page].is_mapped);
        if (byte) {
            ASSERT_EQ(*byte, pages_[page].byte);
        }
    }
    /// Others map and write their stretches meanwhile; ours and what is common are as they were.
    void check_fork() {
        const Ref<AddressSpace> child = MUST(space_.clone());
        for (u64 page = 0; page < OWN_PAGES; page += 5) check(*child, page);
        const u64 page = random_.below(OWN_PAGES);
        if (pages_[page].is_writable) {
            MUST(put(*child, address(page), static_cast<u8>(pages_[page].byte + 1)));
            check(space_, page);
        }
    }
    void check_common() {
        const u64 page = random_.below(COMMON_PAGES);
        ASSERT_EQ(MUST(get(space_, COMMON + page * PAGE_SIZE)), static_cast<u8>(page));
        const SpaceStatistics statistics = space_.statistics();
        ASSERT_GE(statistics.virtual_pages, COMMON_PAGES);
    }

    AddressSpace& space_;
    Random random_;
    u64 start_;
    std::array<Page, OWN_PAGES> pages_{};
};

TEST(concurrency, one_space_on_all_cpus) {
    exo::test::start_cpus();
    const Machine machine;
    {
        const NothingLeaks nothing_leaks;
        const auto space = new_space();
        MUST(space->map(at(COMMON, anonymous(COMMON_PAGES * PAGE_SIZE))));
        for (u64 page = 0; page < COMMON_PAGES; ++page)
            MUST(put(*space, COMMON + page * PAGE_SIZE, static_cast<u8>(page)));
        Threads threads;
        threads.start_on_all([&](u32 cpu) { Stretch(*space, cpu).run(700); });
        threads.join();
        const SpaceStatistics statistics = space->statistics();
        EXPECT_EQ(statistics.areas, 1U);
        EXPECT_EQ(statistics.virtual_pages, COMMON_PAGES);
        EXPECT_EQ(statistics.resident_anonymous, COMMON_PAGES);
    }
}

/// The same pages, private and of a file, faulted in by everybody at once: each is there once.
TEST(concurrency, faults_of_all_cpus_on_the_same_pages) {
    exo::test::start_cpus();
    const Machine machine;
    const NothingLeaks nothing_leaks;
    for (u32 round = 0; round < 12; ++round) {
        const auto space = new_space();
        MUST(space->map(
            at(BASE, anonymous(COMMON_PAGES * PAGE_SIZE, READ_WRITE, round % 2 ? PRIVATE : SHARED))));
        Threads threads;
        threads.start_on_all([&](u32 cpu) {
            Random random(cpu + round);
            for (u32 step = 0; step < 2 * COMMON_PAGES; ++step) {
                const u64 page = step < COMMON_PAGES ? step : random.below(COMMON_PAGES);
                const bool is_write = random.one_in(2) || step >= COMMON_PAGES / 2;
                ASSERT_EQ(space->fault(BASE + page * PAGE_SIZE, {.is_write = is_write}),
                          FaultResult::Resolved);
            }
        });
        threads.start(0, [&] {
            // Neighbours come and go meanwhile.
            for (u32 step = 0; step < 100; ++step) {
                const u64 address = MUST(space->map(anonymous(3 * PAGE_SIZE)));
                space->populate(address, 3 * PAGE_SIZE);
                MUST(space->unmap(address, 3 * PAGE_SIZE));
            }
        });
        threads.join();
        space->populate(BASE, COMMON_PAGES * PAGE_SIZE);
        const SpaceStatistics statistics = space->statistics();
        EXPECT_EQ(statistics.resident_anonymous + statistics.resident_source, COMMON_PAGES);
    }
}

}  // namespace
}  // namespace exo::vm::test
