// The cycle counter measured against counters of known rate that a test makes: right ones, uneven ones, dead ones.
// The hosted cycle counter is simulated time; reading a counter takes some of it.
#include "time/calibration.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "arch/interface.hpp"
#include "support/must.hpp"

namespace exo::time {
namespace {

using Verdict = Calibration::Verdict;

/// Ticks as a function of the cycles that have passed.
class FakeCounter final : public Counter {
  public:
    FakeCounter(u64 hertz, u32 bits, std::function<double(u64 cycles)> seconds_at)
        : hertz_(hertz),
          bits_(bits),
          seconds_at_(std::move(seconds_at)) {}

    std::string_view name() const override { return "fake"; }
    u64 hertz() const override { return hertz_; }
    u32 bits() const override { return bits_; }
    u64 read() override {
        arch::hosted::simulated_time += read_cost;
        const auto ticks = static_cast<u64>(seconds_at_(arch::cycle_counter()) * static_cast<double>(hertz_));
        arch::hosted::simulated_time += read_cost;
        return ticks + 0xabcdef;
    }
    u64 read_cost = 500;

  private:
    u64 hertz_;
    u32 bits_;
    std::function<double(u64)> seconds_at_;
};

std::function<double(u64)> cycles_at(double per_second) {
    return [per_second](u64 cycles) { return static_cast<double>(cycles) / per_second; };
}

void let_pass(u64 cycles) { arch::hosted::simulated_time += cycles; }

Calibration::Outcome calibrate(FakeCounter& counter, u64 half_in_cycles) {
    Calibration calibration;
    EXPECT_TRUE(calibration.measure(counter).has_value());
    let_pass(half_in_cycles);
    calibration.note_middle();
    let_pass(half_in_cycles);
    return calibration.finish();
}

void expect_close(u64 value, double wanted, double parts) {
    EXPECT_NEAR(static_cast<double>(value), wanted, wanted * parts);
}

class Rates : public testing::TestWithParam<std::tuple<u64, u32, double>> {};

TEST_P(Rates, are_found_first_roughly_then_finely) {
    const auto [hertz, bits, cycles_per_second] = GetParam();
    FakeCounter counter(hertz, bits, cycles_at(cycles_per_second));
    Calibration calibration;
    expect_close(MUST(calibration.measure(counter)), cycles_per_second, 0.02);
    const auto outcome = calibrate(counter, static_cast<u64>(cycles_per_second / 10));
    EXPECT_EQ(outcome.verdict, Verdict::Even);
    expect_close(outcome.hertz, cycles_per_second, 20e-6);
}

INSTANTIATE_TEST_SUITE_P(calibration, Rates,
                         testing::Combine(testing::Values(3'579'545, 1'193'182, 14'318'180, 100'000'000),
                                          testing::Values(20, 24, 32, 64),
                                          testing::Values(0.8e9, 1e9, 2.1e9, 5.7e9)),
                         [](const auto& info) {
                             return std::to_string(std::get<0>(info.param)) + "_" +
                                    std::to_string(std::get<1>(info.param)) + "_" +
                                    std::to_string(static_cast<u64>(std::get<2>(info.param)));
                         });

TEST(calibration, a_16_bit_reference_wraps_many_times) {
    FakeCounter pit(1'193'182, 16, cycles_at(3e9));
    const auto outcome = calibrate(pit, 300'000'000);
    EXPECT_EQ(outcome.verdict, Verdict::Even);
    expect_close(outcome.hertz, 3e9, 20e-6);
}

TEST(calibration, a_counter_that_changes_its_rate_is_uneven) {
    for (const double factor : {0.5, 0.9, 0.99, 1.01, 1.1, 3.0}) {
        // The cycle counter runs `factor` times as fast from the middle on.
        const u64 middle = arch::cycle_counter() + 100'000'000;
        FakeCounter counter(3'579'545, 24, [=](u64 cycles) {
            const double first = static_cast<double>(std::min(cycles, middle));
            const double second = static_cast<double>(cycles > middle ? cycles - middle : 0);
            return (first + second / factor) / 1e9;
        });
        EXPECT_EQ(calibrate(counter, 100'000'000).verdict, Verdict::Uneven) << factor;
    }
}

TEST(calibration, a_first_figure_far_off_is_uneven) {
    // The first milliseconds at another rate than all the rest, which is even in itself.
    const u64 start = arch::cycle_counter() + 5'000'000;
    FakeCounter counter(3'579'545, 24, [=](u64 cycles) {
        const double first = static_cast<double>(std::min(cycles, start));
        const double rest = static_cast<double>(cycles > start ? cycles - start : 0);
        return (first + rest / 1.5) / 1e9;
    });
    Calibration calibration;
    MUST(calibration.measure(counter));
    let_pass(400'000'000);
    calibration.note_middle();
    let_pass(400'000'000);
    EXPECT_EQ(calibration.finish().verdict, Verdict::Uneven);
}

TEST(calibration, a_dead_reference_is_said_to_be_dead) {
    FakeCounter dead(3'579'545, 24, [](u64) { return 1.0; });
    Calibration calibration;
    EXPECT_ERROR(Error::Enodev, calibration.measure(dead));
    calibration.note_middle();
    EXPECT_EQ(calibration.finish().verdict, Verdict::Unknown);
}

TEST(calibration, a_reference_that_dies_later_is_uneven) {
    const u64 end = arch::cycle_counter() + 50'000'000;
    FakeCounter dying(3'579'545, 24,
                      [=](u64 cycles) { return static_cast<double>(std::min(cycles, end)) / 1e9; });
    EXPECT_EQ(calibrate(dying, 100'000'000).verdict, Verdict::Uneven);
}

TEST(calibration, a_slow_reading_leaves_room_instead_of_a_wrong_verdict) {
    FakeCounter slow(3'579'545, 24, cycles_at(1e9));
    slow.read_cost = 300'000;  // 0.3 ms: an emulated device on a busy machine
    EXPECT_EQ(calibrate(slow, 100'000'000).verdict, Verdict::Even);
}

TEST(long_counter, goes_on_through_the_rounds) {
    u64 ticks = 0xfffff0;
    FakeCounter counter(1'000'000'000, 24, [&](u64) { return static_cast<double>(ticks) / 1e9; });
    LongCounter longer;
    longer.start(counter);
    const u64 first = longer.read();
    u64 passed = 0;
    for (const u64 step : {1ULL, 100ULL, 70'000ULL, 1'000'000ULL, 8'000'000ULL, 8'388'607ULL, 3ULL,
                           8'000'000ULL, 8'000'000ULL}) {
        ticks += step;
        passed += step;
        EXPECT_NEAR(static_cast<double>(longer.read() - first), static_cast<double>(passed), 2.0);
    }
}

TEST(long_counter, does_not_go_back_for_a_reading_that_is_a_little_old) {
    u64 ticks = 1'000'000;
    FakeCounter counter(1'000'000'000, 32, [&](u64) { return static_cast<double>(ticks) / 1e9; });
    LongCounter longer;
    longer.start(counter);
    ticks += 500;
    const u64 later = longer.read();
    ticks -= 100;
    EXPECT_EQ(longer.read(), later);
    ticks += 200;
    EXPECT_GT(longer.read(), later);
}

TEST(counter, knows_how_long_its_round_is) {
    const FakeCounter pm_timer(3'579'545, 24, cycles_at(1e9));
    EXPECT_NEAR(static_cast<double>(pm_timer.round()), 4.687e9, 1e6);
    const FakeCounter endless(1'000'000'000, 64, cycles_at(1e9));
    EXPECT_GT(endless.round(), 500ULL * 365 * 86'400 * SECOND);
}

}  // namespace
}  // namespace exo::time
