// The order in which a run queue serves its threads.
#include "scheduler/run_queue.hpp"

#include <gtest/gtest.h>

#include "support/must.hpp"
#include "utils/scope.hpp"

namespace exo::scheduler {
namespace {

constexpr Nanoseconds MS = time::MILLISECOND;

class RunQueueTest : public testing::Test {
  protected:
    Thread& thread(Urgency urgency, RealtimePolicy policy = RealtimePolicy::Fifo) {
        threads_.push_back(MUST(Thread::create("test", nullptr, nullptr, ThreadPriority::Normal)));
        threads_.back()->begin_scheduling(urgency, policy);
        return *threads_.back();
    }
    void SetUp() override { MUST(queue.init()); }
    void TearDown() override {
        while (queue.pick(0) != nullptr) continue;
        EXPECT_TRUE(queue.is_empty());
        EXPECT_EQ(queue.length(), 0U);
    }
    RunQueue& queue = make_queue();

  private:
    /// As in the kernel, a run queue is never destroyed.
    static RunQueue& make_queue() {
        static std::vector<RunQueue*>& all = *new std::vector<RunQueue*>();
        return *all.emplace_back(new RunQueue());
    }
    std::vector<Ref<Thread>> threads_;
};

TEST_F(RunQueueTest, realtime_threads_go_first_and_by_their_urgency) {
    Thread& normal = thread(DEFAULT_URGENCY);
    Thread& low = thread(90);
    Thread& high = thread(10);
    Thread& low_too = thread(90);
    for (Thread* one : {&normal, &low, &high, &low_too}) queue.enqueue(*one, 0);
    EXPECT_EQ(queue.length(), 4U);
    for (Thread* one : {&high, &low, &low_too, &normal}) EXPECT_EQ(queue.pick(0), one);
}

TEST_F(RunQueueTest, a_realtime_thread_that_keeps_its_turn_comes_before_its_equals) {
    Thread& first = thread(50);
    Thread& second = thread(50);
    queue.enqueue(second, 0);
    queue.enqueue_first(first, 0);
    EXPECT_EQ(queue.pick(0), &first);
    EXPECT_EQ(queue.pick(0), &second);
}

TEST_F(RunQueueTest, only_a_higher_static_priority_is_better_than_a_realtime_thread) {
    Thread& running = thread(50);
    Thread& equal = thread(50);
    Thread& normal = thread(MOST_URGENT_NORMAL);
    queue.enqueue(equal, 0);
    queue.enqueue(normal, 0);
    EXPECT_FALSE(queue.has_better_than(running, 0));
    EXPECT_TRUE(queue.has_better_than(normal, 0));
    Thread& better = thread(49);
    queue.enqueue(better, 0);
    EXPECT_TRUE(queue.has_better_than(running, 0));
}

TEST_F(RunQueueTest, realtime_threads_give_way_when_their_share_is_used_up) {
    Thread& running = thread(50);
    Thread& normal = thread(DEFAULT_URGENCY);
    queue.enqueue(normal, 0);
    EXPECT_EQ(queue.slice_end(running, 0), 950 * MS);
    queue.charge_realtime(running, 949 * MS, 949 * MS);
    EXPECT_FALSE(queue.has_better_than(running, 949 * MS));
    queue.charge_realtime(running, 1 * MS, 950 * MS);
    EXPECT_TRUE(queue.has_better_than(running, 950 * MS));
    queue.enqueue_first(running, 950 * MS);
    EXPECT_EQ(queue.pick(950 * MS), &normal);
    EXPECT_FALSE(queue.has_better_than(normal, 950 * MS));
    EXPECT_LE(queue.slice_end(normal, 998 * MS), 1000 * MS);
    // The next period has a new share.
    EXPECT_TRUE(queue.has_better_than(normal, 1000 * MS));
    queue.enqueue(normal, 1000 * MS);
    EXPECT_EQ(queue.pick(1000 * MS), &running);
}

TEST_F(RunQueueTest, a_run_over_the_end_of_a_period_counts_for_both) {
    Thread& running = thread(50);
    queue.enqueue(thread(DEFAULT_URGENCY), 0);
    queue.charge_realtime(running, 1060 * MS, 1250 * MS);
    EXPECT_FALSE(queue.has_better_than(running, 1250 * MS));
    EXPECT_EQ(queue.slice_end(running, 1250 * MS), 1250 * MS + 700 * MS);
}

// Also when the end of the period was noticed before the run was charged.
TEST_F(RunQueueTest, a_run_is_charged_to_the_periods_that_it_was_in) {
    Thread& running = thread(50);
    queue.enqueue(thread(DEFAULT_URGENCY), 0);
    for (u64 period = 1; period < 12; ++period) {
        const Nanoseconds began = period * 1000 * MS;
        EXPECT_FALSE(queue.has_better_than(running, began + 1 * MS));
        queue.charge_realtime(running, 500 * MS, began + 450 * MS);  // it began 50 ms before the period
        EXPECT_FALSE(queue.has_better_than(running, began + 450 * MS));
        queue.charge_realtime(running, 499 * MS, began + 949 * MS);
        EXPECT_FALSE(queue.has_better_than(running, began + 949 * MS));
        queue.charge_realtime(running, 1 * MS, began + 950 * MS);
        EXPECT_TRUE(queue.has_better_than(running, began + 950 * MS));
    }
}

TEST_F(RunQueueTest, realtime_threads_alone_go_on) {
    Thread& running = thread(50);
    Thread& other = thread(60);
    queue.charge_realtime(running, 2000 * MS, 2000 * MS);
    queue.charge_realtime(running, 990 * MS, 2990 * MS);
    queue.enqueue(other, 2990 * MS);
    EXPECT_FALSE(queue.has_better_than(running, 2990 * MS));
    EXPECT_EQ(queue.slice_end(running, 2990 * MS), ~0ULL);
    EXPECT_EQ(queue.pick(2990 * MS), &other);
}

TEST_F(RunQueueTest, without_a_limit_nobody_else_has_a_share) {
    MUST(REALTIME_LIMIT.set_runtime_us(RealtimeLimit::UNLIMITED));
    const ScopeExit restore{[] { MUST(REALTIME_LIMIT.set_runtime_us(950'000)); }};
    Thread& running = thread(50);
    queue.enqueue(thread(DEFAULT_URGENCY), 0);
    queue.charge_realtime(running, 5000 * MS, 5000 * MS);
    EXPECT_FALSE(queue.has_better_than(running, 5000 * MS));
    EXPECT_EQ(queue.slice_end(running, 5000 * MS), ~0ULL);
}

TEST_F(RunQueueTest, a_round_robin_thread_gives_way_to_its_equals_after_its_slice) {
    Thread& running = thread(50, RealtimePolicy::RoundRobin);
    EXPECT_EQ(queue.slice_end(running, 0), ~0ULL);
    queue.enqueue(thread(50), 0);
    EXPECT_EQ(queue.slice_end(running, 0), ROUND_ROBIN_SLICE);
    queue.charge_realtime(running, 30 * MS, 30 * MS);
    EXPECT_EQ(queue.slice_end(running, 30 * MS), ROUND_ROBIN_SLICE);
}

TEST_F(RunQueueTest, another_cpu_takes_only_a_more_urgent_realtime_thread) {
    Thread& waiting = thread(50);
    queue.enqueue(waiting, 0);
    EXPECT_EQ(queue.first_realtime_for(0, 50), nullptr);
    EXPECT_EQ(queue.first_realtime_for(0, 51), &waiting);
}

TEST_F(RunQueueTest, the_limit_refuses_a_runtime_longer_than_the_period) {
    RealtimeLimit limit;
    EXPECT_EQ(limit.set_runtime_us(1'000'001).error(), Error::Einval);
    EXPECT_EQ(limit.set_runtime_us(-2).error(), Error::Einval);
    EXPECT_EQ(limit.set_period_us(0).error(), Error::Einval);
    EXPECT_EQ(limit.set_period_us(949'999).error(), Error::Einval);
    EXPECT_TRUE(limit.set_period_us(950'000));
}

}  // namespace
}  // namespace exo::scheduler
