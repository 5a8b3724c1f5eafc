// What programs write, and when it stops (output.cpp).
#include "posix_x/terminal/desk.hpp"

namespace exo::posix_x {
namespace {

TEST(line_discipline_output, ixon_stops_and_starts_output) {
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

TEST(line_discipline_output, a_signal_starts_stopped_output_again) {
    Desk desk;
    desk.type("\023\003");
    EXPECT_FALSE(desk.discipline.flow().blocks_output());
}

TEST(line_discipline_output, output_is_processed_as_asked) {
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

TEST(line_discipline_output, tabs_become_blanks) {
    Desk desk;
    desk.on(OutputFlags::Tab3);
    EXPECT_EQ(desk.written("ab\tc\t\n"), "ab      c       \r\n");
    desk.on(OutputFlags::Olcuc);
    EXPECT_EQ(desk.written("aB"), "AB");
}

TEST(line_discipline_output, output_that_does_not_fit_is_refused_whole) {
    Desk desk;
    const std::string many(OutputQueue::PROGRAM_LIMIT - 1, 'x');
    EXPECT_EQ(desk.discipline.write(as_bytes(many)), many.size());
    EXPECT_EQ(desk.discipline.write(as_bytes("\n")), 0U) << "it needs two places";
    EXPECT_EQ(desk.discipline.write(as_bytes("yz")), 1U);
    desk.type("e");
    EXPECT_EQ(desk.screen(), many + "ye") << "echo has room of its own";
}

TEST(line_discipline_output, a_hang_up_leaves_output_stopped) {
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

}  // namespace
}  // namespace exo::posix_x
