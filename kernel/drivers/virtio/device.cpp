#include "drivers/virtio/device.hpp"

namespace exo::drivers {

namespace {
/// A device resets at once or within a few looks.
constexpr u32 MAX_RESET_POLLS = 10'000;
constexpr u32 MAX_CONFIGURATION_READS = 16;
}  // namespace

Result<> VirtioDevice::negotiate(u64 wanted) {
    TRY(greet());
    return accept(transport_->offered_features() & (wanted | VIRTIO_FEATURE_VERSION_1));
}

Result<> VirtioDevice::negotiate_by(u64 (*choose)(u64 offered)) {
    TRY(greet());
    const u64 offered = transport_->offered_features();
    return accept(choose(offered) | (offered & VIRTIO_FEATURE_VERSION_1));
}

/// Resets the device and says that there is a driver. Errors: Eio.
Result<> VirtioDevice::greet() {
    reset();
    u32 polls = 0;
    while (transport_->status() != VirtioStatus::Reset) {
        if (++polls == MAX_RESET_POLLS) return Error::Eio;
    }
    add_status(VirtioStatus::Acknowledge);
    add_status(VirtioStatus::Driver);
    return {};
}

/// Errors: Eio, Eopnotsupp (a legacy device).
Result<> VirtioDevice::accept(u64 features) {
    features_ = features;
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

Result<> VirtioDevice::read_configuration(u32 offset, std::span<u8> bytes) {
    for (u32 attempt = 0; attempt < MAX_CONFIGURATION_READS; ++attempt) {
        const u32 before = transport_->configuration_generation();
        for (usize i = 0; i < bytes.size(); ++i)
            bytes[i] = transport_->configuration(offset + static_cast<u32>(i));
        if (transport_->configuration_generation() == before) return {};
    }
    return Error::Eio;
}

Result<u16> VirtioDevice::configuration16(u32 offset) {
    u8 bytes[2];
    TRY(read_configuration(offset, bytes));
    return static_cast<u16>(bytes[0] | bytes[1] << 8);
}

Result<u32> VirtioDevice::configuration32(u32 offset) {
    u8 bytes[4];
    TRY(read_configuration(offset, bytes));
    u32 value = 0;
    for (u32 i = 0; i < 4; ++i) value |= u32{bytes[i]} << (8 * i);
    return value;
}

}  // namespace exo::drivers
