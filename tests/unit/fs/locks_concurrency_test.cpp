// File locks that several CPUs set, wait for and give up at once: meant for the thread sanitizer.
#include <gtest/gtest.h>

#include "fs/locks/file_locks.hpp"
#include "support/random.hpp"
#include "support/scheduled_cpus.hpp"

namespace exo::fs {
namespace {

using test::CPUS;
using test::Random;
using test::Threads;
using Blocking = FileLocks::Blocking;

struct Owner final : Object {};

Ref<FileLocks> make_locks() { return MUST(make_ref<FileLocks>(abi::DeviceNumber{0, 1}, 1ULL)); }

LockRequest request_of(const Owner& owner, LockMode mode, const LockRange& range, LockKind kind) {
    return {.owner = {kind, &owner}, .mode = mode, .range = range, .origin = {}};
}

/// Whoever has the exclusive lock of a byte adds to its counter without another lock.
TEST(file_locks, exclude_each_other_and_lose_no_waiter) {
    constexpr u64 COUNTERS = 4;
    constexpr int ROUNDS = 3000;
    const Ref<FileLocks> locks = make_locks();
    u64 counters[COUNTERS] = {};
    Owner owners[CPUS];
    Threads threads;
    threads.start_on_all([&](u32 cpu) {
        Random random(cpu + 1);
        for (int round = 0; round < ROUNDS; ++round) {
            const u64 at = random.below(COUNTERS);
            // Open file descriptions are never found in a circle; each waits with nothing in hand.
            const LockRequest request =
                request_of(owners[cpu], LockMode::Exclusive, {at, at}, LockKind::OpenFile);
            MUST(locks->set(request, Blocking::Yes));
            ++counters[at];
            if (random.one_in(4)) {
                // A weaker lock for a while: readers may come in.
                MUST(locks->set(request_of(owners[cpu], LockMode::Shared, {at, at}, LockKind::OpenFile),
                                Blocking::Yes));
            }
            if (random.one_in(8))
                locks->clear_all(request.owner);
            else
                MUST(locks->clear(request.owner, {at, at}));
        }
    });
    threads.join();
    u64 sum = 0;
    for (const u64 counter : counters) sum += counter;
    EXPECT_EQ(sum, u64{CPUS} * ROUNDS);
}

/// Owners that take two bytes in any order: who would close a circle is told so, and nobody waits for ever.
TEST(file_locks, break_every_circle) {
    constexpr int ROUNDS = 2000;
    const Ref<FileLocks> locks = make_locks();
    Owner owners[CPUS];
    std::atomic<u32> circles{0};
    Threads threads;
    threads.start_on_all([&](u32 cpu) {
        Random random(cpu + 1);
        for (int round = 0; round < ROUNDS; ++round) {
            const u64 first = random.below(3);
            const u64 second = random.below(3);
            const LockRequest one =
                request_of(owners[cpu], LockMode::Exclusive, {first, first}, LockKind::Posix);
            const LockRequest other =
                request_of(owners[cpu], LockMode::Exclusive, {second, second}, LockKind::Posix);
            if (const Result<> set = locks->set(one, Blocking::Yes); !set) ADD_FAILURE() << "holds nothing";
            scheduler::SCHEDULER.yield_now();
            if (const Result<> set = locks->set(other, Blocking::Yes); !set) {
                EXPECT_EQ(set.error(), Error::Edeadlk);
                ++circles;
            }
            locks->clear_all(one.owner);
        }
    });
    threads.join();
    EXPECT_FALSE(locks->find_conflict(request_of(owners[0], LockMode::Exclusive, {}, LockKind::Flock)));
}

}  // namespace
}  // namespace exo::fs
