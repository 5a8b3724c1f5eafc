#include "drivers/virtio/pci_transport.hpp"

#include <algorithm>

namespace exo::drivers {

namespace {

constexpr u16 VENDOR = 0x1af4;
/// Devices that have the old interface as well; the subsystem tells their type.
constexpr u16 FIRST_TRANSITIONAL = 0x1000;
constexpr u16 FIRST_MODERN = 0x1040;
constexpr u16 LAST_MODERN = 0x107f;

/// The kinds of regions (section 4.1.4).
enum class RegionKind : u8 { Common = 1, Notify = 2, Interrupt = 3, Device = 4 };

// The capability that names a region.
constexpr u16 CAPABILITY_BAR = 4;
constexpr u16 CAPABILITY_OFFSET = 8;
constexpr u16 CAPABILITY_LENGTH = 12;
constexpr u16 CAPABILITY_MULTIPLIER = 16;

/// Section 4.1.4.3.
enum Common : u32 {
    DeviceFeaturesSelect = 0,
    DeviceFeatures = 4,
    DriverFeaturesSelect = 8,
    DriverFeatures = 12,
    ConfigurationVector = 16,
    Status = 20,
    Generation = 21,
    QueueSelect = 22,
    QueueSize = 24,
    QueueVector = 26,
    QueueEnable = 28,
    QueueNotifyOffset = 30,
    QueueDescriptors = 32,
    QueueAvailable = 40,
    QueueUsed = 48,
    CommonSize = 56,
};

/// No device has so much configuration; more would only be address space.
constexpr u32 MOST_REGION = 1U << 20;

constexpr u16 CONFIGURATION_MESSAGE = 0;
constexpr u16 NO_MESSAGE = 0xffff;
constexpr u16 queue_message(const pci::Msix& msix) { return msix.count() > 1 ? 1 : CONFIGURATION_MESSAGE; }

VirtioType type_of(const pci::Function& function) {
    const u16 device = function.device();
    if (function.vendor() != VENDOR || device < FIRST_TRANSITIONAL || device > LAST_MODERN)
        return VirtioType::None;
    return static_cast<VirtioType>(device < FIRST_MODERN ? function.subsystem() : device - FIRST_MODERN);
}

/// Errors: Eio (the region lies outside the function's memory, or is too small), those of mapping.
Result<PciTransport::Region> map_region(const pci::Function& function, u16 capability, u32 least,
                                        RegisterMapper map) {
    const u32 bar = function.read(static_cast<u16>(capability + CAPABILITY_BAR)) & UINT8_MAX;
    const u64 offset = function.read(static_cast<u16>(capability + CAPABILITY_OFFSET));
    const u32 length = function.read(static_cast<u16>(capability + CAPABILITY_LENGTH));
    const pci::Memory memory = TRY(function.memory(bar));
    if (length < least || offset > memory.size || length > memory.size - offset || offset % 4 != 0)
        return Error::Eio;
    const u32 size = std::min(length, MOST_REGION);
    return PciTransport::Region{TRY(map(memory.address + offset, size)), size};
}

/// The first capability of each kind counts (section 4.1.4). Errors: Eopnotsupp (a legacy device), Eio, those of mapping.
Result<PciTransport::Regions> map_regions(const pci::Function& function, RegisterMapper map) {
    u16 common = 0;
    u16 notify = 0;
    u16 device = 0;
    function.for_each_capability([&](pci::CapabilityId id, u16 offset) {
        if (id != pci::CapabilityId::Vendor) return true;
        const auto kind = static_cast<RegionKind>(function.read(offset) >> 24);
        if (kind == RegionKind::Common && common == 0) common = offset;
        if (kind == RegionKind::Notify && notify == 0) notify = offset;
        if (kind == RegionKind::Device && device == 0) device = offset;
        return true;
    });
    if (common == 0 || notify == 0) return Error::Eopnotsupp;
    PciTransport::Regions regions;
    regions.common = TRY(map_region(function, common, CommonSize, map));
    regions.notify = TRY(map_region(function, notify, sizeof(u16), map));
    regions.notify_multiplier = function.read(static_cast<u16>(notify + CAPABILITY_MULTIPLIER));
    if (device != 0) regions.device = TRY(map_region(function, device, 1, map));
    return regions;
}

void write_address(RegisterBlock& registers, u32 offset, memory::PhysicalAddress address) {
    registers.write32(offset, static_cast<u32>(address.value() & UINT32_MAX));
    registers.write32(offset + 4, static_cast<u32>(address.value() >> 32));
}

}  // namespace

Result<Box<PciTransport>> PciTransport::open(const pci::Function& function, RegisterMapper map) {
    const VirtioType type = type_of(function);
    if (type == VirtioType::None) return Error::Enodev;
    Regions regions = TRY(map_regions(function, map));
    auto msix = pci::Msix::open(function, map);
    if (!msix) return msix.error() == Error::Enodev ? Error::Eopnotsupp : msix.error();
    function.enable();
    return make_box<PciTransport>(type, std::move(regions), std::move(*msix));
}

u64 PciTransport::offered_features() {
    RegisterBlock& common = *regions_.common.registers;
    common.write32(DeviceFeaturesSelect, 1);
    const u64 high = common.read32(DeviceFeatures);
    common.write32(DeviceFeaturesSelect, 0);
    return high << 32 | common.read32(DeviceFeatures);
}

void PciTransport::accept_features(u64 features) {
    RegisterBlock& common = *regions_.common.registers;
    common.write32(DriverFeaturesSelect, 1);
    common.write32(DriverFeatures, static_cast<u32>(features >> 32));
    common.write32(DriverFeaturesSelect, 0);
    common.write32(DriverFeatures, static_cast<u32>(features & UINT32_MAX));
}

VirtioStatus PciTransport::status() {
    return static_cast<VirtioStatus>(regions_.common.registers->read8(Status));
}

void PciTransport::set_status(VirtioStatus status) {
    regions_.common.registers->write8(Status, static_cast<u8>(status));
}

u16 PciTransport::queue_limit(u16 index) {
    if (index >= MOST_QUEUES) return 0;
    RegisterBlock& common = *regions_.common.registers;
    common.write16(QueueSelect, index);
    // A queue that is notified outside the region cannot be used.
    const u64 offset = u64{common.read16(QueueNotifyOffset)} * regions_.notify_multiplier;
    if (offset % sizeof(u16) != 0 || offset + sizeof(u16) > regions_.notify.size) return 0;
    notify_offsets_[index] = static_cast<u32>(offset);
    return common.read16(QueueSize);
}

void PciTransport::enable_queue(u16 index, u16 size, const QueueAddresses& addresses) {
    RegisterBlock& common = *regions_.common.registers;
    common.write16(QueueSelect, index);
    common.write16(QueueSize, size);
    common.write16(QueueVector, queue_message(msix_));
    has_refused_message_ |= common.read16(QueueVector) == NO_MESSAGE;
    write_address(common, QueueDescriptors, addresses.descriptors);
    write_address(common, QueueAvailable, addresses.available);
    write_address(common, QueueUsed, addresses.used);
    common.write16(QueueEnable, 1);
}

void PciTransport::notify(u16 index) { regions_.notify.registers->write16(notify_offsets_[index], index); }

Result<> PciTransport::connect_interrupt(InterruptHandler& handler) {
    handler_ = &handler;
    msix_.set(CONFIGURATION_MESSAGE, TRY(connect_message(for_configuration_)));
    if (queue_message(msix_) != CONFIGURATION_MESSAGE)
        msix_.set(queue_message(msix_), TRY(connect_message(for_queues_)));
    RegisterBlock& common = *regions_.common.registers;
    common.write16(ConfigurationVector, CONFIGURATION_MESSAGE);
    if (has_refused_message_ || common.read16(ConfigurationVector) == NO_MESSAGE) return Error::Eio;
    msix_.enable();
    return {};
}

void PciTransport::Source::on_interrupt() {
    // A device with one message only does not say what it is about.
    const VirtioInterrupt reasons = queue_message(transport_.msix_) == CONFIGURATION_MESSAGE
                                        ? VirtioInterrupt::UsedBuffer | VirtioInterrupt::ConfigurationChange
                                        : reason_;
    transport_.reasons_.fetch_or(static_cast<u32>(reasons));
    transport_.handler_->on_interrupt();
}

VirtioInterrupt PciTransport::take_interrupt() { return static_cast<VirtioInterrupt>(reasons_.exchange(0)); }

u8 PciTransport::configuration(u32 offset) {
    // Offsets behind the device's configuration space read as zero.
    return offset < regions_.device.size ? regions_.device.registers->read8(offset) : u8{0};
}

u32 PciTransport::configuration_generation() { return regions_.common.registers->read8(Generation); }

}  // namespace exo::drivers
