// VirtioDevice: the initialisation of a virtio device (virtio 1.2, section 3.1), over any transport.
#pragma once

#include "drivers/virtio/queue.hpp"
#include "drivers/virtio/transport.hpp"
#include "utils/box.hpp"

namespace exo::drivers {

inline constexpr u64 VIRTIO_FEATURE_EVENT_INDEX = 1ULL << 29;
inline constexpr u64 VIRTIO_FEATURE_VERSION_1 = 1ULL << 32;

/// The limit of rounds of one interrupt, so that a device with ever new reasons cannot block the CPU.
inline constexpr u32 MAX_INTERRUPT_ROUNDS = 1000;

class VirtioDevice {
  public:
    explicit VirtioDevice(Box<Transport> transport) : transport_(std::move(transport)) {}
    VirtioDevice(const VirtioDevice&) = delete;
    VirtioDevice& operator=(const VirtioDevice&) = delete;
    ~VirtioDevice() { reset(); }

    /// Resets the device and negotiates those of the features `wanted` that it offers; VERSION_1 is always
    /// included.
    /// Errors: Eio (it does not reset, or refuses the features), Eopnotsupp (a legacy device).
    Result<> negotiate(u64 wanted);
    /// Like that, for a driver that chooses by what the device offers. `choose` returns a part of `offered`.
    Result<> negotiate_by(u64 (*choose)(u64 offered));
    u64 features() const { return features_; }
    bool has_feature(u64 feature) const { return (features_ & feature) != 0; }
    /// The largest number of entries of a queue; 0: there is no such queue.
    u16 queue_limit(u16 index) { return transport_->queue_limit(index); }
    /// Tells the device about a queue. Errors: Enodev (no such queue), Eopnotsupp (the device supports fewer
    /// entries).
    Result<> enable_queue(u16 index, const Virtqueue& queue);
    /// Errors: those of Transport::connect_interrupt.
    Result<> connect_interrupt(InterruptHandler& handler) { return transport_->connect_interrupt(handler); }
    /// Lets the device work. Errors: Eio.
    Result<> start();
    void notify_if_wanted(u16 index, Virtqueue& queue) {
        if (queue.wants_notification()) notify(index);
    }
    void notify(u16 index) { transport_->notify(index); }
    /// Marks the device as failed. The driver must not use it afterwards.
    void fail();
    /// Resets the device, which then no longer accesses the driver's memory.
    void reset() { transport_->set_status(VirtioStatus::Reset); }

    VirtioInterrupt take_interrupt() { return transport_->take_interrupt(); }
    /// Reads bytes of the configuration space, all of one state. Errors: Eio (it changes all the time).
    Result<> read_configuration(u32 offset, std::span<u8> bytes);
    /// Errors: as read_configuration.
    Result<u16> configuration16(u32 offset);
    Result<u32> configuration32(u32 offset);

  private:
    Result<> greet();
    Result<> accept(u64 features);
    void add_status(VirtioStatus bits) { transport_->set_status(transport_->status() | bits); }

    Box<Transport> transport_;
    u64 features_ = 0;
};

}  // namespace exo::drivers
