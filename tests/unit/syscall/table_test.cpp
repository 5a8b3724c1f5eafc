// The table as the kernel registers it.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "abi/linux/termios.hpp"
#include "posix_x/syscalls/families.hpp"
#include "syscall/syscall.hpp"

namespace exo::syscall {
namespace {

std::map<std::string, CallDescription> all_calls() {
    static const bool IS_REGISTERED = posix_x::register_all_calls().has_value();
    EXPECT_TRUE(IS_REGISTERED);
    std::map<std::string, CallDescription> calls;
    for_each_call([&](const CallDescription& call) { calls[std::string(call.name)] = call; });
    return calls;
}

TEST(call_table, has_every_call_with_its_description) {
    const auto calls = all_calls();
    EXPECT_GT(calls.size(), 100U);
    for (const auto& [name, call] : calls) {
        ASSERT_NE(call.handler, nullptr) << name;
        EXPECT_FALSE(call.handler->file.empty()) << name;
    }
}

TEST(call_table, read_is_described_by_its_handler) {
    const CallDescription read = all_calls().at("read");
    EXPECT_EQ(read.number, 0U);
    EXPECT_EQ(read.handler->file, "read_write.cpp");
    EXPECT_EQ(read.handler->answer.kind, Kind::Size);
    ASSERT_EQ(read.handler->arguments.size(), 3U);
    EXPECT_EQ(read.handler->arguments[0].of, "Readable");
    EXPECT_EQ(read.handler->arguments[1].kind, Kind::Buffer);
    EXPECT_EQ(read.handler->arguments[1].direction, Direction::Out);
    EXPECT_EQ(read.handler->arguments[1].length_argument, 2);
    EXPECT_TRUE(all_calls().at("getpid").has_fast_path);
}

TEST(call_table, choices_and_flags_have_values) {
    for (const auto& [name, call] : all_calls())
        for (const Description& one : call.handler->arguments)
            if (one.kind == Kind::Choice || one.kind == Kind::Flags) EXPECT_FALSE(one.values.empty()) << name;
}

/// Terminals carry out their requests by a switch of their own: none of it may be missing here. Those from 0x5400 on; the
/// others have their size in their number.
TEST(call_table, every_request_of_a_terminal_is_described) {
    const CallDescription ioctl = all_calls().at("ioctl");
    const auto described = ioctl.handler->arguments[1].commands;
    [&]<usize... INDEX>(std::index_sequence<INDEX...>) {
        const auto named = detail::named_values<abi::TerminalRequest,
                                                static_cast<abi::TerminalRequest>(0x5400 + INDEX)...>();
        EXPECT_GE(named.count, 24U);
        for (const NamedValue& request : named.view()) {
            bool is_there = false;
            for (const Command& command : described) is_there |= command.code.value == request.value;
            EXPECT_TRUE(is_there) << request.name;
        }
    }(std::make_index_sequence<256>{});
}

}  // namespace
}  // namespace exo::syscall
