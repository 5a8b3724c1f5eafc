// What sigaction(2) put in place, and what taking a signal, execve and fork make of it.
#include <gtest/gtest.h>

#include "posix_x/process/signals.hpp"
#include "support/failing_allocations.hpp"
#include "support/must.hpp"

namespace exo::posix_x {
namespace {

constexpr u64 HANDLER = 0x401000;
constexpr u64 RESTORER = 0x402000;

SignalAction action(u64 handler, u64 flags = 0) {
    return {handler, flags, RESTORER, SignalSet::of(Signal::Usr2)};
}

TEST(signal_actions, exchange_returns_what_was_there) {
    SignalActions actions;
    const SignalAction first = actions.exchange(Signal::Int, action(HANDLER, SignalAction::RESTART));
    EXPECT_EQ(first.handler, SignalAction::DEFAULT);
    EXPECT_EQ(first.flags, 0U);
    const SignalAction second = actions.exchange(Signal::Int, action(SignalAction::IGNORE));
    EXPECT_EQ(second.handler, HANDLER);
    EXPECT_EQ(second.flags, SignalAction::RESTART);
    EXPECT_EQ(second.restorer, RESTORER);
    EXPECT_EQ(second.mask, SignalSet::of(Signal::Usr2));
    EXPECT_EQ(actions.handler(Signal::Hup), SignalAction::DEFAULT) << "its neighbours stay";
    EXPECT_EQ(actions.handler(Signal::Quit), SignalAction::DEFAULT);
}

/// LINUX: the flags and the mask stay (get_signal).
TEST(signal_actions, taking_resets_a_handler_with_sa_resethand) {
    SignalActions actions;
    actions.exchange(Signal::Usr1, action(HANDLER, SignalAction::RESET_HANDLER));
    EXPECT_EQ(actions.of(Signal::Usr1).handler, HANDLER) << "looking changes nothing";
    EXPECT_EQ(actions.take(Signal::Usr1).handler, HANDLER);
    EXPECT_EQ(actions.take(Signal::Usr1).handler, SignalAction::DEFAULT);
    EXPECT_EQ(actions.of(Signal::Usr1).flags, SignalAction::RESET_HANDLER);
    EXPECT_EQ(actions.of(Signal::Usr1).mask, SignalSet::of(Signal::Usr2));
    actions.exchange(Signal::Usr1, action(HANDLER));
    EXPECT_EQ(actions.take(Signal::Usr1).handler, HANDLER);
    EXPECT_EQ(actions.take(Signal::Usr1).handler, HANDLER) << "without the flag";
    actions.exchange(Signal::Usr1, action(SignalAction::IGNORE, SignalAction::RESET_HANDLER));
    EXPECT_EQ(actions.take(Signal::Usr1).handler, SignalAction::IGNORE);
    EXPECT_EQ(actions.of(Signal::Usr1).handler, SignalAction::IGNORE) << "it is no handler";
}

TEST(signal_actions, execve_resets_handlers_and_keeps_what_is_ignored) {
    SignalActions actions;
    actions.exchange(Signal::Usr1, action(HANDLER, SignalAction::WITH_INFO));
    actions.exchange(Signal::Chld, action(SignalAction::IGNORE, SignalAction::NO_CHILD_WAIT));
    actions.exchange(static_cast<Signal>(SIGNAL_COUNT), action(HANDLER));
    actions.reset_handlers();
    EXPECT_EQ(actions.of(Signal::Usr1).handler, SignalAction::DEFAULT);
    EXPECT_EQ(actions.of(static_cast<Signal>(SIGNAL_COUNT)).handler, SignalAction::DEFAULT);
    const SignalAction ignored = actions.of(Signal::Chld);
    EXPECT_EQ(ignored.handler, SignalAction::IGNORE);
    EXPECT_EQ(ignored.flags, 0U);
    EXPECT_EQ(ignored.restorer, 0U);
    EXPECT_TRUE(ignored.mask.is_empty());
}

TEST(signal_actions, a_clone_has_the_actions_and_goes_its_own_way) {
    SignalActions actions;
    actions.exchange(Signal::Usr1, action(HANDLER, SignalAction::ON_STACK));
    test::for_each_failing_allocation([&] { (void)actions.clone(); });
    const Ref<SignalActions> copy = MUST(actions.clone());
    EXPECT_EQ(copy->of(Signal::Usr1).handler, HANDLER);
    EXPECT_EQ(copy->of(Signal::Usr1).flags, SignalAction::ON_STACK);
    EXPECT_EQ(copy->of(Signal::Usr1).mask, SignalSet::of(Signal::Usr2));
    copy->set_default(Signal::Usr1);
    actions.exchange(Signal::Usr2, action(HANDLER));
    EXPECT_EQ(actions.of(Signal::Usr1).handler, HANDLER);
    EXPECT_EQ(copy->of(Signal::Usr2).handler, SignalAction::DEFAULT);
}

TEST(signal_actions, by_default_four_signals_are_ignored) {
    SignalActions actions;
    SignalSet ignored;
    for (u32 number = 1; number <= SIGNAL_COUNT; ++number)
        if (actions.ignores(static_cast<Signal>(number))) ignored.add(static_cast<Signal>(number));
    EXPECT_EQ(ignored, SignalSet::of(Signal::Chld, Signal::Urg, Signal::Winch, Signal::Cont));
    actions.exchange(Signal::Chld, action(HANDLER));
    actions.exchange(Signal::Term, action(SignalAction::IGNORE));
    EXPECT_FALSE(actions.ignores(Signal::Chld));
    EXPECT_TRUE(actions.ignores(Signal::Term));
}

}  // namespace
}  // namespace exo::posix_x
