// Counters of known rate: HPET registers with every kind of nonsense in them, the 8254, and KVM's arithmetic.
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "drivers/clock/hpet.hpp"
#include "drivers/clock/kvm_clock.hpp"
#include "drivers/clock/pit.hpp"
#include "drivers/clock/pm_timer.hpp"
#include "support/hosted_frames.hpp"
#include "support/must.hpp"
#include "support/random.hpp"

namespace exo::drivers {
namespace {

struct FakeHpet {
    explicit FakeHpet(u32 period) { set(4, period); }
    void set(usize offset, u32 value) { std::memcpy(bytes.data() + offset, &value, sizeof(value)); }
    u32 get(usize offset) const {
        u32 value;
        std::memcpy(&value, bytes.data() + offset, sizeof(value));
        return value;
    }
    memory::MmioRegion region() { return memory::MmioRegion::over(bytes.data(), bytes.size()); }
    alignas(8) std::array<u8, HpetCounter::REGISTERS_SIZE> bytes{};
};

TEST(hpet, counts_at_the_rate_that_it_states) {
    FakeHpet device(69'841'279);
    device.set(0x10, 2);  // the firmware left its legacy routing on
    HpetCounter counter = MUST(HpetCounter::start(device.region()));
    EXPECT_EQ(counter.hertz(), 14'318'179U);
    EXPECT_EQ(device.get(0x10), 1U);
    device.set(0xf0, 0x89abcdef);
    EXPECT_EQ(counter.read() & counter.mask(), 0x89abcdefU);
}

TEST(hpet, that_states_an_impossible_rate_is_none) {
    for (const u32 period : {0U, 1U, 99'999U, 100'000'001U, 0xffffffffU}) {
        FakeHpet device(period);
        EXPECT_ERROR(Error::Enodev, HpetCounter::start(device.region())) << period;
        EXPECT_EQ(device.get(0x10), 0U);
    }
}

class FakePit final : public Ports {
  public:
    u8 read8(u16 port) override {
        if (port == 0x61) return 0xfe;
        EXPECT_EQ(port, 0x42);
        const u8 value = static_cast<u8>(is_high_next ? latched >> 8 : latched);
        is_high_next = !is_high_next;
        return value;
    }
    void write8(u16 port, u8 value) override {
        if (port == 0x61) gate = value;
        if (port == 0x43 && value == 0x80) latched = count;
    }
    u32 read32(u16) override { return ~0U; }
    u16 count = 0;
    u16 latched = 0;
    u8 gate = 0;
    bool is_high_next = false;
};

TEST(pit, counts_up_although_the_chip_counts_down) {
    FakePit chip;
    Pit pit(chip);
    pit.start();
    EXPECT_EQ(chip.gate, 0xfd);  // gate open, speaker off
    chip.count = 0xfff0;
    const u64 first = pit.read();
    chip.count = 0x1234;
    EXPECT_EQ((pit.read() - first) & pit.mask(), 0xfff0U - 0x1234U);
    chip.count = 0xfff0;  // through the end
    EXPECT_EQ((pit.read() - first) & pit.mask(), 0U);
}

KvmClockRecord record(u64 cycles, u64 nanoseconds, u32 multiplier, i8 shift) {
    return {2, 0, cycles, nanoseconds, multiplier, shift, 0, {}};
}

TEST(kvm_clock, scales_what_has_passed) {
    // 2 GHz: half a nanosecond a cycle.
    EXPECT_EQ(kvm_clock_time(record(1000, 500, 1U << 31, 0), 1000), 500U);
    EXPECT_EQ(kvm_clock_time(record(1000, 500, 1U << 31, 0), 3000), 1500U);
    // 500 MHz and 4 GHz: with a shift.
    EXPECT_EQ(kvm_clock_time(record(0, 0, 1U << 31, 2), 1000), 2000U);
    EXPECT_EQ(kvm_clock_time(record(0, 0, 1U << 31, -1), 1000), 250U);
}

TEST(kvm_clock, survives_a_counter_that_is_behind_and_nonsense) {
    EXPECT_EQ(kvm_clock_time(record(1000, 500, 1U << 31, 0), 999), 500U);
    test::Random random(7);
    for (int i = 0; i < 10'000; ++i)
        (void)kvm_clock_time(record(random.next(), random.next(), static_cast<u32>(random.next()),
                                    static_cast<i8>(random.next())),
                             random.next());
}

TEST(kvm_clock, is_nothing_without_kvm) {
    const test::HostedFrames frames(64);
    EXPECT_ERROR(Error::Enodev, KvmClock::start());
}

}  // namespace
}  // namespace exo::drivers
