#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "boot/firmware/mcfg.hpp"
#include "drivers/fake_pci.hpp"
#include "drivers/pci/function.hpp"
#include "drivers/pci/msix.hpp"
#include "drivers/virtio/pci_transport.hpp"
#include "support/must.hpp"
#include "support/random.hpp"

namespace exo::drivers {
namespace {

using memory::PhysicalAddress;
using pci::CapabilityId;
using pci::Function;
using pci::FunctionAddress;
using test::FakeFunction;
using test::FakePciBus;

std::string name_of(FunctionAddress address) {
    return std::to_string(address.bus) + ":" + std::to_string(address.device) + "." +
           std::to_string(address.function);
}

std::vector<std::string> search(pci::Configuration& bus) {
    std::vector<std::string> found;
    for_each_function(bus, [&](FunctionAddress address) { found.push_back(name_of(address)); });
    return found;
}

void make_bridge(FakeFunction& function, u8 behind) {
    function.put32(0x0c, 1 << 16);
    function.put32(0x18, u32{behind} << 8);
}

// ---- The search

TEST(pci_search, finds_devices_and_functions) {
    FakePciBus bus;
    EXPECT_TRUE(search(bus).empty());
    bus.add({0, 0, 0});
    bus.add({0, 3, 0});
    bus.add({0, 3, 1});  // of a device that says it has one function
    bus.add({0, 31, 0}).put32(0x0c, 1 << 23);
    bus.add({0, 31, 2});
    bus.add({0, 31, 7});
    bus.add({1, 0, 0});  // behind no bridge
    EXPECT_EQ(search(bus), (std::vector<std::string>{"0:0.0", "0:3.0", "0:31.0", "0:31.2", "0:31.7"}));
}

TEST(pci_search, goes_through_bridges_once) {
    FakePciBus bus;
    make_bridge(bus.add({0, 1, 0}), 5);
    make_bridge(bus.add({0, 2, 0}), 0);  // not set up
    make_bridge(bus.add({5, 0, 0}), 2);
    make_bridge(bus.add({2, 0, 0}), 5);  // a circle
    bus.add({2, 4, 0});
    EXPECT_EQ(search(bus), (std::vector<std::string>{"0:1.0", "0:2.0", "5:0.0", "2:0.0", "2:4.0"}));
}

class FakeConfigurationPorts final : public Ports {
  public:
    u8 read8(u16) override { return 0xff; }
    void write8(u16, u8) override {}
    u32 read32(u16 port) override {
        if (port == 0xcf8) return address;
        EXPECT_EQ(port, 0xcfc);
        return registers[address];
    }
    void write32(u16 port, u32 value) override {
        if (port == 0xcf8)
            address = has_ports ? value : 0xffff'ffff;
        else
            registers[address] = value;
    }
    bool has_ports = true;
    u32 address = 0;
    std::map<u32, u32> registers;
};

TEST(pci_ports, reach_each_register) {
    FakeConfigurationPorts ports;
    pci::PortConfiguration space(ports);
    EXPECT_TRUE(space.probe());
    ports.registers[0x8012'fb40] = 77;
    EXPECT_EQ(space.read({0x12, 31, 3}, 0x40), 77U);
    space.write({0, 0, 0}, 4, 9);
    EXPECT_EQ(ports.registers[0x8000'0004], 9U);
    ports.has_ports = false;
    EXPECT_FALSE(space.probe());
}

/// Registers in the test's memory.
class FakeRegion : public RegisterBlock {
  public:
    explicit FakeRegion(std::vector<u8>& bytes) : bytes_(bytes) {}
    u8 read8(u32 offset) override { return get<u8>(offset); }
    u16 read16(u32 offset) override { return get<u16>(offset); }
    u32 read32(u32 offset) override { return get<u32>(offset); }
    void write8(u32 offset, u8 value) override { put(offset, value); }
    void write16(u32 offset, u16 value) override { put(offset, value); }
    void write32(u32 offset, u32 value) override { put(offset, value); }

  protected:
    template <class T> T get(u32 offset) {
        EXPECT_EQ(offset % sizeof(T), 0U);
        T value{};
        if (offset + sizeof(T) <= bytes_.size())
            std::memcpy(&value, bytes_.data() + offset, sizeof(T));
        else
            ADD_FAILURE() << "outside: " << offset;
        return value;
    }
    template <class T> void put(u32 offset, T value) {
        EXPECT_EQ(offset % sizeof(T), 0U);
        if (offset + sizeof(T) <= bytes_.size())
            std::memcpy(bytes_.data() + offset, &value, sizeof(T));
        else
            ADD_FAILURE() << "outside: " << offset;
    }

  private:
    std::vector<u8>& bytes_;
};

TEST(pci_mapped, maps_buses_when_they_are_used) {
    std::vector<u64> mapped;
    std::vector<u8> bytes(1 << 20);
    auto map = [&](PhysicalAddress address, u64 size) -> Result<Box<RegisterBlock>> {
        EXPECT_EQ(size, 1U << 20);
        mapped.push_back(address.value());
        if (address.value() == 0xb050'0000) return Error::Enomem;
        return Box<RegisterBlock>(new FakeRegion(bytes));
    };
    const auto space =
        std::make_unique<pci::MappedConfiguration>(PhysicalAddress(0xb000'0000), u8{2}, u8{5}, map);
    space->write(
        {
            2,
            31,
            7,
        },
        0xfc, 0x12345678);
    EXPECT_EQ(bytes[(31 << 15) + (7 << 12) + 0xfc], 0x78);
    EXPECT_EQ(space->read({2, 31, 7}, 0xfc), 0x12345678U);
    EXPECT_EQ(space->read({1, 0, 0}, 0), 0xffff'ffffU);
    EXPECT_EQ(space->read({6, 0, 0}, 0), 0xffff'ffffU);
    EXPECT_EQ(space->read({5, 0, 0}, 0), 0xffff'ffffU) << "cannot be mapped";
    EXPECT_EQ(mapped, (std::vector<u64>{0xb020'0000, 0xb050'0000}));
}

TEST(mcfg, names_the_space_of_segment_0) {
    std::vector<u8> table(44 + 32);
    const auto entry = [&](usize at, u64 address, u16 segment, u8 first, u8 last) {
        std::memcpy(&table[at], &address, 8);
        std::memcpy(&table[at + 8], &segment, 2);
        table[at + 10] = first;
        table[at + 11] = last;
    };
    entry(44, 0xb000'0000, 1, 0, 255);
    EXPECT_ERROR(Error::Enoent, boot::read_mcfg(table));
    entry(60, 0xc000'0000, 0, 1, 9);
    const boot::Mcfg found = MUST(boot::read_mcfg(table));
    EXPECT_EQ(found.address, 0xc000'0000U);
    EXPECT_EQ(found.first_bus, 1);
    EXPECT_EQ(found.last_bus, 9);
    entry(60, 0xc000'1000, 0, 1, 9);
    EXPECT_ERROR(Error::Enoent, boot::read_mcfg(table)) << "not at a multiple of 1 MiB";
    entry(60, 0xc000'0000, 0, 9, 1);
    EXPECT_ERROR(Error::Enoent, boot::read_mcfg(table));
    table.resize(60);
    EXPECT_ERROR(Error::Enoent, boot::read_mcfg(table));
    table.resize(43);
    EXPECT_ERROR(Error::Einval, boot::read_mcfg(table));
}

// ---- One function

TEST(pci_function, walks_its_capabilities) {
    FakePciBus bus;
    FakeFunction& device = bus.add({0, 1, 0});
    const Function function(bus, {0, 1, 0});
    device.put8(0x34, 0x40);
    EXPECT_FALSE(function.find_capability(CapabilityId::Msix)) << "the status says that there are none";
    device.add_capability(0x50, 0x05, {});
    device.add_capability(0x40, 0x11, {});
    EXPECT_EQ(function.find_capability(CapabilityId::Msix), 0x40);
    EXPECT_FALSE(function.find_capability(CapabilityId::Vendor));
    device.put8(0x41, 0x50);  // a circle
    EXPECT_FALSE(function.find_capability(CapabilityId::Vendor));
    device.put8(0x34, 0x08);  // inside the header
    EXPECT_FALSE(function.find_capability(CapabilityId::Msix));
}

TEST(pci_function, tells_the_memory_behind_its_registers) {
    FakePciBus bus;
    FakeFunction& device = bus.add({0, 1, 0});
    const Function function(bus, {0, 1, 0});
    device.add_bar(4, 0x12'fe00'0000, 0x4000);
    device.put32(4, 0xffff'0006);
    device.put32(0x10, 0xc001);  // ports
    device.put32(0x14, 0xfeb0'0000);
    device.masks[0x14] = 0xffff'f000;
    const pci::Memory wide = MUST(function.memory(4));
    EXPECT_EQ(wide.address.value(), 0x12'fe00'0000U);
    EXPECT_EQ(wide.size, 0x4000U);
    const pci::Memory narrow = MUST(function.memory(1));
    EXPECT_EQ(narrow.address.value(), 0xfeb0'0000U);
    EXPECT_EQ(narrow.size, 0x1000U);
    EXPECT_EQ(device.get32(0x20), 0xfe00'0004U) << "as it was";
    EXPECT_EQ(device.get32(0x24), 0x12U);
    EXPECT_EQ(device.get32(0x14), 0xfeb0'0000U);
    EXPECT_EQ(device.get32(4) & 0xffff, 6U);
    EXPECT_EQ(device.status_written, 0U);
    EXPECT_ERROR(Error::Enodev, function.memory(0));
    EXPECT_ERROR(Error::Enodev, function.memory(2)) << "no address";
    EXPECT_ERROR(Error::Einval, function.memory(6));
    device.put32(0x24, 0xfe00'0004);  // 64 bits, and no register behind it
    EXPECT_ERROR(Error::Einval, function.memory(5));
}

TEST(pci_function, is_enabled_without_its_line) {
    FakePciBus bus;
    FakeFunction& device = bus.add({0, 1, 0});
    device.put32(4, 0xffff'0001);
    Function(bus, {0, 1, 0}).enable();
    EXPECT_EQ(device.get32(4) & 0xffff, 0x0407U);
    EXPECT_EQ(device.status_written, 0U);
}

// ---- Virtio

/// A virtio device on PCI as QEMU makes it, with one memory of 16 KiB behind register 4.
class PciTransportTest : public testing::Test {
  protected:
    static constexpr u64 BASE = 0xfe00'0000;
    static constexpr u32 NOTIFY = 0x3000;
    static constexpr u32 DEVICE = 0x2000;
    static constexpr u32 TABLE = 0x1000;

    PciTransportTest() {
        device.add_bar(4, BASE, 0x4000);
        device.add_capability(0x40, 0x11, {2, 0});  // three messages
        device.put32(0x44, TABLE | 4);
        region(0x50, 1, 0, 0x1000);
        region(0x60, 4, DEVICE, 8);
        region(0x70, 2, NOTIFY, 0x1000, 4);
    }
    void region(u32 at, u8 kind, u32 offset, u32 length, u32 multiplier = 0) {
        device.add_capability(at, 0x09, {16, kind, 4, 0, 0, 0});
        device.put32(at + 8, offset);
        device.put32(at + 12, length);
        if (kind == 2) device.put32(at + 16, multiplier);
    }
    /// What the device's registers do, as far as the tests look at it.
    class Common final : public FakeRegion {
      public:
        explicit Common(PciTransportTest& test) : FakeRegion(test.common), test_(test) {}
        u32 read32(u32 offset) override {
            if (offset == 4) return static_cast<u32>(test_.features >> (get<u32>(0) == 0 ? 0 : 32));
            return FakeRegion::read32(offset);
        }
        u16 read16(u32 offset) override {
            if (offset == 26 || offset == 16) return test_.refuses_messages ? u16{0xffff} : get<u16>(offset);
            if (offset == 24) return get<u16>(22) < 2 ? u16{256} : u16{0};
            if (offset == 30) return static_cast<u16>(get<u16>(22) * test_.notify_step);
            return FakeRegion::read16(offset);
        }
        void write32(u32 offset, u32 value) override {
            FakeRegion::write32(offset, value);
            if (offset == 12) test_.accepted |= u64{value} << (get<u32>(8) == 0 ? 0 : 32);
        }
        void write16(u32 offset, u16 value) override {
            FakeRegion::write16(offset, value);
            if (offset == 28)
                test_.enabled[get<u16>(22)] = {get<u16>(24), get<u16>(26), get<u32>(32), get<u32>(40),
                                               get<u32>(48)};
        }

      private:
        PciTransportTest& test_;
    };
    Result<Box<RegisterBlock>> map(PhysicalAddress address, u64 size) {
        const u64 offset = address.value() - BASE;
        mapped.emplace_back(offset, size);
        EXPECT_LE(offset + size, 0x4000U);
        std::vector<u8>* bytes = offset == NOTIFY ? &notify : offset == DEVICE ? &configuration : &table;
        if (offset != 0) {
            bytes->resize(size);
            return Box<RegisterBlock>(new FakeRegion(*bytes));
        }
        return Box<RegisterBlock>(new Common(*this));
    }
    Result<Box<PciTransport>> open() {
        auto mapper = [this](PhysicalAddress address, u64 size) { return map(address, size); };
        return PciTransport::open(Function(bus, {0, 1, 0}), mapper);
    }

    FakePciBus bus;
    FakeFunction& device = bus.add({0, 1, 0}, 0x1af4, 0x1041);
    std::vector<u8> common = std::vector<u8>(56);
    std::vector<u8> notify;
    std::vector<u8> configuration;
    std::vector<u8> table;
    u64 features = 0x1'2000'8021;
    u64 accepted = 0;
    bool refuses_messages = false;
    u32 notify_step = 1;
    std::map<u16, std::vector<u32>> enabled;
    std::vector<std::pair<u64, u64>> mapped;
};

/// Transports whose handlers are connected, until the program ends.
std::vector<std::unique_ptr<PciTransport>>& kept() {
    static std::vector<std::unique_ptr<PciTransport>> all;
    return all;
}

class Counter final : public InterruptHandler {
  public:
    void on_interrupt() override { ++count; }
    int count = 0;
};

TEST_F(PciTransportTest, opens_a_device) {
    const auto transport = MUST(open());
    EXPECT_EQ(transport->type(), VirtioType::Network);
    EXPECT_EQ(device.get32(4) & 0x406, 0x406U);
    EXPECT_EQ(transport->offered_features(), 0x1'2000'8021U);
    transport->accept_features(0x1'0000'0020);
    EXPECT_EQ(accepted, 0x1'0000'0020U);
    transport->set_status(VirtioStatus::Acknowledge);
    EXPECT_EQ(transport->status(), VirtioStatus::Acknowledge);
    configuration[5] = 99;
    EXPECT_EQ(transport->configuration(5), 99);
    EXPECT_EQ(transport->configuration(8), 0) << "behind the end";
}

TEST_F(PciTransportTest, knows_a_transitional_device_by_its_subsystem) {
    device.put32(0, 0x1000'1af4);
    device.put32(0x2c, 0x0004'1af4);
    EXPECT_EQ(MUST(open())->type(), VirtioType::Random);
}

TEST_F(PciTransportTest, sets_queues_up) {
    const auto transport = MUST(open());
    EXPECT_EQ(transport->queue_limit(0), 256);
    EXPECT_EQ(transport->queue_limit(1), 256);
    EXPECT_EQ(transport->queue_limit(2), 0);
    EXPECT_EQ(transport->queue_limit(66), 0);
    transport->enable_queue(1, 64,
                            {PhysicalAddress(0x1000), PhysicalAddress(0x2000), PhysicalAddress(0x3000)});
    EXPECT_EQ(enabled.at(1), (std::vector<u32>{64, 1, 0x1000, 0x2000, 0x3000}));
    transport->notify(1);
    EXPECT_EQ(notify[4], 1);
}

TEST_F(PciTransportTest, says_why_the_device_interrupts) {
    PciTransport* transport = MUST(open()).release();  // its handlers stay for ever
    kept().emplace_back(transport);
    static Counter counter;
    MUST(transport->connect_interrupt(counter));
    EXPECT_EQ(device.get32(0x40) >> 30, 2U) << "enabled";
    u32 first = 0;
    u32 second = 0;
    std::memcpy(&first, &table[8], 4);
    std::memcpy(&second, &table[24], 4);
    EXPECT_NE(first, second);
    EXPECT_EQ(transport->take_interrupt(), VirtioInterrupt::None);
    dispatch_interrupt(first);
    EXPECT_EQ(counter.count, 1);
    EXPECT_EQ(transport->take_interrupt(), VirtioInterrupt::ConfigurationChange);
    dispatch_interrupt(second);
    dispatch_interrupt(second);
    EXPECT_EQ(counter.count, 3);
    EXPECT_EQ(transport->take_interrupt(), VirtioInterrupt::UsedBuffer);
    EXPECT_EQ(transport->take_interrupt(), VirtioInterrupt::None);
}

TEST_F(PciTransportTest, makes_do_with_one_message) {
    device.put32(0x40, 0x0000'5011);
    PciTransport* transport = MUST(open()).release();  // its handlers stay for ever
    kept().emplace_back(transport);
    static Counter counter;
    MUST(transport->connect_interrupt(counter));
    u32 line = 0;
    std::memcpy(&line, &table[8], 4);
    dispatch_interrupt(line);
    EXPECT_EQ(transport->take_interrupt(),
              VirtioInterrupt::UsedBuffer | VirtioInterrupt::ConfigurationChange);
}

TEST_F(PciTransportTest, says_when_the_device_refuses_messages) {
    refuses_messages = true;
    PciTransport* transport = MUST(open()).release();  // its handlers stay for ever
    kept().emplace_back(transport);
    static Counter counter;
    EXPECT_ERROR(Error::Eio, transport->connect_interrupt(counter));
}

TEST_F(PciTransportTest, leaves_other_devices_alone) {
    for (const u32 identity : {0x1041'8086U, 0x0fff'1af4U, 0x1080'1af4U, 0x1040'1af4U}) {
        device.put32(0, identity);
        EXPECT_ERROR(Error::Enodev, open());
    }
    EXPECT_TRUE(mapped.empty());
    EXPECT_EQ(device.get32(4) & 0xffff, 0U);
}

TEST_F(PciTransportTest, refuses_what_cannot_be_used) {
    const FakeFunction good = device;
    const auto with = [&](u32 offset, u32 value) {
        device = good;
        device.put32(offset, value);
        return open();
    };
    EXPECT_ERROR(Error::Eopnotsupp, with(0x50, (good.get32(0x50) & 0x00ff'ffff) | 9U << 24))
        << "no common registers";
    EXPECT_ERROR(Error::Eopnotsupp, with(0x70, (good.get32(0x70) & 0x00ff'ffff) | 9U << 24))
        << "no notification";
    EXPECT_ERROR(Error::Eopnotsupp, with(0x40, (good.get32(0x40) & 0xffff'ff00) | 5)) << "no MSI-X";
    EXPECT_ERROR(Error::Eio, with(0x5c, 55)) << "too short";
    EXPECT_ERROR(Error::Eio, with(0x58, 0x3001)) << "not aligned";
    EXPECT_ERROR(Error::Eio, with(0x58, 0x3fd0)) << "outside";
    EXPECT_ERROR(Error::Eio, with(0x5c, 0xffff'ffff)) << "outside";
    EXPECT_ERROR(Error::Eio, with(0x78, 0xffff'fffc)) << "outside";
    EXPECT_ERROR(Error::Eio, with(0x44, 0x3ff0 | 4)) << "a table that reaches outside";
    EXPECT_ERROR(Error::Einval, with(0x54, 7)) << "no such register";
    EXPECT_ERROR(Error::Enodev, with(0x54, 0)) << "no such memory";
}

TEST_F(PciTransportTest, refuses_queues_that_are_notified_outside) {
    notify_step = 1024;
    const auto transport = MUST(open());
    EXPECT_EQ(transport->queue_limit(0), 256);
    EXPECT_EQ(transport->queue_limit(1), 0);
}

TEST_F(PciTransportTest, survives_any_configuration) {
    const FakeFunction good = device;
    test::Random random;
    u32 opened = 0;
    for (int i = 0; i < 20'000; ++i) {
        device = good;
        for (usize n = 1 + random.below(4); n > 0; --n)
            device.put8(random.one_in(8) ? 0x34 : static_cast<u32>(0x40 + random.below(0x44)), random.byte());
        mapped.clear();
        if (open()) ++opened;
    }
    EXPECT_GT(opened, 1000U);
}

}  // namespace
}  // namespace exo::drivers
