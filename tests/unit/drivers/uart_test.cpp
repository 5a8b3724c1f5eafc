#include "drivers/serial/uart.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "drivers/fake_virtio.hpp"
#include "support/must.hpp"
#include "utils/bytes.hpp"

namespace exo::drivers {
namespace {

/// The chip: its FIFOs, its status, its interrupt causes.
class FakeChip final : public Ports {
  public:
    static constexpr u16 BASE = 0x3f8;

    u8 read8(u16 port) override {
        switch (port - BASE) {
            case 0: return take();
            case 2: return cause();
            case 5: return status();
            case 7: return is_absent ? u8{0xff} : scratch_;
            default: return 0;
        }
    }
    exo::u32 read32(exo::u16) override { return ~0U; }
    void write8(u16 port, u8 value) override {
        switch (port - BASE) {
            case 0:
                if (divisor_access_) {
                    divisor = value;
                } else {
                    output.push_back(static_cast<char>(value));
                    transmitter_event_ = true;
                }
                break;
            case 1:
                if (!divisor_access_) {
                    transmitter_event_ = transmitter_event_ || ((value & 2) != 0 && (enables & 2) == 0);
                    enables = value;
                }
                break;
            case 3:
                divisor_access_ = (value & 0x80) != 0;
                format = value & 0x7f;
                break;
            case 7: scratch_ = value; break;
            default: break;
        }
    }

    std::deque<std::pair<u8, u8>> input;  ///< Byte and status bits.
    std::string output;
    u8 enables = 0;
    u8 divisor = 0;
    u8 format = 0;
    bool is_stuck = false;
    bool is_absent = false;
    bool is_endless = false;

  private:
    u8 take() {
        if (is_endless) return 'e';
        if (input.empty()) return 0;
        const u8 byte = input.front().first;
        input.pop_front();
        return byte;
    }
    u8 status() const {
        u8 bits = is_stuck ? 0 : 0x60;
        if (is_endless) bits |= 1;
        if (!input.empty()) bits = static_cast<u8>(bits | 1 | input.front().second);
        return bits;
    }
    u8 cause() {
        if ((!input.empty() || is_endless) && (enables & 1) != 0) return 0x04;
        if (transmitter_event_ && (enables & 2) != 0 && !is_stuck) {
            transmitter_event_ = false;
            return 0x02;
        }
        return 0x01;
    }
    u8 scratch_ = 0;
    bool divisor_access_ = false;
    bool transmitter_event_ = false;
};

class UartTest : public testing::Test {
  protected:
    UartTest() { MUST(uart.init()); }
    void type(std::string_view text) {
        for (const char c : text) chip.input.emplace_back(static_cast<u8>(c), u8{0});
        uart.on_interrupt();
    }
    std::string take(usize limit = 100) {
        std::vector<u8> bytes(limit);
        const auto count = uart.read(bytes);
        return count ? std::string(bytes.begin(), bytes.begin() + static_cast<isize>(*count)) : "";
    }
    FakeChip chip;
    Uart uart{"ttyS0", chip, FakeChip::BASE, test::fresh_line()};
};

TEST_F(UartTest, is_found_and_set_up) {
    EXPECT_TRUE(uart.probe());
    EXPECT_EQ(chip.divisor, 1);
    EXPECT_EQ(chip.format, 3);
    EXPECT_EQ(chip.enables, 0);
    chip.is_absent = true;
    EXPECT_FALSE(uart.probe());
}

TEST_F(UartTest, prints_the_log) {
    static_cast<log::Sink&>(uart).write("one\ntwo\n");
    EXPECT_EQ(chip.output, "one\r\ntwo\r\n");
}

TEST_F(UartTest, gives_a_dead_port_up) {
    chip.is_stuck = true;
    for (int i = 0; i < 100; ++i)
        static_cast<log::Sink&>(uart).write("a rather long line that nobody will ever see\n");
    EXPECT_EQ(chip.output, "");
}

TEST_F(UartTest, takes_input_by_interrupt) {
    MUST(uart.start_input());
    EXPECT_ERROR(Error::Eagain, uart.read({}));
    EXPECT_FALSE(uart.has_input());
    type("hello");
    EXPECT_TRUE(uart.has_input());
    EXPECT_EQ(take(2), "he");
    EXPECT_EQ(take(), "llo");
    EXPECT_FALSE(uart.has_input());
}

TEST_F(UartTest, counts_breaks_and_what_is_lost) {
    MUST(uart.start_input());
    chip.input.emplace_back(u8{0}, u8{0x10});
    type("x");
    EXPECT_EQ(uart.breaks(), 1U);
    EXPECT_EQ(take(), "x");
    type(std::string(2000, 'y'));
    EXPECT_EQ(uart.overruns(), 2000U - 1024);
    EXPECT_EQ(take(3000), std::string(1024, 'y'));
}

TEST_F(UartTest, keeps_its_ring_over_many_laps) {
    MUST(uart.start_input());
    for (int i = 0; i < 1000; ++i) {
        const std::string text(static_cast<usize>(i % 97 + 1), static_cast<char>('a' + i % 26));
        type(text);
        ASSERT_EQ(take(200), text);
    }
}

TEST_F(UartTest, writes_what_fits_and_tells_when_there_is_room) {
    MUST(uart.start_input());
    const std::string_view text = "a long line of text";
    EXPECT_EQ(MUST(uart.write(as_bytes(text))), 8U);
    EXPECT_EQ(chip.output, "a long l");
    chip.is_stuck = true;
    EXPECT_ERROR(Error::Eagain, uart.write(as_bytes(text)));
    uart.request_writable();
    uart.on_interrupt();
    EXPECT_EQ(chip.enables, 3) << "not yet";
    chip.is_stuck = false;
    uart.on_interrupt();
    EXPECT_EQ(chip.enables, 1);
    EXPECT_TRUE(uart.is_writable());
}

TEST_F(UartTest, endless_input_does_not_hang) {
    MUST(uart.start_input());
    chip.is_endless = true;
    uart.on_interrupt();
    EXPECT_GT(uart.overruns(), 0U);
}

}  // namespace
}  // namespace exo::drivers
