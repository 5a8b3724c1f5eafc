// Threads of several CPUs that park and wake each other: meant for the thread sanitizer.
#include <gtest/gtest.h>

#include <array>

#include "support/random.hpp"
#include "support/scheduled_cpus.hpp"

namespace exo::scheduler {
namespace {

using test::CPUS;
using test::Random;
using test::Threads;

/// A plain word that goes back and forth, guarded by nothing but the token.
TEST(concurrency, a_token_carries_what_was_written_before) {
    constexpr u32 ROUNDS = 3000;
    Threads threads;
    std::array<Thread*, 2> players{};
    std::atomic<u32> ready{0};
    u64 ball = 0;
    const auto play = [&](u32 me) {
        players[me] = &current_thread();
        ++ready;
        while (ready != 2) arch::relax();
        for (u32 round = 0; round < ROUNDS; ++round) {
            if (me != 0 || round != 0) MUST(park(WaitMode::Uninterruptible));
            ASSERT_EQ(ball, 2 * round + me);
            ++ball;
            unpark(*players[1 - me]);
        }
    };
    const auto first = threads.start(1, [&] { play(0); });
    const auto second = threads.start(2, [&] { play(1); });
    threads.join();
    EXPECT_EQ(ball, 2 * ROUNDS);
}

/// Three wakers leave a token each time that they have made the condition true; the sleeper never misses one.
TEST(concurrency, no_token_is_lost_among_many_wakers) {
    constexpr u32 ROUNDS = 20000;
    Threads threads;
    std::atomic<u64> made{0};
    u64 taken = 0;
    const auto sleeper = threads.start(0, [&] {
        while (taken < ROUNDS * (CPUS - 1)) {
            while (made.load() == taken) MUST(park(WaitMode::Uninterruptible));
            taken = made.load();
        }
    });
    for (u32 cpu = 1; cpu < CPUS; ++cpu) {
        threads.start(cpu, [&, cpu] {
            Random random(cpu);
            for (u32 round = 0; round < ROUNDS; ++round) {
                ++made;
                unpark(*sleeper);
                if (random.one_in(4)) SCHEDULER.yield_now();
            }
        });
    }
    threads.join();
    EXPECT_EQ(taken, ROUNDS * (CPUS - 1));
    EXPECT_EQ(sleeper->state(), ThreadState::Terminated);
}

/// Deadlines that pass while others wake: a wait ends by its deadline at the latest, and says why it ended.
TEST(concurrency, deadlines_pass_while_others_wake) {
    Threads threads;
    std::array<Ref<Thread>, CPUS> sleepers;
    std::atomic<u32> awake{CPUS};
    for (u32 cpu = 0; cpu < CPUS; ++cpu) {
        sleepers[cpu] = threads.start(cpu, [&, cpu] {
            Random random(cpu);
            for (u32 round = 0; round < 2000; ++round) {
                const Nanoseconds before = time::monotonic();
                const Nanoseconds length = random.below(50) * time::MICROSECOND;
                const Result<> result = park(WaitMode::Uninterruptible, Deadline::after(length));
                EXPECT_TRUE(result || result.error() == Error::Etimedout);
                if (!result) {
                    EXPECT_GE(time::monotonic(), before + length);
                }
                if (random.one_in(2)) MUST(sleep_until(Deadline::after(length), WaitMode::Uninterruptible));
            }
            --awake;
        });
    }
    threads.start(0, [&] {
        Random random(99);
        while (awake != 0) {
            unpark(*sleepers[random.below(CPUS)]);
            MUST(sleep_until(Deadline::after(random.below(20) * time::MICROSECOND),
                             WaitMode::Uninterruptible));
        }
    });
    threads.join();
}

/// A signal ends interruptible waits only, a kill killable ones too; neither is lost, whenever it comes.
TEST(concurrency, interruptions_meet_waits) {
    Threads threads;
    for (const WaitMode mode : {WaitMode::Killable, WaitMode::Interruptible}) {
        for (u32 round = 0; round < 60; ++round) {
            std::atomic<bool> was_interrupted{false};
            std::atomic<bool> goes_on{true};
            const auto sleeper = threads.start(1 + round % 3, [&, mode] {
                WaitQueue queue;
                const Result<> result = queue.wait(mode, [&] { return !goes_on.load(); });
                EXPECT_ERROR(Error::RestartSys, result);
                was_interrupted = true;
            });
            const bool may_signal = mode == WaitMode::Interruptible;
            threads.start(2, [&] {
                interrupt(*sleeper, may_signal ? Work::Signal : Work::Kill);
                if (!may_signal) return;
                interrupt(*sleeper, Work::Personality);
            });
            if (!may_signal) threads.start(3, [&] { interrupt(*sleeper, Work::Signal); });
            threads.join();
            EXPECT_TRUE(was_interrupted);
        }
    }
}

TEST(concurrency, an_uninterruptible_wait_is_not_interrupted) {
    Threads threads;
    WaitQueue queue;
    std::atomic<u32> released{0};
    u32 done = 0;
    const auto sleeper = threads.start(1, [&] {
        for (u32 round = 1; round <= 5000; ++round) {
            const Result<> result =
                queue.wait(WaitMode::Uninterruptible, [&] { return released.load() >= round; });
            EXPECT_TRUE(result.has_value());
            EXPECT_GE(released.load(), round);
            done = round;
        }
    });
    threads.start(2, [&] {
        for (u32 round = 0; round < 5000; ++round) interrupt(*sleeper, Work::Signal | Work::Kill);
    });
    threads.start(3, [&] {
        for (u32 round = 0; round < 5000; ++round) {
            ++released;
            queue.wake_one();
            SCHEDULER.yield_now();
        }
    });
    threads.join();
    EXPECT_EQ(done, 5000U);
}

/// Threads that come and go everywhere: each is found by its id while it lives and not after, and none is left.
TEST(concurrency, threads_are_born_and_die_on_all_cpus) {
    Threads threads;
    std::atomic<u64> runs{0};
    std::array<std::atomic<ThreadId>, 16> known{};
    std::atomic<u32> looking{CPUS - 1};
    for (u32 cpu = 1; cpu < CPUS; ++cpu) {
        threads.start(cpu, [&, cpu] {
            Random random(cpu);
            for (u32 step = 0; step < 20000; ++step) {
                if (const Ref<Thread> found = THREADS.find(known[random.below(known.size())].load())) {
                    EXPECT_NE(found->id(), 0U);
                    (void)found->stats();
                    unpark(*found);
                }
                if (random.one_in(3))
                    (void)SCHEDULER.unblock_thread(known[random.below(known.size())].load());
                if (random.one_in(5)) SCHEDULER.yield_now();
            }
            --looking;
        });
    }
    // More are born as long as somebody looks; each wants one token, and takes it from whoever comes first.
    do {
        for (u32 cpu = 0; cpu < CPUS; ++cpu) {
            const auto thread = threads.start(cpu, [&] {
                ++runs;
                (void)park(WaitMode::Uninterruptible, Deadline::after(10 * time::MICROSECOND));
            });
            known[runs % known.size()] = thread->id();
        }
        SCHEDULER.yield_now();
        threads.join();
    } while (looking != 0);
    EXPECT_TRUE(threads.are_gone());
    // Those of the test before may still be on their way out.
    for (u32 tries = 0; SCHEDULER.stats().threads != 0 && tries < 100'000; ++tries) std::this_thread::yield();
    EXPECT_EQ(SCHEDULER.stats().threads, 0U);
    EXPECT_GT(runs.load(), 0U);
}

/// What /proc shows of a thread that runs elsewhere: never less than before, and never more than the time that passed.
TEST(concurrency, statistics_of_running_threads) {
    Threads threads;
    std::atomic<u32> running{CPUS - 1};
    std::array<Ref<Thread>, CPUS> workers;
    const Nanoseconds start = time::monotonic();
    for (u32 cpu = 1; cpu < CPUS; ++cpu) {
        workers[cpu] = threads.start(cpu, [&, cpu] {
            Random random(cpu);
            for (u32 step = 0; step < 6000; ++step) {
                if (random.one_in(3))
                    MUST(sleep_until(Deadline::after(time::MICROSECOND), WaitMode::Uninterruptible));
                else
                    SCHEDULER.yield_now();
                current_thread().count_minor_fault();
            }
            --running;
        });
    }
    threads.start(0, [&] {
        CpuUse last{};
        u64 switches = 0;
        Random random(7);
        while (running != 0) {
            const CpuUse use = workers[1]->cpu_use();
            EXPECT_GE(use.run_time, last.run_time);
            EXPECT_LE(use.run_time, time::monotonic() - start);
            EXPECT_GE(use.minor_faults, last.minor_faults);
            EXPECT_GE(use.voluntary_switches, last.voluntary_switches);
            last = use;
            const SchedulerStats stats = SCHEDULER.stats();
            EXPECT_GE(stats.total_switches, switches);
            switches = stats.total_switches;
            EXPECT_LE(SCHEDULER.runnable_count(), CPUS + CPUS);
            for (u32 cpu = 0; cpu < CPUS; ++cpu) {
                const CpuTimes times = SCHEDULER.cpu_times(cpu);
                EXPECT_LE(times.busy + times.idle, time::monotonic());
            }
            (void)SCHEDULER.busy_time();
            (void)SCHEDULER.loads();
            (void)workers[2]->stats();
            const auto priority = static_cast<ThreadPriority>(1 + random.below(4));
            SCHEDULER.set_urgency(*workers[1 + random.below(CPUS - 1)], urgency_for(priority),
                                  RealtimePolicy::RoundRobin);
            EXPECT_NE(workers[3]->priority(), ThreadPriority::Idle);
            (void)workers[3]->queue_type();
            MUST(sleep_until(Deadline::after(time::MICROSECOND), WaitMode::Uninterruptible));
        }
    });
    threads.join();
    EXPECT_EQ(workers[1]->cpu_use().minor_faults, 6000U);
}

}  // namespace
}  // namespace exo::scheduler
