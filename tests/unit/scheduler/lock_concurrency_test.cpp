// Wait queues, sleeping locks and timers that several CPUs use: meant for the thread sanitizer.
#include <gtest/gtest.h>

#include <array>
#include <deque>

#include "support/random.hpp"
#include "support/scheduled_cpus.hpp"

namespace exo::scheduler {
namespace {

using sync::LockRank;
using test::CPUS;
using test::Random;
using test::Threads;

/// Deep enough to make both sides wait: what goes in comes out once.
TEST(concurrency, a_bounded_buffer_loses_and_doubles_nothing) {
    constexpr u64 ITEMS = 2000;
    Threads threads;
    struct Buffer {
        sync::SpinLocked<std::deque<u64>, LockRank::SpinLeaf> items;
        WaitQueue readable;
        WaitQueue writable;
        bool put(u64 item) {
            auto held = items.lock();
            if (held->size() == 3) return false;
            held->push_back(item);
            return true;
        }
        std::optional<u64> get() {
            auto held = items.lock();
            if (held->empty()) return std::nullopt;
            const u64 item = held->front();
            held->pop_front();
            return item;
        }
    } buffer;
    std::array<std::atomic<u32>, 2 * ITEMS> seen{};
    std::atomic<u64> left{2 * ITEMS};
    for (u32 producer = 0; producer < 2; ++producer) {
        threads.start(producer, [&, producer] {
            for (u64 i = 0; i < ITEMS; ++i) {
                MUST(buffer.writable.wait(WaitMode::Uninterruptible,
                                          [&] { return buffer.put(producer * ITEMS + i); }));
                buffer.readable.wake_one();
            }
        });
    }
    for (u32 consumer = 0; consumer < 3; ++consumer) {
        threads.start(1 + consumer, [&, consumer] {
            Random random(consumer);
            while (left != 0) {
                std::optional<u64> item;
                const Deadline deadline = random.one_in(3)
                                              ? Deadline::after(random.below(10) * time::MICROSECOND)
                                              : Deadline::never();
                const auto taken = [&] {
                    item = buffer.get();
                    return item.has_value() || left == 0;
                };
                const Result<> result = buffer.readable.wait(WaitMode::Uninterruptible, taken, deadline);
                if (!result) {
                    EXPECT_ERROR(Error::Etimedout, result);
                    continue;
                }
                if (!item) break;
                ++seen[*item];
                buffer.writable.wake_one();
                if (--left == 0) buffer.readable.wake_all();
            }
        });
    }
    threads.join();
    for (const auto& count : seen) EXPECT_EQ(count, 1U);
}

TEST(concurrency, wake_all_wakes_everybody) {
    Threads threads;
    WaitQueue queue;
    std::atomic<u32> generation{0};
    std::atomic<u32> arrived{0};
    constexpr u32 ROUNDS = 400;
    for (u32 index = 0; index < 6; ++index) {
        threads.start(index % CPUS, [&] {
            for (u32 round = 1; round <= ROUNDS; ++round) {
                if (++arrived == 6 * round) {  // a barrier: the last one opens it
                    generation = round;
                    queue.wake_all();
                }
                MUST(queue.wait(WaitMode::Uninterruptible, [&] { return generation >= round; }));
            }
        });
    }
    threads.join();
    EXPECT_EQ(generation.load(), ROUNDS);
}

TEST(concurrency, a_mutex_excludes_and_wakes) {
    constexpr u64 STEPS = 1500;
    Threads threads;
    struct Account {
        u64 balance = 0;
        bool is_inside = false;
    };
    Mutex<Account, LockRank::SleepingLeaf> account;
    u64 tries_won = 0;
    for (u32 index = 0; index < 6; ++index) {
        threads.start(index % CPUS, [&, index] {
            Random random(index);
            for (u64 step = 0; step < STEPS; ++step) {
                if (random.one_in(5)) {
                    if (auto held = account.try_lock()) {
                        EXPECT_FALSE((*held)->is_inside);
                        ++tries_won;
                    }
                }
                auto held = account.lock();
                EXPECT_FALSE(std::exchange(held->is_inside, true));
                if (random.one_in(4)) SCHEDULER.yield_now();
                if (random.one_in(50))
                    MUST(sleep_until(Deadline::after(time::MICROSECOND), WaitMode::Uninterruptible));
                ++held->balance;
                held->is_inside = false;
            }
        });
    }
    threads.join();
    EXPECT_EQ(account.lock()->balance, 6 * STEPS);
    EXPECT_GT(tries_won, 0U);
}

TEST(concurrency, readers_share_writers_exclude_and_come_in) {
    constexpr u64 WRITES = 400;
    Threads threads;
    struct Pair {
        u64 first = 0;
        u64 second = 0;
    };
    RwLock<Pair, LockRank::SleepingLeaf> pair;
    std::atomic<u32> writers{2};
    std::atomic<u32> readers_inside{0};
    std::atomic<u32> most_inside{0};
    std::atomic<u64> reads{0};
    for (u32 index = 0; index < 2; ++index) {
        threads.start(index, [&] {
            for (u64 i = 0; i < WRITES; ++i) {
                auto held = pair.lock_exclusive();
                EXPECT_EQ(readers_inside, 0U);
                EXPECT_EQ(held->first, held->second);
                ++held->first;
                SCHEDULER.yield_now();
                ++held->second;
            }
            --writers;
        });
    }
    // Without a pause, and overlapping: they end only because the writers come in between.
    for (u32 index = 0; index < 5; ++index) {
        threads.start(index % CPUS, [&] {
            while (writers != 0) {
                auto held = pair.lock_shared();
                const u32 inside = ++readers_inside;
                if (inside > most_inside) most_inside = inside;
                const u64 first = held->first;
                SCHEDULER.yield_now();
                EXPECT_EQ(held->first, first);
                EXPECT_EQ(held->second, first);
                --readers_inside;
                ++reads;
            }
        });
    }
    threads.join();
    EXPECT_EQ(pair.lock_shared()->second, 2 * WRITES);
    EXPECT_GT(most_inside.load(), 1U);
    EXPECT_GT(reads.load(), 0U);
}

/// Short sections, so that most locks are found free: what orders then is the lock's word alone.
TEST(concurrency, a_lock_that_is_found_free_orders_too) {
    Threads threads;
    RwLock<u64, LockRank::SleepingLeaf> shared;
    Mutex<u64, LockRank::SleepingLeaf> own;
    threads.start_on_all([&](u32 cpu) {
        Random random(cpu);
        for (u32 step = 0; step < 4000; ++step) {
            for (usize pause = random.below(200); pause != 0; --pause)
                std::atomic_signal_fence(std::memory_order_seq_cst);
            if (cpu == 0 || random.one_in(8))
                ++*shared.lock_exclusive();
            else
                EXPECT_LE(*shared.lock_shared(), 4000U * CPUS);
        }
        // Apart, or this lock would do the other's work.
        for (u32 step = 0; step < 4000; ++step) ++*own.lock();
    });
    threads.join();
    EXPECT_GE(*shared.lock_shared(), 4000U);
    EXPECT_EQ(*own.lock(), 4000U * CPUS);
}

/// A timer that one CPU arms and others cancel: after cancel has returned, its owner's memory is its owner's.
TEST(concurrency, timers_armed_here_and_cancelled_there) {
    struct Alarm : time::Timer {
        Alarm()
            : Timer([](Timer& timer) {
                  auto& alarm = static_cast<Alarm&>(timer);
                  ++alarm.fired;
                  ++*alarm.target;
              }) {}
        u64 fired = 0;  // plain: by the callback, and by whoever has cancelled it
        std::atomic<u64>* target = nullptr;
    };
    Threads threads;
    std::array<Mutex<Alarm, LockRank::SleepingLeaf>, 3> alarms;
    std::atomic<u64> rings{0};
    u64 counted = 0;
    for (auto& alarm : alarms) alarm.lock()->target = &rings;
    std::atomic<u64> sum{0};
    threads.start_on_all([&](u32 cpu) {
        Random random(cpu);
        for (u32 step = 0; step < 1500; ++step) {
            auto alarm = alarms[random.below(alarms.size())].lock();
            switch (random.below(3)) {
                case 0: alarm->arm(Deadline::after(random.below(5) * time::MICROSECOND)); break;
                case 1:
                    alarm->cancel();
                    sum += std::exchange(alarm->fired, 0);
                    break;
                default:
                    alarm.unlock();
                    MUST(sleep_until(Deadline::after(random.below(4) * time::MICROSECOND),
                                     WaitMode::Uninterruptible));
            }
        }
    });
    threads.join();
    for (auto& alarm : alarms) {
        auto held = alarm.lock();
        held->cancel();
        counted += held->fired;
    }
    EXPECT_EQ(sum + counted, rings.load());
    EXPECT_GT(rings.load(), 0U);
}

}  // namespace
}  // namespace exo::scheduler
