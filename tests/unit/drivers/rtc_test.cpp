#include "drivers/rtc.hpp"

#include <gtest/gtest.h>

#include <array>
#include <ctime>

#include "support/must.hpp"
#include "support/random.hpp"

namespace exo::drivers {
namespace {

/// A clock whose registers a test sets, and that can tick in the middle of a read.
class FakeClock final : public Ports {
  public:
    u8 read8(u16 port) override {
        EXPECT_EQ(port, 0x71);
        if (++reads == tick_at) registers[0] = static_cast<u8>(registers[0] + 1);
        if (index_ == 10) return update_polls > 0 ? (--update_polls, u8{0xa6}) : u8{0x26};
        return registers[index_];
    }
    exo::u32 read32(exo::u16) override { return ~0U; }
    void write8(u16 port, u8 value) override {
        EXPECT_EQ(port, 0x70);
        index_ = value;
    }
    void set(u8 second, u8 minute, u8 hour, u8 day, u8 month, u8 year, u8 century, u8 status) {
        registers[0] = second;
        registers[2] = minute;
        registers[4] = hour;
        registers[7] = day;
        registers[8] = month;
        registers[9] = year;
        registers[11] = status;
        registers[0x32] = century;
    }
    std::array<u8, 128> registers{};
    u32 update_polls = 0;
    u32 reads = 0;
    u32 tick_at = 0;

  private:
    u8 index_ = 0;
};

TEST(rtc, reads_bcd_and_binary_in_both_hour_formats) {
    FakeClock clock;
    clock.set(0x59, 0x30, 0x23, 0x31, 0x12, 0x24, 0x20, 0x02);
    const CalendarTime bcd = MUST(read_rtc(clock, 0x32));
    EXPECT_EQ(bcd.year, 2024U);
    EXPECT_EQ(bcd.month, 12U);
    EXPECT_EQ(bcd.day, 31U);
    EXPECT_EQ(bcd.hour, 23U);
    EXPECT_EQ(bcd.minute, 30U);
    EXPECT_EQ(bcd.second, 59U);
    clock.set(59, 30, 23, 31, 12, 24, 20, 0x06);
    EXPECT_EQ(MUST(read_rtc(clock, 0x32)).hour, 23U);
    clock.set(0, 0, 0x12, 1, 1, 0x70, 0, 0x00);
    EXPECT_EQ(MUST(read_rtc(clock, 0)).hour, 0U) << "12 AM";
    EXPECT_EQ(MUST(read_rtc(clock, 0)).year, 1970U);
    clock.set(0, 0, 0x92, 1, 1, 0x69, 0, 0x00);
    EXPECT_EQ(MUST(read_rtc(clock, 0)).hour, 12U) << "12 PM";
    EXPECT_EQ(MUST(read_rtc(clock, 0)).year, 2069U);
    clock.set(0, 0, 0x80 | 11, 1, 1, 99, 0xff, 0x04);
    EXPECT_EQ(MUST(read_rtc(clock, 0x32)).hour, 23U);
    EXPECT_EQ(MUST(read_rtc(clock, 0x32)).year, 1999U) << "what is no century is passed over";
}

TEST(rtc, never_reads_in_the_middle_of_an_update) {
    FakeClock clock;
    clock.set(10, 20, 3, 4, 5, 26, 20, 0x06);
    clock.update_polls = 500;
    EXPECT_EQ(MUST(read_rtc(clock, 0)).second, 10U);
    for (u32 tick = 1; tick < 20; ++tick) {
        clock.set(10, 20, 3, 4, 5, 26, 20, 0x06);
        clock.reads = 0;
        clock.tick_at = tick;
        const u32 second = MUST(read_rtc(clock, 0)).second;
        EXPECT_TRUE(second == 10 || second == 11);
    }
}

TEST(rtc, says_when_there_is_no_clock) {
    FakeClock clock;
    clock.update_polls = UINT32_MAX;
    EXPECT_ERROR(Error::Eio, read_rtc(clock, 0));
    FakeClock broken;
    broken.set(0, 0, 0, 0, 0, 0, 0, 0x06);
    EXPECT_ERROR(Error::Einval, read_rtc(broken, 0));
    broken.registers.fill(0xff);
    EXPECT_ERROR(Error::Einval, read_rtc(broken, 0));
}

TEST(rtc, counts_seconds_as_the_host_does) {
    test::Random random;
    for (int i = 0; i < 20'000; ++i) {
        const std::time_t when = static_cast<std::time_t>(random.below(8'000'000'000ULL));
        std::tm parts{};
        gmtime_r(&when, &parts);
        const CalendarTime time{static_cast<u32>(parts.tm_year + 1900), static_cast<u32>(parts.tm_mon + 1),
                                static_cast<u32>(parts.tm_mday),        static_cast<u32>(parts.tm_hour),
                                static_cast<u32>(parts.tm_min),         static_cast<u32>(parts.tm_sec)};
        ASSERT_EQ(MUST(seconds_since_epoch(time)), static_cast<u64>(when));
    }
    EXPECT_ERROR(Error::Einval, seconds_since_epoch({2023, 2, 29, 0, 0, 0}));
    EXPECT_EQ(MUST(seconds_since_epoch({2024, 2, 29, 0, 0, 0})), 1709164800U);
    EXPECT_ERROR(Error::Einval, seconds_since_epoch({1969, 12, 31, 0, 0, 0}));
    EXPECT_ERROR(Error::Einval, seconds_since_epoch({2023, 13, 1, 0, 0, 0}));
    EXPECT_ERROR(Error::Einval, seconds_since_epoch({2023, 1, 1, 24, 0, 0}));
}

}  // namespace
}  // namespace exo::drivers
