#include "drivers/virtio/mmio_transport.hpp"

namespace exo::drivers {

namespace {

// Virtio 1.2, table 4.1.
enum Register : u32 {
    Magic = 0x000,
    Version = 0x004,
    DeviceId = 0x008,
    DeviceFeatures = 0x010,
    DeviceFeaturesSelect = 0x014,
    DriverFeatures = 0x020,
    DriverFeaturesSelect = 0x024,
    QueueSelect = 0x030,
    QueueSizeMax = 0x034,
    QueueSize = 0x038,
    QueueReady = 0x044,
    QueueNotify = 0x050,
    InterruptStatus = 0x060,
    InterruptAcknowledge = 0x064,
    Status = 0x070,
    DescriptorsLow = 0x080,
    DescriptorsHigh = 0x084,
    AvailableLow = 0x090,
    AvailableHigh = 0x094,
    UsedLow = 0x0a0,
    UsedHigh = 0x0a4,
    ConfigurationGeneration = 0x0fc,
};

constexpr u32 MAGIC = 0x74726976;  // "virt"
constexpr u32 VERSION = 2;

void write_address(RegisterBlock& registers, u32 low, u32 high, memory::PhysicalAddress address) {
    registers.write32(low, static_cast<u32>(address.value() & UINT32_MAX));
    registers.write32(high, static_cast<u32>(address.value() >> 32));
}

}  // namespace

Result<Box<MmioTransport>> MmioTransport::open(Box<RegisterBlock> registers, u64 size, u32 line) {
    if (size < REGISTERS_SIZE || registers->read32(Magic) != MAGIC) return Error::Enodev;
    const u32 version = registers->read32(Version);
    const auto type = static_cast<VirtioType>(registers->read32(DeviceId));
    if (type == VirtioType::None) return Error::Enodev;
    if (version != VERSION) return Error::Eopnotsupp;
    return make_box<MmioTransport>(std::move(registers), size, line, type);
}

u64 MmioTransport::offered_features() {
    registers_->write32(DeviceFeaturesSelect, 1);
    const u64 high = registers_->read32(DeviceFeatures);
    registers_->write32(DeviceFeaturesSelect, 0);
    return high << 32 | registers_->read32(DeviceFeatures);
}

void MmioTransport::accept_features(u64 features) {
    registers_->write32(DriverFeaturesSelect, 1);
    registers_->write32(DriverFeatures, static_cast<u32>(features >> 32));
    registers_->write32(DriverFeaturesSelect, 0);
    registers_->write32(DriverFeatures, static_cast<u32>(features & UINT32_MAX));
}

VirtioStatus MmioTransport::status() { return static_cast<VirtioStatus>(registers_->read32(Status) & 0xff); }

void MmioTransport::set_status(VirtioStatus status) { registers_->write32(Status, static_cast<u32>(status)); }

u16 MmioTransport::queue_limit(u16 index) {
    registers_->write32(QueueSelect, index);
    const u32 limit = registers_->read32(QueueSizeMax);
    return limit > UINT16_MAX ? UINT16_MAX : static_cast<u16>(limit);
}

void MmioTransport::enable_queue(u16 index, u16 size, const QueueAddresses& addresses) {
    registers_->write32(QueueSelect, index);
    registers_->write32(QueueSize, size);
    write_address(*registers_, DescriptorsLow, DescriptorsHigh, addresses.descriptors);
    write_address(*registers_, AvailableLow, AvailableHigh, addresses.available);
    write_address(*registers_, UsedLow, UsedHigh, addresses.used);
    registers_->write32(QueueReady, 1);
}

void MmioTransport::notify(u16 index) { registers_->write32(QueueNotify, index); }

Result<> MmioTransport::connect_interrupt(InterruptHandler& handler) {
    return drivers::connect_interrupt(line_, LineMode::EdgeHigh, handler);
}

VirtioInterrupt MmioTransport::take_interrupt() {
    const u32 reasons = registers_->read32(InterruptStatus);
    if (reasons != 0) registers_->write32(InterruptAcknowledge, reasons);
    return static_cast<VirtioInterrupt>(reasons);
}

u8 MmioTransport::configuration(u32 offset) {
    // Offsets behind the device's configuration space read as zero.
    if (offset >= size_ - REGISTERS_SIZE) return 0;
    return registers_->read8(REGISTERS_SIZE + offset);
}

u32 MmioTransport::configuration_generation() { return registers_->read32(ConfigurationGeneration); }

}  // namespace exo::drivers
