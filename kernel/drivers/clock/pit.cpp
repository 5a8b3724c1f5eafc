#include "drivers/clock/pit.hpp"

namespace exo::drivers {

namespace {
constexpr u16 CHANNEL = 0x42;
constexpr u16 CONTROL = 0x43;
constexpr u16 GATE = 0x61;
constexpr u8 GATE_OPEN = 1;
constexpr u8 SPEAKER_ON = 2;
constexpr u8 CHANNEL_2_RATE_GENERATOR = 0xb4;
constexpr u8 LATCH_CHANNEL_2 = 0x80;
}  // namespace

void Pit::start() {
    ports_->write8(GATE, static_cast<u8>((ports_->read8(GATE) & ~SPEAKER_ON) | GATE_OPEN));
    ports_->write8(CONTROL, CHANNEL_2_RATE_GENERATOR);
    ports_->write8(CHANNEL, 0);
    ports_->write8(CHANNEL, 0);
}

u64 Pit::read() {
    ports_->write8(CONTROL, LATCH_CHANNEL_2);
    const u32 low = ports_->read8(CHANNEL);
    const u32 high = ports_->read8(CHANNEL);
    return 0x10000 - (high << 8 | low);  // it counts down
}

}  // namespace exo::drivers
