#include "syscall/commands.hpp"

#include <gtest/gtest.h>

#include "syscall/numbers.hpp"

namespace exo::syscall {
namespace {

enum class Order : u32 { Add = 3, Fail = 0x80000000, Read = 9, Elsewhere = 12 };

Answer<Count> add(int& calls, Count first, SignedCount second) {
    ++calls;
    return first + static_cast<u64>(i64{second});
}
Result<> fail(int& calls) {
    ++calls;
    return Error::Enospc;
}
Result<> read(int& calls, Boolean) {
    calls += 100;
    return {};
}

/// A set whose subject carries the commands out by itself.
struct Counter {
    Answer<Count> count(Size more) { return total += more; }
    u64 total = 0;
};

using Orders = CommandSet<On<Order::Add, add>, On<Order::Fail, fail>, On<Order::Read, read>>;
using CounterOrders = CommandSet<On<Order::Elsewhere, &Counter::count>>;
constexpr CommandList<4> ORDERS = join(Orders::DESCRIPTIONS, CounterOrders::DESCRIPTIONS);

TEST(commands, go_to_their_handlers) {
    int calls = 0;
    const auto sum = Orders::run(3, calls, {7, 0xffff'ffff});
    ASSERT_TRUE(sum && *sum);
    EXPECT_EQ(**sum, 6U) << "a parameter of 32 bits takes 32 bits";
    const auto failure = Orders::run(0x80000000, calls, {});
    ASSERT_TRUE(failure && !*failure);
    EXPECT_EQ(failure->error(), Error::Enospc);
    const auto nothing = Orders::run(9, calls, {});
    ASSERT_TRUE(nothing && *nothing);
    EXPECT_EQ(**nothing, 0U);
    EXPECT_EQ(calls, 102);
}

TEST(commands, that_nobody_here_carries_out_are_left_to_others) {
    int calls = 0;
    EXPECT_FALSE(Orders::run(12, calls, {}));
    EXPECT_FALSE(Orders::run(4, calls, {}));
    EXPECT_EQ(calls, 0);
}

TEST(commands, go_to_the_members_of_their_subject) {
    Counter counter;
    const auto result = CounterOrders::run(12, counter, {5});
    ASSERT_TRUE(result && *result);
    EXPECT_EQ(**result, 5U);
    EXPECT_EQ(counter.total, 5U);
    EXPECT_FALSE(CounterOrders::run(3, counter, {5}));
}

TEST(commands, are_described_by_their_handlers) {
    const auto commands = CommandCode<ORDERS>::DESCRIPTION.commands;
    ASSERT_EQ(commands.size(), 4U);
    EXPECT_EQ(commands[0].code.name, "Add");
    EXPECT_EQ(commands[0].arguments.size(), 2U);
    EXPECT_EQ(commands[0].arguments[1].size, 4U);
    EXPECT_EQ(commands[0].answer.kind, Kind::Count);
    EXPECT_EQ(commands[1].code.value, 0x80000000U);
    EXPECT_EQ(commands[1].answer.kind, Kind::Nothing);
    EXPECT_EQ(commands[3].arguments[0].kind, Kind::Size);
}

}  // namespace
}  // namespace exo::syscall
