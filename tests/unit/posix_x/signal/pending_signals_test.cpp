// What waits to be delivered: the order in which it is taken, and whose count it is in.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <vector>

#include "posix_x/process/signal_quota.hpp"
#include "posix_x/process/signals.hpp"
#include "support/failing_allocations.hpp"
#include "support/must.hpp"
#include "support/random.hpp"

namespace exo::posix_x {
namespace {

constexpr UserId USER = 1000;
constexpr u64 MANY = 1000;
constexpr SignalSet ALL{~0ULL};

Signal realtime(u32 offset) { return static_cast<Signal>(static_cast<u32>(Signal::FirstRealtime) + offset); }

SignalInfo queued(Signal signal, u64 value) {
    return {.signal = signal, .code = signal_code::QUEUE, .value = value};
}
SignalInfo by_kill(Signal signal) { return {.signal = signal, .code = signal_code::USER, .sender = 7}; }

/// All that is taken of `wanted`, as number and value.
std::vector<std::pair<u32, u64>> take_all_of(PendingSignals& pending, SignalSet wanted = ALL) {
    std::vector<std::pair<u32, u64>> taken;
    SignalInfo info;
    while (pending.take(wanted, info)) taken.emplace_back(static_cast<u32>(info.signal), info.value);
    return taken;
}
using Taken = std::vector<std::pair<u32, u64>>;

TEST(pending_signals, a_standard_signal_waits_once_and_keeps_its_first_details) {
    PendingSignals pending;
    MUST(pending.add(queued(Signal::Usr1, 1), USER, MANY));
    MUST(pending.add(queued(Signal::Usr1, 2), USER, MANY));
    EXPECT_EQ(QUEUED_SIGNALS.of(USER), 1U);
    EXPECT_EQ(take_all_of(pending), (Taken{{10, 1}}));
    EXPECT_TRUE(pending.set().is_empty());
}

TEST(pending_signals, realtime_signals_queue_in_the_order_of_sending) {
    PendingSignals pending;
    for (u64 value = 1; value <= 3; ++value) MUST(pending.add(queued(realtime(5), value), USER, MANY));
    MUST(pending.add(queued(realtime(2), 4), USER, MANY));
    SignalInfo info;
    EXPECT_TRUE(pending.take(ALL, info));
    EXPECT_EQ(info.value, 4U) << "the lower number first";
    EXPECT_FALSE(pending.set().has(realtime(2)));
    EXPECT_TRUE(pending.take(ALL, info));
    EXPECT_EQ(info.value, 1U);
    EXPECT_TRUE(pending.set().has(realtime(5))) << "two more wait";
    EXPECT_EQ(take_all_of(pending), (Taken{{37, 2}, {37, 3}}));
}

TEST(pending_signals, synchronous_signals_come_before_lower_numbers) {
    PendingSignals pending;
    for (const Signal signal : {Signal::Hup, Signal::Segv, realtime(0), Signal::Int, Signal::Ill})
        MUST(pending.add(queued(signal, 0), USER, MANY));
    EXPECT_EQ(take_all_of(pending), (Taken{{4, 0}, {11, 0}, {1, 0}, {2, 0}, {32, 0}}));
}

TEST(pending_signals, takes_only_what_is_wanted) {
    PendingSignals pending;
    for (const Signal signal : {Signal::Segv, Signal::Usr1, Signal::Usr2})
        MUST(pending.add(queued(signal, 0), USER, MANY));
    EXPECT_EQ(take_all_of(pending, SignalSet::of(Signal::Usr2, Signal::Term)), (Taken{{12, 0}}));
    EXPECT_EQ(pending.set(), SignalSet::of(Signal::Segv, Signal::Usr1));
}

/// sigqueue(3) fails when the quota is used up, kill(2) and standard signals go without details.
TEST(pending_signals, above_the_quota_details_are_lost_or_the_sender_is_told) {
    for (const UserId user : {UserId{0}, USER}) {
        PendingSignals pending;
        for (u64 value = 1; value <= 2; ++value) MUST(pending.add(queued(realtime(1), value), user, 2));
        EXPECT_ERROR(Error::Eagain, pending.add(queued(realtime(2), 3), user, 2));
        EXPECT_FALSE(pending.set().has(realtime(2)));
        MUST(pending.add(by_kill(realtime(3)), user, 2));
        MUST(pending.add(queued(Signal::Usr1, 4), user, 2));
        EXPECT_EQ(QUEUED_SIGNALS.of(user), 2U);
        SignalInfo info;
        EXPECT_TRUE(pending.take(SignalSet::of(Signal::Usr1), info));
        EXPECT_EQ(info.signal, Signal::Usr1);
        EXPECT_EQ(info.code, signal_code::USER);
        EXPECT_EQ(info.value, 0U);
        EXPECT_TRUE(pending.take(SignalSet::of(realtime(3)), info));
        EXPECT_EQ(info.sender, 0);
        EXPECT_EQ(take_all_of(pending), (Taken{{33, 1}, {33, 2}}));
        EXPECT_EQ(QUEUED_SIGNALS.of(user), 0U);
    }
}

TEST(pending_signals, sigkill_needs_neither_quota_nor_memory) {
    PendingSignals pending;
    {
        const test::NoAllocations none;
        MUST(pending.add(by_kill(Signal::Kill), USER, 0));
    }
    EXPECT_EQ(QUEUED_SIGNALS.of(USER), 0U);
    EXPECT_EQ(take_all_of(pending), (Taken{{9, 0}}));
}

TEST(pending_signals, without_memory_details_are_lost_and_nothing_is_counted) {
    PendingSignals pending;
    {
        const test::NoAllocations none;
        MUST(pending.add(queued(Signal::Usr1, 1), USER, MANY));
        EXPECT_ERROR(Error::Eagain, pending.add(queued(realtime(1), 1), USER, MANY));
    }
    EXPECT_EQ(QUEUED_SIGNALS.of(USER), 0U);
    EXPECT_EQ(take_all_of(pending), (Taken{{10, 0}}));
}

TEST(pending_signals, discarding_gives_the_quota_back) {
    {
        PendingSignals pending;
        for (u64 value = 1; value <= 2; ++value) MUST(pending.add(queued(realtime(1), value), USER, MANY));
        MUST(pending.add(queued(realtime(2), 3), USER, MANY));
        MUST(pending.add(queued(Signal::Usr1, 4), USER, MANY));
        pending.discard(SignalSet::of(realtime(1), Signal::Usr2));
        EXPECT_EQ(pending.set(), SignalSet::of(realtime(2), Signal::Usr1));
        EXPECT_EQ(QUEUED_SIGNALS.of(USER), 2U);
    }
    EXPECT_EQ(QUEUED_SIGNALS.of(USER), 0U) << "the destructor discards the rest";
}

TEST(pending_signals, take_all_puts_the_other_s_behind_its_own) {
    PendingSignals ours;
    PendingSignals others;
    MUST(ours.add(queued(realtime(1), 1), USER, MANY));
    for (u64 value = 2; value <= 3; ++value) MUST(others.add(queued(realtime(1), value), USER, MANY));
    MUST(others.add(queued(realtime(2), 4), USER, MANY));
    MUST(others.add(by_kill(Signal::Kill), USER, MANY));
    ours.take_all(others);
    EXPECT_TRUE(others.set().is_empty());
    EXPECT_EQ(take_all_of(others), Taken{});
    MUST(ours.add(queued(realtime(1), 5), USER, MANY));
    EXPECT_EQ(take_all_of(ours), (Taken{{9, 0}, {33, 1}, {33, 2}, {33, 3}, {33, 5}, {34, 4}}));
    EXPECT_EQ(QUEUED_SIGNALS.of(USER), 0U);
}

/// Random operations beside a queue for each signal and a set.
class Model {
  public:
    static constexpr u64 MOST = 12;

    bool add(u32 signal, u64 value, bool is_by_kill) {
        if (signal < 32 && set_.contains(signal)) return true;
        if (signal != 9) {
            if (total_ < MOST) {
                set_[signal].push_back(value);
                ++total_;
                return true;
            }
            if (signal >= 32 && !is_by_kill) return false;
        }
        set_[signal];
        return true;
    }
    /// {0, 0} if there is none.
    std::pair<u32, u64> take(u64 wanted) {
        u32 chosen = 0;
        for (const auto& [signal, values] : set_) {
            if ((wanted >> (signal - 1) & 1) == 0) continue;
            if (chosen == 0 || (is_synchronous(signal) && !is_synchronous(chosen))) chosen = signal;
        }
        if (chosen == 0) return {};
        std::deque<u64>& values = set_[chosen];
        u64 value = 0;
        if (!values.empty()) {
            value = values.front();
            values.pop_front();
            --total_;
        }
        if (values.empty()) set_.erase(chosen);
        return {chosen, value};
    }
    void discard(u64 signals) {
        for (u32 signal = 1; signal <= 64; ++signal) {
            if ((signals >> (signal - 1) & 1) == 0) continue;
            total_ -= set_.contains(signal) ? set_[signal].size() : 0;
            set_.erase(signal);
        }
    }
    u64 bits() const {
        u64 result = 0;
        for (const auto& [signal, values] : set_) result |= 1ULL << (signal - 1);
        return result;
    }
    u64 total() const { return total_; }

  private:
    static bool is_synchronous(u32 signal) {
        return signal == 4 || signal == 5 || signal == 7 || signal == 8 || signal == 11 || signal == 31;
    }
    std::map<u32, std::deque<u64>> set_;
    u64 total_ = 0;
};

TEST(pending_signals, random_operations_agree_with_a_model) {
    test::Random random;
    PendingSignals pending;
    Model model;
    for (u64 step = 1; step <= 20'000; ++step) {
        const u32 signal = static_cast<u32>(random.below(12)) + (random.one_in(2) ? 1 : 31);
        switch (random.below(8)) {
            case 0: {
                const u64 dropped = random.next() & random.next() & random.next();
                pending.discard(SignalSet(dropped));
                model.discard(dropped);
                break;
            }
            case 1:
            case 2:
            case 3: {
                const u64 wanted = random.one_in(3) ? random.next() : ~0ULL;
                SignalInfo info;
                const bool has_one = pending.take(SignalSet(wanted), info);
                const auto expected = model.take(wanted);
                ASSERT_EQ(has_one, expected.first != 0) << step;
                if (!has_one) break;
                ASSERT_EQ(static_cast<u32>(info.signal), expected.first) << step;
                ASSERT_EQ(info.value, expected.second) << step;
                break;
            }
            default: {
                const bool is_by_kill = random.one_in(2);
                SignalInfo info = queued(static_cast<Signal>(signal), step);
                if (is_by_kill) info.code = signal_code::USER;
                ASSERT_EQ(pending.add(info, USER, Model::MOST).has_value(),
                          model.add(signal, step, is_by_kill))
                    << step;
            }
        }
        ASSERT_EQ(pending.set().bits(), model.bits()) << step;
        ASSERT_EQ(QUEUED_SIGNALS.of(USER), model.total()) << step;
    }
}

/// As a POSIX timer has it.
struct Prepared final : Object {
    Prepared(Signal signal, u64 value, int& ended) : count(ended) {
        entry.info = {.signal = signal, .code = signal_code::TIMER, .value = value};
        entry.owner = this;
    }
    ~Prepared() override { ++count; }
    int& count;
    PendingSignals::Entry entry;
};

TEST(pending_signals, a_prepared_standard_signal_waits_beside_others_and_keeps_its_owner) {
    int ended = 0;
    PendingSignals pending;
    Ref<Prepared> first = MUST(make_ref<Prepared>(Signal::Usr1, 1U, ended));
    Ref<Prepared> second = MUST(make_ref<Prepared>(Signal::Usr1, 2U, ended));
    pending.add_prepared(first->entry);
    pending.add_prepared(second->entry);
    EXPECT_TRUE(first->entry.is_waiting);
    EXPECT_EQ(QUEUED_SIGNALS.of(USER), 0U) << "its owner has charged it";
    first = nullptr;  // its timer was deleted: the signal stays
    EXPECT_EQ(ended, 0);
    EXPECT_EQ(take_all_of(pending), (Taken{{10, 1}, {10, 2}}));
    EXPECT_EQ(ended, 1);
    EXPECT_FALSE(second->entry.is_waiting);
    pending.add_prepared(second->entry);
    second = nullptr;
    pending.clear();
    EXPECT_EQ(ended, 2);
}

TEST(pending_signals, execve_drops_the_signals_of_timers_alone) {
    int ended = 0;
    PendingSignals pending;
    MUST(pending.add(queued(realtime(1), 1), USER, MANY));
    for (const u64 value : {2U, 3U}) {
        const Ref<Prepared> timer = MUST(make_ref<Prepared>(realtime(1), value, ended));
        pending.add_prepared(timer->entry);
        MUST(pending.add(queued(realtime(1), value + 10), USER, MANY));
    }
    const Ref<Prepared> alone = MUST(make_ref<Prepared>(Signal::Usr2, 4U, ended));
    pending.add_prepared(alone->entry);
    MUST(pending.add(by_kill(Signal::Usr1), USER, 0));  // without details
    pending.discard_timers();
    EXPECT_EQ(ended, 2);
    EXPECT_TRUE(pending.set().has(Signal::Usr1));
    EXPECT_FALSE(pending.set().has(Signal::Usr2));
    EXPECT_EQ(take_all_of(pending, SignalSet::of(realtime(1))), (Taken{{33, 1}, {33, 12}, {33, 13}}));
}

}  // namespace
}  // namespace exo::posix_x
