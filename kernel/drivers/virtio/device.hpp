// VirtioDevice: the way of a virtio device from reset to work (virtio 1.2, section 3.1), over any transport.
#pragma once

#include "drivers/virtio/queue.hpp"
#include "drivers/virtio/transport.hpp"
#include "utils/box.hpp"

namespace exo::drivers {

inline constexpr u64 VIRTIO_FEATURE_VERSION_1 = 1ULL << 32;

/// A device that always has one more reason to interrupt must not keep the CPU for ever.
inline constexpr u32 MAX_INTERRUPT_ROUNDS = 1000;

class VirtioDevice {
  public:
    explicit VirtioDevice(Box<Transport> transport) : transport_(std::move(transport)) {}
    VirtioDevice(const VirtioDevice&) = delete;
    VirtioDevice& operator=(const VirtioDevice&) = delete;
    ~VirtioDevice() { reset(); }

    /// Resets, and agrees on those of `wanted` that the device offers, VERSION_1 always among them.
    /// Errors: Eio (it does not reset, or refuses the choice), Eopnotsupp (a legacy device).
    Result<> negotiate(u64 wanted);
    bool has_feature(u64 feature) const { return (features_ & feature) != 0; }
    /// Errors: Enodev (no such queue), Eopnotsupp (fewer entries than `queue` has).
    Result<> enable_queue(u16 index, const Virtqueue& queue);
    /// The device may work from now on. Errors: Eio.
    Result<> start();
    void notify_if_wanted(u16 index, const Virtqueue& queue) {
        if (queue.wants_notification()) transport_->notify(index);
    }
    /// Gives the device up; it must be left alone then.
    void fail();
    /// It leaves our memory alone from now on.
    void reset() { transport_->set_status(VirtioStatus::Reset); }

    VirtioInterrupt take_interrupt() { return transport_->take_interrupt(); }
    /// A number of the device's configuration space, read so that it is whole. Errors: Eio (it never stays the same).
    Result<u32> configuration32(u32 offset);

  private:
    void add_status(VirtioStatus bits) { transport_->set_status(transport_->status() | bits); }

    Box<Transport> transport_;
    u64 features_ = 0;
};

}  // namespace exo::drivers
