// The table of all system calls.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "abi/linux/termios.hpp"
#include "posix_x/call_table.hpp"

namespace exo::syscall {
namespace {

std::map<std::string, Call> all_calls() {
    std::map<std::string, Call> calls;
    for (const Call& call : posix_x::all_calls()) calls[std::string(call.name)] = call;
    return calls;
}

TEST(call_table, has_every_call_with_its_description) {
    const auto calls = all_calls();
    EXPECT_GT(calls.size(), 100U);
    for (const auto& [name, call] : calls) {
        ASSERT_NE(call.handler, nullptr) << name;
        ASSERT_NE(call.description, nullptr) << name;
        ASSERT_NE(call.family, nullptr) << name;
        EXPECT_FALSE(call.family->name.empty()) << name;
    }
}

TEST(call_table, read_is_described_by_its_handler) {
    const Call read = all_calls().at("read");
    EXPECT_EQ(read.number, 0U);
    EXPECT_EQ(read.family->name, "read_write");
    EXPECT_EQ(read.family->source, "kernel/posix_x/files/read_write.cpp");
    EXPECT_EQ(read.description->answer.kind, Kind::Size);
    ASSERT_EQ(read.description->arguments.size(), 3U);
    EXPECT_EQ(read.description->arguments[0].of, "Readable");
    EXPECT_EQ(read.description->arguments[1].kind, Kind::Buffer);
    EXPECT_EQ(read.description->arguments[1].direction, Direction::Out);
    EXPECT_EQ(read.description->arguments[1].length_argument, 2);
    EXPECT_EQ(read.fast, nullptr);
    EXPECT_NE(all_calls().at("getpid").fast, nullptr);
}

TEST(call_table, is_in_order_of_number) {
    u32 next = 0;
    for (const Call& call : posix_x::all_calls()) {
        EXPECT_GE(call.number, next) << call.name;
        next = call.number + 1U;
    }
}

TEST(call_table, is_what_the_entry_code_dispatches_by) {
    usize calls = 0;
    usize fast_calls = 0;
    for (const Call& call : posix_x::all_calls()) {
        EXPECT_EQ(upcalls::exo_call_handlers[call.number], call.handler) << call.name;
        EXPECT_EQ(upcalls::exo_fast_handlers[call.number], call.fast) << call.name;
    }
    for (const arch::CallHandler handler : upcalls::exo_call_handlers) calls += handler != &unknown_call;
    for (const arch::FastHandler handler : upcalls::exo_fast_handlers) fast_calls += handler != &fast_unknown;
    EXPECT_EQ(calls, posix_x::all_calls().size());
    EXPECT_EQ(fast_calls, calls);
    EXPECT_EQ(upcalls::exo_call_handlers.back(), &unknown_call);
    EXPECT_EQ(upcalls::exo_fast_handlers.back(), &fast_unknown);
}

TEST(call_table, choices_and_flags_have_values) {
    for (const auto& [name, call] : all_calls())
        for (const Description& one : call.description->arguments)
            if (one.kind == Kind::Choice || one.kind == Kind::Flags) EXPECT_FALSE(one.values.empty()) << name;
}

const Command* find(std::span<const Command> commands, u64 code) {
    for (const Command& command : commands)
        if (command.code.value == code) return &command;
    return nullptr;
}

template <u32 BASE> void expect_described(std::span<const Command> commands, usize at_least) {
    [&]<usize... INDEX>(std::index_sequence<INDEX...>) {
        const auto named =
            detail::named_values<abi::TerminalRequest, static_cast<abi::TerminalRequest>(BASE + INDEX)...>();
        EXPECT_GE(named.count, at_least);
        for (const NamedValue& request : named.view())
            EXPECT_NE(find(commands, request.value), nullptr) << request.name;
    }(std::make_index_sequence<256>{});
}

/// Terminals carry out their requests by a switch of their own: none of it may be missing here.
TEST(call_table, every_request_of_a_terminal_is_described) {
    const Call ioctl = all_calls().at("ioctl");
    const auto commands = ioctl.description->arguments[1].commands;
    expect_described<0x5400>(commands, 24);
    expect_described<0x8004'5400>(commands, 2);
    expect_described<0x802c'5400>(commands, 1);
    expect_described<0x402c'5400>(commands, 3);
}

/// The newer requests have direction and size in their number (ioctl(2), _IOR and _IOW).
TEST(call_table, what_a_request_says_of_its_argument_is_what_is_described) {
    const Call ioctl = all_calls().at("ioctl");
    usize checked = 0;
    for (const Command& command : ioctl.description->arguments[1].commands) {
        const u64 direction = command.code.value >> 30 & 3;
        // LINUX: TIOCSIG has the number of a request with an address, and takes the signal itself.
        if (direction == 0 || command.code.name == "SendSignal") continue;
        ASSERT_EQ(command.arguments.size(), 1U) << command.code.name;
        EXPECT_EQ(command.arguments[0].direction, direction == 2 ? Direction::Out : Direction::In)
            << command.code.name;
        EXPECT_EQ(command.arguments[0].element->size, command.code.value >> 16 & 0x3fff) << command.code.name;
        ++checked;
    }
    EXPECT_GE(checked, 6U);
}

}  // namespace
}  // namespace exo::syscall
