#include "drivers/virtio/device.hpp"

namespace exo::drivers {

namespace {
/// A device resets at once or within a few looks.
constexpr u32 MAX_RESET_POLLS = 10'000;
constexpr u32 MAX_CONFIGURATION_READS = 16;
}  // namespace

Result<> VirtioDevice::negotiate(u64 wanted) {
    reset();
    u32 polls = 0;
    while (transport_->status() != VirtioStatus::Reset) {
        if (++polls == MAX_RESET_POLLS) return Error::Eio;
    }
    add_status(VirtioStatus::Acknowledge);
    add_status(VirtioStatus::Driver);
    features_ = transport_->offered_features() & (wanted | VIRTIO_FEATURE_VERSION_1);
    if (!has_feature(VIRTIO_FEATURE_VERSION_1)) {
        fail();
        return Error::Eopnotsupp;
    }
    transport_->accept_features(features_);
    add_status(VirtioStatus::FeaturesOk);
    if (!has(transport_->status(), VirtioStatus::FeaturesOk)) {
        fail();
        return Error::Eio;
    }
    return {};
}

Result<> VirtioDevice::enable_queue(u16 index, const Virtqueue& queue) {
    const u16 limit = transport_->queue_limit(index);
    if (limit == 0) return Error::Enodev;
    if (limit < queue.size()) return Error::Eopnotsupp;
    transport_->enable_queue(index, queue.size(), queue.addresses());
    return {};
}

Result<> VirtioDevice::start() {
    add_status(VirtioStatus::DriverOk);
    if (has(transport_->status(), VirtioStatus::NeedsReset | VirtioStatus::Failed)) return Error::Eio;
    return {};
}

void VirtioDevice::fail() { add_status(VirtioStatus::Failed); }

Result<u32> VirtioDevice::configuration32(u32 offset) {
    for (u32 attempt = 0; attempt < MAX_CONFIGURATION_READS; ++attempt) {
        const u32 before = transport_->configuration_generation();
        u32 value = 0;
        for (u32 i = 0; i < 4; ++i) value |= u32{transport_->configuration(offset + i)} << (8 * i);
        if (transport_->configuration_generation() == before) return value;
    }
    return Error::Eio;
}

}  // namespace exo::drivers
