#include "drivers/clock/hpet.hpp"

namespace exo::drivers {

namespace {
constexpr u64 PERIOD = 4;  // the capabilities' upper half: femtoseconds a tick
constexpr u64 CONFIGURATION = 0x10;
constexpr u64 MAIN_COUNTER = 0xf0;
constexpr u32 ENABLE = 1;
constexpr u32 LEGACY_ROUTING = 2;
constexpr u64 FEMTOSECONDS = 1'000'000'000'000'000;
constexpr u32 LONGEST_PERIOD = 100'000'000;  // by the specification
constexpr u32 SHORTEST_PERIOD = 100'000;     // 10 GHz: faster than anything that was built
}  // namespace

Result<HpetCounter> HpetCounter::start(memory::MmioRegion registers) {
    const u32 period = registers.at<u32>(PERIOD).read();
    if (period < SHORTEST_PERIOD || period > LONGEST_PERIOD) return Error::Enodev;
    const auto configuration = registers.at<u32>(CONFIGURATION);
    configuration.write((configuration.read() & ~LEGACY_ROUTING) | ENABLE);
    return HpetCounter(registers, FEMTOSECONDS / period);
}

u64 HpetCounter::read() { return registers_.at<u32>(MAIN_COUNTER).read(); }

}  // namespace exo::drivers
