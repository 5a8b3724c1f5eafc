// virtio-rng: the host's entropy (virtio 1.2, section 5.4).
#pragma once

#include "drivers/driver.hpp"
#include "drivers/random/random.hpp"
#include "drivers/virtio/device.hpp"

namespace exo::drivers {

/// Requests one buffer of bytes at the start and at each call of `request`, and mixes them into the random
/// generator.
class VirtioRng final : public Driver, public InterruptHandler {
  public:
    VirtioRng(Box<Transport> transport, RandomGenerator& generator)
        : device_(std::move(transport)),
          generator_(generator) {}

    std::string_view name() const override { return "virtio-rng"; }
    bool probe() override { return true; }
    Result<> init() override;

    /// Requests bytes. Errors: Ebusy (a request is in progress), Eio (the device violated the rules).
    Result<> request();
    void on_interrupt() override;

  private:
    static constexpr u16 QUEUE_SIZE = 2;
    static constexpr u32 REQUEST_SIZE = 64;
    struct State {
        VirtqueueOf<QUEUE_SIZE> queue;
    };
    void collect();

    memory::DmaBuffer memory_;  ///< Freed after the device was reset.
    VirtioDevice device_;
    RandomGenerator& generator_;
    sync::SpinLocked<State, sync::LockRank::Device, sync::IrqOff> state_;
};

}  // namespace exo::drivers
