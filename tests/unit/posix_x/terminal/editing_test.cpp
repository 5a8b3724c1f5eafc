// Keys that change a line, and what the screen shows of it (editing.cpp).
#include "posix_x/terminal/desk.hpp"

namespace exo::posix_x {
namespace {

TEST(line_discipline_editing, erase_takes_back_a_character_on_the_screen_and_in_the_line) {
    Desk desk;
    desk.type("ab\177c\n");
    EXPECT_EQ(desk.screen(), "ab\b \bc\r\n");
    EXPECT_EQ(desk.read(), "ac\n");
    desk.type("\177");  // nothing to erase
    EXPECT_EQ(desk.screen(), "");
}

TEST(line_discipline_editing, erase_without_echoe_shows_the_key) {
    Desk desk;
    desk.off(LocalFlags::Echoe);
    desk.type("ab\177\n");
    EXPECT_EQ(desk.screen(), "ab^?\r\n");
    EXPECT_EQ(desk.read(), "a\n");
}

TEST(line_discipline_editing, control_characters_take_two_columns) {
    Desk desk;
    desk.type("\001\177\n");
    EXPECT_EQ(desk.screen(), "^A\b \b\b \b\r\n");
    EXPECT_EQ(desk.read(), "\n");
}

TEST(line_discipline_editing, erase_takes_a_whole_utf8_character) {
    Desk desk;
    desk.on(InputFlags::Iutf8);
    desk.type("a\xc3\xa4\177\n");
    EXPECT_EQ(desk.screen(), "a\xc3\xa4\b \b\r\n");
    EXPECT_EQ(desk.read(), "a\n");
    desk.off(InputFlags::Iutf8);
    desk.type("a\xc3\xa4\177\n");
    EXPECT_EQ(desk.read(), "a\xc3\n");
}

TEST(line_discipline_editing, erase_over_a_tab_goes_back_to_where_it_began) {
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

TEST(line_discipline_editing, word_erase_takes_blanks_and_one_word) {
    Desk desk;
    desk.type("cp foo_1  \027\n");
    EXPECT_EQ(desk.screen(), "cp foo_1  \b \b\b \b\b \b\b \b\b \b\b \b\b \b\r\n");
    EXPECT_EQ(desk.read(), "cp \n");
}

TEST(line_discipline_editing, kill_erases_the_line_in_each_of_its_styles) {
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

TEST(line_discipline_editing, echoprt_prints_what_is_erased) {
    Desk desk;
    desk.on(LocalFlags::Echoprt);
    desk.type("abc\177\177d\n");
    EXPECT_EQ(desk.screen(), "abc\\cb/d\r\n");
    EXPECT_EQ(desk.read(), "ad\n");
}

TEST(line_discipline_editing, reprint_shows_the_line_again) {
    Desk desk;
    desk.type("ab\022");
    EXPECT_EQ(desk.screen(), "ab^R\r\nab");
}

}  // namespace
}  // namespace exo::posix_x
