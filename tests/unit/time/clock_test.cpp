// The clock over a change of its source: no step, no way back, and the new counter's rate from there on.
// One test: the clock starts once in a program.
#include "time/clock.hpp"

#include <gtest/gtest.h>

#include "abi/exo/clock_page.hpp"
#include "arch/interface.hpp"
#include "time/counter.hpp"

namespace exo::time {
namespace {

class FakeCounter final : public Counter {
  public:
    std::string_view name() const override { return "fake"; }
    u64 hertz() const override { return 1'000'000; }
    u32 bits() const override { return 24; }
    u64 read() override { return ticks; }
    u64 ticks = 0xffff00;
};

/// Monotonic time as the vDSO has it.
Nanoseconds read_page(const abi::ClockPage& page, u64 reading) {
    EXPECT_EQ(page.counts_cycles, 1U);
    const CounterScale scale{page.multiplier};
    return page.nanoseconds + scale.nanoseconds(static_cast<i64>(reading - page.reading));
}

TEST(clock, changes_its_source_without_a_step) {
    auto& cycles = arch::hosted::simulated_time;
    cycles = 5000;
    start_clock(2'000'000'000);
    EXPECT_EQ(monotonic(), 0U);
    EXPECT_EQ(clock_source(), "tsc");
    EXPECT_EQ(longest_silence(), ~0ULL);
    cycles += 2'000'000;
    EXPECT_EQ(monotonic(), MILLISECOND);
    abi::ClockPage page{};
    publish_clock(page);
    EXPECT_EQ(read_page(page, cycles), monotonic());

    refine_clock(1'000'000'000);  // it was twice too fast
    EXPECT_EQ(read_page(page, cycles), monotonic());
    EXPECT_EQ(monotonic(), MILLISECOND);
    EXPECT_EQ(cycle_counter_hertz(), 1'000'000'000U);
    cycles += 1'000'000;
    EXPECT_NEAR(static_cast<double>(monotonic()), 2e6, 2);
    set_realtime(1000 * SECOND);
    EXPECT_EQ(read_page(page, cycles) + page.realtime_offset, realtime());
    EXPECT_EQ(read_page(page, cycles + 1000), monotonic() + 1000);
    EXPECT_EQ(page.sequence % 2, 0U);
    publish_zone(5);
    EXPECT_EQ(page.zone, 5U);

    // Coarse: the same for a millisecond, then the time of then; and right away after the clock is set, forwards or back.
    const auto coarse = [] {
        const WallTime time = coarse_realtime();
        return time.seconds * SECOND + time.nanoseconds;
    };
    const Nanoseconds first = coarse();
    EXPECT_EQ(first, realtime());
    cycles += 999'000;
    EXPECT_EQ(coarse(), first);
    cycles += 2000;
    EXPECT_EQ(coarse(), realtime());
    EXPECT_GT(coarse(), first);
    set_realtime(500 * SECOND);
    EXPECT_EQ(coarse(), 500 * SECOND);
    set_realtime(1000 * SECOND - 1'001'000);
    EXPECT_EQ(coarse(), 1000 * SECOND - 1'001'000);
    cycles -= 1'001'000;
    set_realtime(1000 * SECOND);

    FakeCounter counter;
    use_counter(counter);
    EXPECT_EQ(clock_source(), "fake");
    EXPECT_EQ(page.counts_cycles, 0U) << "programs have to ask";
    EXPECT_NEAR(static_cast<double>(monotonic()), 2e6, 2);
    EXPECT_NEAR(static_cast<double>(longest_silence()), 16.777e9 / 4, 1e6);
    EXPECT_EQ(coarse(), realtime());
    cycles += 77'000'000;  // nobody's business any more
    EXPECT_NEAR(static_cast<double>(monotonic()), 2e6, 2);
    Nanoseconds last = monotonic();
    for (int second = 1; second <= 60; ++second) {  // three rounds and a half
        counter.ticks += 1'000'000;
        EXPECT_GT(monotonic(), last);
        last = monotonic();
        EXPECT_NEAR(static_cast<double>(last), 2e6 + second * 1e9, 10);
        EXPECT_NEAR(static_cast<double>(realtime()), 1000e9 + second * 1e9, 1000);
        EXPECT_EQ(coarse(), realtime());  // a cycle counter that is not trusted says nothing of a millisecond
    }
}

}  // namespace
}  // namespace exo::time
