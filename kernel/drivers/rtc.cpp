#include "drivers/rtc.hpp"

#include <array>

namespace exo::drivers {

namespace {

constexpr u16 INDEX_PORT = 0x70;  // bit 7 would mask NMIs
constexpr u16 DATA_PORT = 0x71;

enum Register : u8 {
    Seconds = 0,
    Minutes = 2,
    Hours = 4,
    Day = 7,
    Month = 8,
    Year = 9,
    StatusA = 10,
    StatusB = 11
};
constexpr u8 UPDATE_IN_PROGRESS = 0x80;
constexpr u8 IS_24_HOURS = 0x02;
constexpr u8 IS_BINARY = 0x04;
constexpr u8 IS_AFTERNOON = 0x80;

/// An update takes at most 2 ms, of which each read costs a microsecond.
constexpr u32 MAX_POLLS = 20'000;
constexpr u32 MAX_ATTEMPTS = 8;

u8 read_register(Ports& ports, u8 index) {
    ports.write8(INDEX_PORT, index);
    return ports.read8(DATA_PORT);
}

struct Registers {
    u8 second, minute, hour, day, month, year, century, status;
    friend bool operator==(const Registers&, const Registers&) = default;
};

Result<> wait_for_update_end(Ports& ports) {
    for (u32 i = 0; i < MAX_POLLS; ++i) {
        if ((read_register(ports, StatusA) & UPDATE_IN_PROGRESS) == 0) return {};
    }
    return Error::Eio;
}

Result<Registers> read_registers(Ports& ports, u8 century_register) {
    TRY(wait_for_update_end(ports));
    Registers raw{};
    raw.second = read_register(ports, Seconds);
    raw.minute = read_register(ports, Minutes);
    raw.hour = read_register(ports, Hours);
    raw.day = read_register(ports, Day);
    raw.month = read_register(ports, Month);
    raw.year = read_register(ports, Year);
    raw.century = century_register != 0 ? read_register(ports, century_register) : u8{0};
    raw.status = read_register(ports, StatusB);
    return raw;
}

CalendarTime decode(const Registers& raw) {
    const auto number = [&](u8 value) -> u32 {
        return (raw.status & IS_BINARY) != 0 ? u32{value} : u32{value} / 16 * 10 + u32{value} % 16;
    };
    CalendarTime time;
    time.second = number(raw.second);
    time.minute = number(raw.minute);
    time.hour = number(raw.hour);
    if ((raw.status & IS_24_HOURS) == 0) {
        const bool is_afternoon = (raw.hour & IS_AFTERNOON) != 0;
        time.hour = number(raw.hour & 0x7f) % 12 + (is_afternoon ? 12U : 0U);
    }
    time.day = number(raw.day);
    time.month = number(raw.month);
    const u32 year = number(raw.year);
    const u32 century = number(raw.century);
    // A century register that holds something else than a century is none.
    const bool has_century = century >= 19 && century <= 29;
    time.year = year + (has_century ? century * 100 : (year < 70 ? 2000U : 1900U));
    return time;
}

constexpr bool is_leap_year(u32 year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

constexpr u32 days_in_month(u32 year, u32 month) {
    constexpr std::array<u32, 12> DAYS = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap_year(year) ? 29 : DAYS[month - 1];
}

}  // namespace

Result<u64> seconds_since_epoch(const CalendarTime& time) {
    if (time.year < 1970 || time.year > 9999 || time.month < 1 || time.month > 12) return Error::Einval;
    if (time.day < 1 || time.day > days_in_month(time.year, time.month)) return Error::Einval;
    if (time.hour > 23 || time.minute > 59 || time.second > 59) return Error::Einval;
    u64 days = time.day - 1;
    for (u32 year = 1970; year < time.year; ++year) days += is_leap_year(year) ? 366 : 365;
    for (u32 month = 1; month < time.month; ++month) days += days_in_month(time.year, month);
    return ((days * 24 + time.hour) * 60 + time.minute) * 60 + time.second;
}

Result<CalendarTime> read_rtc(Ports& ports, u8 century_register) {
    Registers first = TRY(read_registers(ports, century_register));
    for (u32 i = 0; i < MAX_ATTEMPTS; ++i) {
        const Registers second = TRY(read_registers(ports, century_register));
        if (first == second) {
            const CalendarTime time = decode(second);
            TRY(seconds_since_epoch(time));
            return time;
        }
        first = second;
    }
    return Error::Eio;
}

}  // namespace exo::drivers
