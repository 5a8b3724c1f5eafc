// Priority inheritance along chains of owners, and what ends it; threads on several CPUs, meant for the thread sanitizer.
#include "scheduler/inheritance.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <memory>

#include "scheduler/wait_queue.hpp"
#include "support/random.hpp"
#include "support/scheduled_cpus.hpp"

namespace exo::scheduler {
namespace {

using test::CPUS;
using test::Random;
using test::Threads;

constexpr Urgency REALTIME = 50;

Urgency urgency_of(const Thread& thread) {
    return thread.inheritance.effective.load(std::memory_order_relaxed);
}

/// A mutex whose owner inherits, made of a lock of the graph alone.
class InheritingMutex {
  public:
    /// Errors: Edeadlk, Etimedout.
    Result<> acquire(Deadline deadline = Deadline::never()) {
        Thread& self = current_thread();
        InheritanceWaiter waiter(self);
        Ref<Thread> next_in_chain;
        {
            auto graph = INHERITANCE.lock();
            if (lock_.owner(*graph) == nullptr) {
                graph->set_owner(lock_, &self);
                return {};
            }
            TRY(graph->check_chain(lock_, self));
            next_in_chain = Ref<Thread>(graph->enter(lock_, waiter));
        }
        spread_urgency(std::move(next_in_chain));
        while (true) {
            const Result<> parked = park(WaitMode::Uninterruptible, deadline);
            auto graph = INHERITANCE.lock();
            if (waiter.is_owner(*graph)) return {};
            if (parked) continue;
            next_in_chain = Ref<Thread>(graph->leave(waiter));
            graph.unlock();
            spread_urgency(std::move(next_in_chain));
            return parked;
        }
    }
    void release() {
        auto graph = INHERITANCE.lock();
        if (InheritanceWaiter* next = graph->hand_over(lock_))
            unpark(next->thread());
        else
            graph->set_owner(lock_, nullptr);
    }
    bool has_waiters() { return lock_.first(*INHERITANCE.lock()) != nullptr; }

  private:
    InheritanceLock lock_;
};

void become(Urgency urgency) {
    set_own_urgency(current_thread(), urgency);
    spread_urgency(Ref<Thread>(&current_thread()));
}

/// Yields until it holds.
void wait_until(const std::function<bool()>& holds) {
    while (!holds()) {
        SCHEDULER.yield_now();
        std::this_thread::yield();
    }
}

TEST(inheritance, goes_along_a_chain_and_ends_with_the_wait) {
    constexpr usize LENGTH = 40;  // more than is looked at under the lock at a time
    Threads threads;
    std::array<InheritingMutex, LENGTH + 1> chain;
    std::array<Ref<Thread>, LENGTH> links;
    std::atomic<bool> is_held{false};
    std::atomic<bool> may_release{false};
    WaitQueue release;  // time stands still while a thread runs
    const Ref<Thread> end = threads.start(0, [&] {
        MUST(chain[LENGTH].acquire());
        is_held = true;
        MUST(release.wait(WaitMode::Uninterruptible, [&] { return may_release.load(); }));
        chain[LENGTH].release();
        EXPECT_EQ(urgency_of(current_thread()), DEFAULT_URGENCY);
        EXPECT_EQ(current_thread().priority(), ThreadPriority::Normal);
    });
    threads.start(1, [&] {
        wait_until([&] { return is_held.load(); });
        for (usize index = LENGTH; index > 0; --index) {
            links[index - 1] = threads.start(static_cast<u32>(index % CPUS), [&, index] {
                MUST(chain[index - 1].acquire());
                MUST(chain[index].acquire());
                chain[index].release();
                chain[index - 1].release();
                EXPECT_EQ(urgency_of(current_thread()), DEFAULT_URGENCY);
            });
            wait_until([&] { return chain[index].has_waiters(); });
        }
        become(REALTIME);
        EXPECT_ERROR(Error::Etimedout, chain[0].acquire(Deadline::after(time::MICROSECOND)));
        for (const auto& link : links) EXPECT_EQ(urgency_of(*link), DEFAULT_URGENCY);
        std::atomic<bool> has_it{false};
        threads.start(2, [&] {
            become(REALTIME);
            MUST(chain[0].acquire());
            has_it = true;
            chain[0].release();
        });
        wait_until([&] { return urgency_of(*end) == REALTIME; });
        for (const auto& link : links) {
            EXPECT_EQ(urgency_of(*link), REALTIME);
            EXPECT_EQ(link->priority(), ThreadPriority::Realtime);
        }
        EXPECT_EQ(end->own_priority(), ThreadPriority::Normal);
        EXPECT_EQ(end->priority(), ThreadPriority::Realtime);
        may_release = true;
        release.wake_all();
        wait_until([&] { return has_it.load(); });
    });
    threads.join();
}

/// Thread i owns lock i and waits for lock i + 1. None of the threads runs.
class StandingChain {
  public:
    explicit StandingChain(usize length) : locks_(length + 1) {
        for (usize index = 0; index <= length; ++index) {
            threads_.push_back(MUST(Thread::create("link", nullptr, nullptr, ThreadPriority::Normal)));
            waiters_.push_back(std::make_unique<InheritanceWaiter>(*threads_.back()));
            auto graph = INHERITANCE.lock();
            graph->set_owner(locks_[index], threads_[index].get());
            if (index != 0) (void)graph->enter(locks_[index], *waiters_[index - 1]);
        }
    }
    ~StandingChain() {
        auto graph = INHERITANCE.lock();
        for (usize index = 0; index + 1 < waiters_.size(); ++index) (void)graph->leave(*waiters_[index]);
    }
    InheritanceLock& lock(usize index) { return locks_[index]; }
    Thread& thread(usize index) { return *threads_[index]; }

  private:
    std::deque<InheritanceLock> locks_;
    std::vector<Ref<Thread>> threads_;
    std::vector<std::unique_ptr<InheritanceWaiter>> waiters_;
};

TEST(inheritance, finds_circles_and_chains_that_are_too_long) {
    Threads threads;
    threads.start(1, [&] {
        constexpr usize LENGTH = InheritanceGraph::LONGEST_CHAIN;
        StandingChain chain(LENGTH);
        Thread& self = current_thread();
        {
            auto graph = INHERITANCE.lock();
            // Lock 1 leads past as many owners as there may be, lock 0 past one more.
            MUST(graph->check_chain(chain.lock(1), self));
            EXPECT_ERROR(Error::Edeadlk, graph->check_chain(chain.lock(0), self));
            EXPECT_ERROR(Error::Edeadlk, graph->check_chain(chain.lock(1), chain.thread(LENGTH)));
            EXPECT_ERROR(Error::Edeadlk, graph->check_chain(chain.lock(7), chain.thread(7)));
        }
        // The urgency goes along the whole of it, in pieces.
        set_own_urgency(chain.thread(0), REALTIME);
        spread_urgency(Ref<Thread>(&chain.thread(0)));
        EXPECT_EQ(urgency_of(chain.thread(LENGTH - 16)), REALTIME);
        set_own_urgency(chain.thread(0), DEFAULT_URGENCY);
        spread_urgency(Ref<Thread>(&chain.thread(0)));
        EXPECT_EQ(urgency_of(chain.thread(LENGTH - 16)), DEFAULT_URGENCY);
        EXPECT_EQ(chain.thread(LENGTH - 16).priority(), ThreadPriority::Normal);
    });
    threads.join();
}

TEST(inheritance, serves_the_most_urgent_first_and_equals_in_turn) {
    Threads threads;
    InheritingMutex mutex;
    std::atomic<bool> is_held{false};
    std::atomic<bool> may_release{false};
    std::vector<u32> order;
    threads.start(0, [&] {
        MUST(mutex.acquire());
        is_held = true;
        wait_until([&] { return may_release.load(); });
        mutex.release();
    });
    threads.start(1, [&] {
        wait_until([&] { return is_held.load(); });
        const std::array<Urgency, 5> urgencies{DEFAULT_URGENCY, 60, 40, DEFAULT_URGENCY - 10, 60};
        for (u32 index = 0; index < urgencies.size(); ++index) {
            const Ref<Thread> waiter = threads.start(2, [&, index, urgencies] {
                become(urgencies[index]);
                MUST(mutex.acquire());
                order.push_back(index);
                mutex.release();
            });
            wait_until([&] {
                auto graph = INHERITANCE.lock();
                return waiter->inheritance.wait != nullptr;
            });
        }
        may_release = true;
    });
    threads.join();
    EXPECT_EQ(order, (std::vector<u32>{2, 1, 4, 0, 3}));
}

TEST(inheritance, leaves_nobody_boosted_whatever_happens) {
    constexpr u32 LOCKS = 5;
    constexpr u32 THREADS = 8;
    constexpr u32 STEPS = 400;
    Threads threads;
    std::array<InheritingMutex, LOCKS> mutexes;
    std::array<std::atomic<u32>, LOCKS> inside{};
    for (u32 number = 0; number < THREADS; ++number) {
        threads.start(number % CPUS, [&, number] {
            Random random(number);
            for (u32 step = 0; step < STEPS; ++step) {
                const auto urgency = static_cast<Urgency>(random.below(IDLE_URGENCY));
                become(urgency);
                const usize first = random.below(LOCKS - 1);
                const usize second = first + 1 + random.below(LOCKS - first - 1);
                const auto deadline = [&] {
                    return random.one_in(2) ? Deadline::after(random.below(20) * time::MICROSECOND)
                                            : Deadline::never();
                };
                if (!mutexes[first].acquire(deadline())) continue;
                EXPECT_EQ(++inside[first], 1U);
                if (random.one_in(8)) EXPECT_ERROR(Error::Edeadlk, mutexes[first].acquire());
                if (mutexes[second].acquire(deadline())) {
                    EXPECT_EQ(++inside[second], 1U);
                    if (random.one_in(4)) SCHEDULER.yield_now();
                    --inside[second];
                    mutexes[second].release();
                }
                --inside[first];
                mutexes[first].release();
                EXPECT_EQ(urgency_of(current_thread()), urgency);
            }
            EXPECT_EQ(current_thread().priority(), ThreadPriority::Normal);
        });
    }
    threads.join();
}

}  // namespace
}  // namespace exo::scheduler
