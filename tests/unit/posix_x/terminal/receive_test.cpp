// What becomes of each typed byte (receive.cpp).
#include "posix_x/terminal/desk.hpp"
#include "support/random.hpp"

namespace exo::posix_x {
namespace {

TEST(line_discipline_receive, the_next_character_can_be_made_literal) {
    Desk desk;
    desk.type("a\026\003b\n");
    EXPECT_TRUE(desk.signals.empty());
    EXPECT_EQ(desk.screen(), "a^\b^Cb\r\n");
    EXPECT_EQ(desk.read(), "a\003b\n");
    desk.type("\026\n\n");
    EXPECT_EQ(desk.read(), "\n\n");
}

TEST(line_discipline_receive, a_literal_character_is_still_made_small) {
    Desk desk;
    desk.on(InputFlags::Iuclc);
    desk.type("\026A\n");
    EXPECT_EQ(desk.read(), "a\n");
}

TEST(line_discipline_receive, a_flush_leaves_the_literal_key_in_force) {
    Desk desk;
    desk.type("\x16");
    desk.discipline.flush_input();
    desk.type("\x03\n");
    EXPECT_TRUE(desk.signals.empty());
    EXPECT_EQ(desk.read(), "\x03\n");
    desk.type("\x16");
    desk.discipline.restart();
    desk.type("\x03");
    EXPECT_EQ(desk.signals, std::vector{Signal::Int});
}

TEST(line_discipline_receive, a_newline_can_be_the_key_of_a_signal) {
    Desk desk;
    desk.off(LocalFlags::Icanon);
    desk.set([](abi::termios2& raw) { raw.c_cc[static_cast<usize>(ControlCharacter::Quit)] = '\n'; });
    desk.type("x\n");
    EXPECT_EQ(desk.signals, std::vector{Signal::Quit});
}

TEST(line_discipline_receive, further_line_ends) {
    Desk desk;
    desk.character(ControlCharacter::Eol, ';');
    desk.character(ControlCharacter::Eol2, '!');
    desk.type("a;b!c\n");
    EXPECT_EQ(desk.read(), "a;");
    EXPECT_EQ(desk.read(), "b!");
    EXPECT_EQ(desk.read(), "c\n");
}

TEST(line_discipline_receive, signals_flush_and_echo) {
    Desk desk;
    desk.written("out");
    desk.type("abc\003");
    EXPECT_EQ(desk.signals, (std::vector{Signal::Int}));
    EXPECT_EQ(desk.screen(), "^C");
    desk.type("\n");
    EXPECT_EQ(desk.read(), "\n");
    desk.type("\034\032");
    EXPECT_EQ(desk.signals, (std::vector{Signal::Int, Signal::Quit, Signal::Tstp}));
}

TEST(line_discipline_receive, noflsh_keeps_what_was_typed) {
    Desk desk;
    desk.on(LocalFlags::Noflsh);
    desk.type("abc\003d\n");
    EXPECT_EQ(desk.read(), "abcd\n");
    desk.off(LocalFlags::Isig);
    desk.type("\003\n");
    EXPECT_EQ(desk.signals.size(), 1U);
    EXPECT_EQ(desk.read(), "\003\n");
}

TEST(line_discipline_receive, a_disabled_character_is_an_ordinary_one) {
    Desk desk;
    desk.character(ControlCharacter::Intr, DISABLED_CHARACTER);
    desk.type(std::string_view("\0\003\n", 3));
    EXPECT_TRUE(desk.signals.empty());
    EXPECT_EQ(desk.read(), std::string("\0\003\n", 3));
}

TEST(line_discipline_receive, a_line_that_is_too_long_loses_its_end_but_can_be_finished) {
    Desk desk;
    desk.off(LocalFlags::Echo);
    const std::string typed = std::string(4095, 'x') + "yz\n";
    EXPECT_EQ(desk.type(typed), typed.size());
    EXPECT_EQ(desk.read(), std::string(4095, 'x') + "\n");
    EXPECT_EQ(desk.type("next\n"), 5U);
    EXPECT_EQ(desk.read(), "next\n");
}

TEST(line_discipline_receive, input_behind_a_finished_line_waits_for_a_reader) {
    Desk desk;
    desk.off(LocalFlags::Echo);
    desk.type("a\n");
    const std::string many(5000, 'b');
    const usize taken = desk.type(many);
    EXPECT_EQ(taken, 4095U - 2U);
    EXPECT_EQ(desk.discipline.receivable(100), 0U);
    EXPECT_EQ(desk.read(), "a\n");
    EXPECT_EQ(desk.discipline.receivable(100), 2U);
}

TEST(line_discipline_receive, raw_input_has_no_lines_and_no_echo_forms) {
    Desk desk;
    desk.set([](abi::termios2& raw) {
        raw.c_iflag = InputFlags::None;
        raw.c_lflag = LocalFlags::None;
    });
    desk.type("\003a\r\004");
    EXPECT_EQ(desk.read(2), "\003a");
    EXPECT_EQ(desk.read(), "\r\004");
    EXPECT_EQ(desk.screen(), "");
    EXPECT_TRUE(desk.signals.empty());
}

TEST(line_discipline_receive, carriage_returns_and_newlines_are_exchanged_as_asked) {
    Desk desk;
    desk.off(LocalFlags::Icanon);
    desk.type("\r");
    EXPECT_EQ(desk.read(), "\n");
    desk.on(InputFlags::Igncr);
    EXPECT_EQ(desk.type("\r"), 1U);
    EXPECT_FALSE(desk.can_read());
    desk.off(InputFlags::Igncr | InputFlags::Icrnl);
    desk.on(InputFlags::Inlcr);
    desk.type("\r\n");
    EXPECT_EQ(desk.read(), "\r\r");
}

TEST(line_discipline_receive, istrip_iuclc_and_parmrk) {
    Desk desk;
    desk.off(LocalFlags::Icanon | LocalFlags::Echo);
    desk.on(InputFlags::Istrip);
    desk.type("\xe1");
    EXPECT_EQ(desk.read(), "a");
    desk.off(InputFlags::Istrip);
    desk.on(InputFlags::Iuclc | InputFlags::Parmrk);
    desk.type("AB\xff");
    EXPECT_EQ(desk.read(), "ab\xff\xff");
}

TEST(line_discipline_receive, a_break_is_a_signal_a_zero_or_nothing) {
    Desk desk;
    desk.off(LocalFlags::Icanon);
    const auto on_break = [&] {
        desk.discipline.receive_break([&](Signal signal) { desk.signals.push_back(signal); });
    };
    on_break();
    EXPECT_EQ(desk.read(), std::string(1, '\0'));
    desk.on(InputFlags::Brkint);
    on_break();
    EXPECT_EQ(desk.signals, (std::vector{Signal::Int}));
    desk.on(InputFlags::Ignbrk);
    on_break();
    EXPECT_EQ(desk.signals.size(), 1U);
}

TEST(line_discipline_receive, extproc_leaves_everything_to_the_other_side) {
    Desk desk;
    desk.on(LocalFlags::Extproc);
    desk.type("a\003\r");
    EXPECT_EQ(desk.read(), "a\003\r");
    EXPECT_EQ(desk.screen(), "");
}

TEST(line_discipline_receive, random_keys_never_break_it) {
    test::Random random;
    Desk desk;
    for (int round = 0; round < 20'000; ++round) {
        std::string keys(random.below(40), ' ');
        for (char& key : keys)
            key = static_cast<char>(random.one_in(3) ? random.below(32) : random.below(256));
        desk.type(keys);
        if (random.one_in(3)) desk.screen();
        if (random.one_in(4) && desk.can_read()) desk.read(1 + random.below(300));
        if (random.one_in(50)) {
            desk.set([&](abi::termios2& raw) {
                raw.c_iflag = static_cast<InputFlags>(random.below(0x8000));
                raw.c_lflag = static_cast<LocalFlags>(random.below(0x20000));
                raw.c_oflag = static_cast<OutputFlags>(random.below(0x2000));
                raw.c_cc[random.below(17)] = static_cast<u8>(random.below(256));
            });
        }
    }
}

}  // namespace
}  // namespace exo::posix_x
