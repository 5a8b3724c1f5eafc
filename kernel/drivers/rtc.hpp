// The PC's real-time clock (MC146818 and its successors), read once at boot.
#pragma once

#include "drivers/ports.hpp"
#include "utils/result.hpp"

namespace exo::drivers {

/// A time of day without a time zone, as in the clock's registers.
struct CalendarTime {
    u32 year = 1970;
    u32 month = 1;  ///< 1-12
    u32 day = 1;    ///< 1-31
    u32 hour = 0;
    u32 minute = 0;
    u32 second = 0;
};

/// Converts to seconds since 1970-01-01 00:00:00. Errors: Einval (no such date, or before 1970).
Result<u64> seconds_since_epoch(const CalendarTime& time);

/// Reads the clock, which is assumed to run in UTC: binary or BCD, 12 or 24 hours. `century_register` is the
/// register that ACPI's FADT names; 0: none, and years below 70 count as 20xx. A read never overlaps an
/// update of the clock.
/// Errors: Eio (no clock: its update never ends), Einval (no such date).
Result<CalendarTime> read_rtc(Ports& ports, u8 century_register);

}  // namespace exo::drivers
