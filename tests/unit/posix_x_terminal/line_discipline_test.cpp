#include "posix_x/terminal/line_discipline.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/random.hpp"
#include "utils/bytes.hpp"

namespace exo::posix_x {
namespace {

/// A terminal at a desk: keys go in, what the screen got and what programs read come out as text.
struct Desk {
    LineDiscipline discipline{TerminalSettings::initial()};
    std::vector<Signal> signals;

    usize type(std::string_view keys) {
        return discipline.receive(as_bytes(keys), [this](Signal signal) { signals.push_back(signal); });
    }
    std::string screen() {
        std::string shown;
        while (!discipline.output().is_empty()) {
            const auto piece = discipline.output().front();
            shown.append(as_text(piece));
            discipline.output().drop(piece.size());
        }
        return shown;
    }
    /// One read of at most `size` bytes, which must be possible.
    std::string read(usize size = 5000) {
        EXPECT_TRUE(discipline.has_input());
        std::vector<u8> bytes(size);
        const auto taken = discipline.take(bytes);
        if (taken.count == size && !taken.ended_line) discipline.skip_end_of_file();
        return std::string(as_text({bytes.data(), taken.count}));
    }
    bool can_read() const { return discipline.has_input(); }
    void set(auto change) {
        TerminalSettings settings = discipline.settings();
        change(settings.raw());
        discipline.set_settings(settings);
    }
    void on(InputFlags flag) {
        set([&](abi::termios2& raw) { raw.c_iflag |= flag; });
    }
    void off(InputFlags flag) {
        set([&](abi::termios2& raw) { raw.c_iflag = raw.c_iflag & ~flag; });
    }
    void on(LocalFlags flag) {
        set([&](abi::termios2& raw) { raw.c_lflag |= flag; });
    }
    void off(LocalFlags flag) {
        set([&](abi::termios2& raw) { raw.c_lflag = raw.c_lflag & ~flag; });
    }
    void on(OutputFlags flag) {
        set([&](abi::termios2& raw) { raw.c_oflag |= flag; });
    }
    void off(OutputFlags flag) {
        set([&](abi::termios2& raw) { raw.c_oflag = raw.c_oflag & ~flag; });
    }
    void character(ControlCharacter which, u8 value) {
        set([&](abi::termios2& raw) { raw.c_cc[static_cast<usize>(which)] = value; });
    }
    std::string written(std::string_view text) {
        discipline.write(as_bytes(text));
        return screen();
    }
};

TEST(line_discipline, a_line_can_be_read_when_it_is_finished) {
    Desk desk;
    desk.type("echo hi");
    EXPECT_FALSE(desk.can_read());
    desk.type("\r");
    EXPECT_EQ(desk.read(), "echo hi\n");
    EXPECT_EQ(desk.screen(), "echo hi\r\n");
    EXPECT_FALSE(desk.can_read());
}

TEST(line_discipline, a_read_gets_one_line_and_a_short_one_goes_on_later) {
    Desk desk;
    desk.type("abc\ndef\n");
    EXPECT_EQ(desk.discipline.readable_bytes(), 8U);
    EXPECT_EQ(desk.read(2), "ab");
    EXPECT_EQ(desk.read(), "c\n");
    EXPECT_EQ(desk.read(), "def\n");
}

TEST(line_discipline, erase_takes_back_a_character_on_the_screen_and_in_the_line) {
    Desk desk;
    desk.type("ab\177c\n");
    EXPECT_EQ(desk.screen(), "ab\b \bc\r\n");
    EXPECT_EQ(desk.read(), "ac\n");
    desk.type("\177");  // nothing to erase
    EXPECT_EQ(desk.screen(), "");
}

TEST(line_discipline, erase_without_echoe_shows_the_key) {
    Desk desk;
    desk.off(LocalFlags::Echoe);
    desk.type("ab\177\n");
    EXPECT_EQ(desk.screen(), "ab^?\r\n");
    EXPECT_EQ(desk.read(), "a\n");
}

TEST(line_discipline, control_characters_take_two_columns) {
    Desk desk;
    desk.type("\001\177\n");
    EXPECT_EQ(desk.screen(), "^A\b \b\b \b\r\n");
    EXPECT_EQ(desk.read(), "\n");
}

TEST(line_discipline, erase_takes_a_whole_utf8_character) {
    Desk desk;
    desk.on(InputFlags::Iutf8);
    desk.type("a\xc3\xa4\177\n");
    EXPECT_EQ(desk.screen(), "a\xc3\xa4\b \b\r\n");
    EXPECT_EQ(desk.read(), "a\n");
    desk.off(InputFlags::Iutf8);
    desk.type("a\xc3\xa4\177\n");
    EXPECT_EQ(desk.read(), "a\xc3\n");
}

TEST(line_discipline, erase_over_a_tab_goes_back_to_where_it_began) {
    Desk desk;
    desk.written("$ ");
    desk.type("abc\t\177");
    // "$ abc" ends in column 5: the tab went to 8.
    EXPECT_EQ(desk.screen(), "abc\t\b\b\b");
    desk.type("\177\n");
    EXPECT_EQ(desk.screen(), "\b \b\r\n");
    EXPECT_EQ(desk.read(), "ab\n");
    desk.type("\ta\t\177\n");
    EXPECT_EQ(desk.screen(), "\ta\t\b\b\b\b\b\b\b\r\n");
}

TEST(line_discipline, word_erase_takes_blanks_and_one_word) {
    Desk desk;
    desk.type("cp foo_1  \027\n");
    EXPECT_EQ(desk.screen(), "cp foo_1  \b \b\b \b\b \b\b \b\b \b\b \b\b \b\r\n");
    EXPECT_EQ(desk.read(), "cp \n");
}

TEST(line_discipline, kill_erases_the_line_in_each_of_its_styles) {
    Desk desk;
    desk.type("ab\025\n");
    EXPECT_EQ(desk.screen(), "ab\b \b\b \b\r\n");
    EXPECT_EQ(desk.read(), "\n");
    desk.off(LocalFlags::Echoke);
    desk.type("ab\025c\n");
    EXPECT_EQ(desk.screen(), "ab^U\r\nc\r\n");
    EXPECT_EQ(desk.read(), "c\n");
    desk.off(LocalFlags::Echok);
    desk.type("ab\025c\n");
    EXPECT_EQ(desk.screen(), "ab^Uc\r\n");
}

TEST(line_discipline, echoprt_prints_what_is_erased) {
    Desk desk;
    desk.on(LocalFlags::Echoprt);
    desk.type("abc\177\177d\n");
    EXPECT_EQ(desk.screen(), "abc\\cb/d\r\n");
    EXPECT_EQ(desk.read(), "ad\n");
}

TEST(line_discipline, reprint_shows_the_line_again) {
    Desk desk;
    desk.type("ab\022");
    EXPECT_EQ(desk.screen(), "ab^R\r\nab");
}

TEST(line_discipline, the_next_character_can_be_made_literal) {
    Desk desk;
    desk.type("a\026\003b\n");
    EXPECT_TRUE(desk.signals.empty());
    EXPECT_EQ(desk.screen(), "a^\b^Cb\r\n");
    EXPECT_EQ(desk.read(), "a\003b\n");
    desk.type("\026\n\n");
    EXPECT_EQ(desk.read(), "\n\n");
}

TEST(line_discipline, a_literal_character_is_still_made_small) {
    Desk desk;
    desk.on(InputFlags::Iuclc);
    desk.type("\026A\n");
    EXPECT_EQ(desk.read(), "a\n");
}

TEST(line_discipline, a_flush_leaves_the_literal_key_in_force) {
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

TEST(line_discipline, a_newline_can_be_the_key_of_a_signal) {
    Desk desk;
    desk.off(LocalFlags::Icanon);
    desk.set([](abi::termios2& raw) { raw.c_cc[static_cast<usize>(ControlCharacter::Quit)] = '\n'; });
    desk.type("x\n");
    EXPECT_EQ(desk.signals, std::vector{Signal::Quit});
}

TEST(line_discipline, end_of_file_gives_what_is_there_and_then_nothing) {
    Desk desk;
    desk.type("abc\004");
    EXPECT_EQ(desk.discipline.readable_bytes(), 3U);
    EXPECT_EQ(desk.read(), "abc");
    EXPECT_FALSE(desk.can_read());
    desk.type("\004");
    EXPECT_EQ(desk.read(), "");
    EXPECT_FALSE(desk.can_read());
    EXPECT_EQ(desk.screen(), "abc");
}

TEST(line_discipline, a_read_that_is_filled_exactly_eats_the_end_of_file_mark) {
    Desk desk;
    desk.type("abc\004");
    EXPECT_EQ(desk.read(3), "abc");
    EXPECT_FALSE(desk.can_read());
}

TEST(line_discipline, further_line_ends) {
    Desk desk;
    desk.character(ControlCharacter::Eol, ';');
    desk.character(ControlCharacter::Eol2, '!');
    desk.type("a;b!c\n");
    EXPECT_EQ(desk.read(), "a;");
    EXPECT_EQ(desk.read(), "b!");
    EXPECT_EQ(desk.read(), "c\n");
}

TEST(line_discipline, signals_flush_and_echo) {
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

TEST(line_discipline, noflsh_keeps_what_was_typed) {
    Desk desk;
    desk.on(LocalFlags::Noflsh);
    desk.type("abc\003d\n");
    EXPECT_EQ(desk.read(), "abcd\n");
    desk.off(LocalFlags::Isig);
    desk.type("\003\n");
    EXPECT_EQ(desk.signals.size(), 1U);
    EXPECT_EQ(desk.read(), "\003\n");
}

TEST(line_discipline, a_disabled_character_is_an_ordinary_one) {
    Desk desk;
    desk.character(ControlCharacter::Intr, DISABLED_CHARACTER);
    desk.type(std::string_view("\0\003\n", 3));
    EXPECT_TRUE(desk.signals.empty());
    EXPECT_EQ(desk.read(), std::string("\0\003\n", 3));
}

TEST(line_discipline, a_line_that_is_too_long_loses_its_end_but_can_be_finished) {
    Desk desk;
    desk.off(LocalFlags::Echo);
    const std::string typed = std::string(4095, 'x') + "yz\n";
    EXPECT_EQ(desk.type(typed), typed.size());
    EXPECT_EQ(desk.read(), std::string(4095, 'x') + "\n");
    EXPECT_EQ(desk.type("next\n"), 5U);
    EXPECT_EQ(desk.read(), "next\n");
}

TEST(line_discipline, input_behind_a_finished_line_waits_for_a_reader) {
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

TEST(line_discipline, raw_input_has_no_lines_and_no_echo_forms) {
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

TEST(line_discipline, poll_waits_for_vmin_unless_there_is_a_timer) {
    Desk desk;
    desk.off(LocalFlags::Icanon);
    desk.character(ControlCharacter::Min, 3);
    desk.type("ab");
    EXPECT_TRUE(desk.can_read());
    EXPECT_FALSE(desk.discipline.is_readable());
    desk.character(ControlCharacter::Time, 1);
    EXPECT_TRUE(desk.discipline.is_readable());
    desk.character(ControlCharacter::Time, 0);
    desk.type("c");
    EXPECT_TRUE(desk.discipline.is_readable());
    desk.character(ControlCharacter::Min, 0);
    EXPECT_EQ(desk.read(), "abc");
    EXPECT_FALSE(desk.discipline.is_readable());
}

TEST(line_discipline, changing_between_lines_and_bytes_keeps_the_input) {
    Desk desk;
    desk.type("unfinished");
    desk.off(LocalFlags::Icanon);
    EXPECT_EQ(desk.read(4), "unfi");
    desk.on(LocalFlags::Icanon);
    EXPECT_EQ(desk.read(), "nished");
    EXPECT_FALSE(desk.can_read());
}

TEST(line_discipline, carriage_returns_and_newlines_are_exchanged_as_asked) {
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

TEST(line_discipline, istrip_iuclc_and_parmrk) {
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

TEST(line_discipline, a_break_is_a_signal_a_zero_or_nothing) {
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

TEST(line_discipline, ixon_stops_and_starts_output) {
    Desk desk;
    desk.type("\023");
    EXPECT_TRUE(desk.discipline.flow().blocks_output());
    desk.type("a");
    EXPECT_TRUE(desk.discipline.flow().blocks_output());
    desk.type("\021");
    EXPECT_FALSE(desk.discipline.flow().blocks_output());
    desk.on(InputFlags::Ixany);
    desk.type("\023b");
    EXPECT_FALSE(desk.discipline.flow().blocks_output());
    desk.type("\n");
    EXPECT_EQ(desk.read(), "ab\n");
    desk.type("\023");
    desk.off(InputFlags::Ixon);
    EXPECT_FALSE(desk.discipline.flow().blocks_output());
    desk.type("\023\n");
    EXPECT_EQ(desk.read(), "\023\n");
}

TEST(line_discipline, a_signal_starts_stopped_output_again) {
    Desk desk;
    desk.type("\023\003");
    EXPECT_FALSE(desk.discipline.flow().blocks_output());
}

TEST(line_discipline, output_is_processed_as_asked) {
    Desk desk;
    EXPECT_EQ(desk.written("a\nb"), "a\r\nb");
    desk.off(OutputFlags::Onlcr);
    desk.on(OutputFlags::Ocrnl);
    EXPECT_EQ(desk.written("a\r"), "a\n");
    desk.off(OutputFlags::Ocrnl);
    desk.on(OutputFlags::Onocr);
    EXPECT_EQ(desk.written("\rx\r\ry"), "\rx\ry") << "the column after a bare newline was not 0";
    desk.off(OutputFlags::Opost);
    EXPECT_EQ(desk.written("\n\r\t"), "\n\r\t");
}

TEST(line_discipline, tabs_become_blanks) {
    Desk desk;
    desk.on(OutputFlags::Tab3);
    EXPECT_EQ(desk.written("ab\tc\t\n"), "ab      c       \r\n");
    desk.on(OutputFlags::Olcuc);
    EXPECT_EQ(desk.written("aB"), "AB");
}

TEST(line_discipline, output_that_does_not_fit_is_refused_whole) {
    Desk desk;
    const std::string many(OutputQueue::PROGRAM_LIMIT - 1, 'x');
    EXPECT_EQ(desk.discipline.write(as_bytes(many)), many.size());
    EXPECT_EQ(desk.discipline.write(as_bytes("\n")), 0U) << "it needs two places";
    EXPECT_EQ(desk.discipline.write(as_bytes("yz")), 1U);
    desk.type("e");
    EXPECT_EQ(desk.screen(), many + "ye") << "echo has room of its own";
}

TEST(line_discipline, extproc_leaves_everything_to_the_other_side) {
    Desk desk;
    desk.on(LocalFlags::Extproc);
    desk.type("a\003\r");
    EXPECT_EQ(desk.read(), "a\003\r");
    EXPECT_EQ(desk.screen(), "");
}

TEST(line_discipline, extproc_has_bytes_in_lines_and_reads_the_key_of_an_end_of_file_as_one) {
    Desk desk;
    desk.type("half");
    EXPECT_FALSE(desk.can_read());
    desk.on(LocalFlags::Extproc);
    EXPECT_EQ(desk.read(), "half");
    desk.type("ab\004");
    EXPECT_EQ(desk.read(2), "ab");
    EXPECT_EQ(desk.read(), "") << "alone it ends the file";
    EXPECT_FALSE(desk.can_read());
    desk.type("c\004");
    EXPECT_EQ(desk.read(), "c\004");
    desk.type("one\ntwo");
    desk.off(LocalFlags::Extproc);
    EXPECT_EQ(desk.read(), "one\ntwo") << "one line, whatever was in it";
}

TEST(line_discipline, what_was_read_says_whether_the_same_read_goes_on) {
    Desk desk;
    desk.type("abc\nd\n");
    u8 piece[3];
    EXPECT_TRUE(desk.discipline.take(piece).has_more) << "the line's end";
    EXPECT_FALSE(desk.discipline.take(piece).has_more) << "the next line is for the next read";
    desk.off(LocalFlags::Icanon);
    desk.discipline.flush_input();
    desk.type("abcd");
    EXPECT_TRUE(desk.discipline.take(piece).has_more);
    EXPECT_FALSE(desk.discipline.take(piece).has_more);
}

TEST(line_discipline, a_hang_up_leaves_output_stopped) {
    Desk desk;
    desk.type("ab\023cd\026");
    desk.discipline.hang_up();
    EXPECT_TRUE(desk.discipline.flow().blocks_output());
    EXPECT_EQ(desk.screen(), "");
    desk.discipline.restart();
    EXPECT_FALSE(desk.discipline.flow().blocks_output());
    desk.type("\003");
    EXPECT_EQ(desk.signals.size(), 1U) << "the key is not literal any more";
}

TEST(line_discipline, random_keys_never_break_it) {
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
