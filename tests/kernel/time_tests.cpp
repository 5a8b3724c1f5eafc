// Clocks and the timer interrupt against counters of known rate.
#include "arch/interface.hpp"
#include "drivers/clock/counters.hpp"
#include "drivers/platform.hpp"
#include "kernel_test.hpp"
#include "scheduler/parking.hpp"
#include "scheduler/scheduler.hpp"
#include "time/timer.hpp"

namespace exo::kernel_test {

namespace {

using time::Deadline;
using time::MILLISECOND;

void clock_never_steps_back() {
    time::Nanoseconds last = time::monotonic();
    const time::Nanoseconds first = last;
    for (u32 i = 0; i < 100'000; ++i) {
        const time::Nanoseconds now = time::monotonic();
        if (now < last) return fail("after {} came {}", last, now);
        last = now;
    }
    CHECK(last > first);
}

/// The 8254's second channel, latched (Intel 8254, "latch command"); counts down from 65536.
u32 read_pit() {
    arch::port_write8(0x43, 0x80);
    const u32 low = arch::port_read8(0x42);
    return static_cast<u32>(arch::port_read8(0x42)) << 8 | low;
}

/// Cycles a second, by 20 ms of ACPI's timer or, without ACPI, of the 8254.
u64 measure_independently() {
    const u16 port = drivers::platform_timers().pm_timer_port;
    const u64 hertz = port != 0 ? 3'579'545 : 1'193'182;
    const u32 mask = port != 0 ? 0xffffff : 0xffff;
    if (port == 0) {
        arch::port_write8(0x61, static_cast<u8>((arch::port_read8(0x61) & ~2U) | 1U));
        arch::port_write8(0x43, 0xb4);
        arch::port_write8(0x42, 0);
        arch::port_write8(0x42, 0);
    }
    const auto read = [&] { return port != 0 ? arch::port_read32(port) : 0U - read_pit(); };
    const u32 start = read();
    const u64 cycles = arch::cycle_counter();
    u32 elapsed = 0;
    for (u32 polls = 0; elapsed < hertz / 50; ++polls) {
        if (polls == 10'000'000) {
            fail("the reference timer stands still");
            return 0;
        }
        elapsed = (read() - start) & mask;
    }
    return (arch::cycle_counter() - cycles) * hertz / elapsed;
}

void cycle_counter_is_calibrated() {
    const u64 found = time::cycle_counter_hertz();
    const u64 wanted = measure_independently();
    const u64 difference = found > wanted ? found - wanted : wanted - found;
    if (difference > wanted / 100) fail("{} Hz; the reference says {}", found, wanted);
}

struct Alarm : time::Timer {
    constexpr Alarm() : Timer([](Timer& timer) { static_cast<Alarm&>(timer).ring(); }) {}
    void ring() {
        rang_at = time::monotonic();
        interrupts_were_on = arch::interrupts_enabled();
    }
    time::Nanoseconds volatile rang_at = 0;
    bool volatile interrupts_were_on = true;
};

/// A loop that never gives the CPU up is interrupted all the same.
void timer_interrupts_a_busy_kernel() {
    Alarm alarm;
    const time::Nanoseconds due = time::monotonic() + 5 * MILLISECOND;
    alarm.arm({due});
    const time::Nanoseconds end = due + 100 * MILLISECOND;
    while (alarm.rang_at == 0 && time::monotonic() < end) arch::relax();
    CHECK(alarm.rang_at >= due);
    CHECK(alarm.rang_at < due + 2 * MILLISECOND);
    CHECK(!alarm.interrupts_were_on);
}

/// With nobody runnable the CPU halts; the timer wakes it.
void timer_ends_a_sleep() {
    for (const time::Nanoseconds length : {100 * time::MICROSECOND, MILLISECOND, 30 * MILLISECOND}) {
        const time::Nanoseconds start = time::monotonic();
        CHECK(scheduler::sleep_until({start + length}, scheduler::WaitMode::Uninterruptible).has_value());
        const time::Nanoseconds slept = time::monotonic() - start;
        if (slept < length || slept > length + 2 * MILLISECOND) fail("slept {} instead of {}", slept, length);
    }
}

/// Each counter that the machine has runs at the rate that it states, by the cycle counter.
void counters_keep_their_rate() {
    CHECK((drivers::find_counter("acpi_pm") != nullptr) == (drivers::platform_timers().pm_timer_port != 0));
    CHECK((drivers::find_counter("hpet") != nullptr) == (drivers::platform_timers().hpet_address != 0));
    CHECK(drivers::find_counter("tsc") == nullptr);
    for (const std::string_view name : {"acpi_pm", "hpet"}) {
        time::Counter* counter = drivers::find_counter(name);
        if (counter == nullptr) continue;
        const time::Nanoseconds start = time::monotonic();
        const u64 first = counter->read();
        time::Nanoseconds passed = 0;
        while (passed < 20 * MILLISECOND) passed = time::monotonic() - start;
        const u64 ticks = (counter->read() - first) & counter->mask();
        const u64 wanted = passed * counter->hertz() / time::SECOND;
        if (ticks > wanted + wanted / 50 + 2 || ticks + wanted / 50 + 2 < wanted)
            fail("{}: {} ticks in {} ns", name, ticks, passed);
    }
}

/// A fallen cycle counter's successor. Everything after it in this machine runs on that clock.
void clock_goes_on_with_another_counter() {
    time::Counter* counter = drivers::fallback_counter();
    CHECK((counter != nullptr) ==
          (drivers::platform_timers().pm_timer_port != 0 || drivers::platform_timers().hpet_address != 0));
    if (counter == nullptr) return;
    const time::Nanoseconds before = time::monotonic();
    time::use_counter(*counter);
    const time::Nanoseconds after = time::monotonic();
    CHECK(after >= before && after < before + MILLISECOND);
    CHECK(time::clock_source() == counter->name());
    clock_never_steps_back();
    timer_ends_a_sleep();
}

void idle_time_is_part_of_all_time() {
    CHECK(scheduler::SCHEDULER.idle_time() <= time::monotonic());
    CHECK(scheduler::SCHEDULER.busy_time() <= time::monotonic());
}

constexpr Test TESTS[] = {
    {"clock_never_steps_back", &clock_never_steps_back},
    {"cycle_counter_is_calibrated", &cycle_counter_is_calibrated},
    {"timer_interrupts_a_busy_kernel", &timer_interrupts_a_busy_kernel},
    {"timer_ends_a_sleep", &timer_ends_a_sleep},
    {"counters_keep_their_rate", &counters_keep_their_rate},
    {"idle_time_is_part_of_all_time", &idle_time_is_part_of_all_time},
    {"clock_goes_on_with_another_counter", &clock_goes_on_with_another_counter},
};

}  // namespace

std::span<const Test> time_tests() { return TESTS; }

}  // namespace exo::kernel_test
