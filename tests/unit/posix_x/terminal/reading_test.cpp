// What read(2) and poll(2) see (reading.cpp).
#include "posix_x/terminal/desk.hpp"

namespace exo::posix_x {
namespace {

TEST(line_discipline_reading, a_line_can_be_read_when_it_is_finished) {
    Desk desk;
    desk.type("echo hi");
    EXPECT_FALSE(desk.can_read());
    desk.type("\r");
    EXPECT_EQ(desk.read(), "echo hi\n");
    EXPECT_EQ(desk.screen(), "echo hi\r\n");
    EXPECT_FALSE(desk.can_read());
}

TEST(line_discipline_reading, a_read_gets_one_line_and_a_short_one_goes_on_later) {
    Desk desk;
    desk.type("abc\ndef\n");
    EXPECT_EQ(desk.discipline.readable_bytes(), 8U);
    EXPECT_EQ(desk.read(2), "ab");
    EXPECT_EQ(desk.read(), "c\n");
    EXPECT_EQ(desk.read(), "def\n");
}

TEST(line_discipline_reading, end_of_file_gives_what_is_there_and_then_nothing) {
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

TEST(line_discipline_reading, a_read_that_is_filled_exactly_eats_the_end_of_file_mark) {
    Desk desk;
    desk.type("abc\004");
    EXPECT_EQ(desk.read(3), "abc");
    EXPECT_FALSE(desk.can_read());
}

TEST(line_discipline_reading, poll_waits_for_vmin_unless_there_is_a_timer) {
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

TEST(line_discipline_reading, changing_between_lines_and_bytes_keeps_the_input) {
    Desk desk;
    desk.type("unfinished");
    desk.off(LocalFlags::Icanon);
    EXPECT_EQ(desk.read(4), "unfi");
    desk.on(LocalFlags::Icanon);
    EXPECT_EQ(desk.read(), "nished");
    EXPECT_FALSE(desk.can_read());
}

TEST(line_discipline_reading, extproc_has_bytes_in_lines_and_reads_the_key_of_an_end_of_file_as_one) {
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

TEST(line_discipline_reading, what_was_read_says_whether_the_same_read_goes_on) {
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

}  // namespace
}  // namespace exo::posix_x
