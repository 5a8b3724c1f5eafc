// A PCI bus of the test's own: functions with configuration spaces, whose base address registers can be sized.
#pragma once

#include <array>
#include <map>
#include <tuple>

#include "drivers/pci/configuration.hpp"

namespace exo::test {

using drivers::pci::FunctionAddress;

class FakeFunction {
  public:
    FakeFunction(u16 vendor, u16 device) { put32(0, u32{device} << 16 | vendor); }

    u32 get32(u32 offset) const { return words[offset / 4]; }
    void put32(u32 offset, u32 value) { words[offset / 4] = value; }
    void put8(u32 offset, u8 value) {
        const u32 shift = offset % 4 * 8;
        u32& word = words[offset / 4];
        word = (word & ~(0xffU << shift)) | u32{value} << shift;
    }
    /// A base address register of 64 bits; `size` is a power of two.
    void add_bar(u32 bar, u64 address, u64 size) {
        put32(0x10 + 4 * bar, static_cast<u32>(address) | 4);
        put32(0x14 + 4 * bar, static_cast<u32>(address >> 32));
        masks[0x10 + 4 * bar] = ~static_cast<u32>(size - 1);
        masks[0x14 + 4 * bar] = ~static_cast<u32>((size - 1) >> 32);
    }
    /// Appends a capability to the list; `bytes` follow its kind and link.
    void add_capability(u32 offset, u8 id, const std::vector<u8>& bytes) {
        put32(4, get32(4) | 1U << 20);
        if (last_capability == 0)
            put8(0x34, static_cast<u8>(offset));
        else
            put8(last_capability + 1, static_cast<u8>(offset));
        last_capability = offset;
        put8(offset, id);
        put8(offset + 1, 0);
        for (u32 i = 0; i < bytes.size(); ++i) put8(offset + 2 + i, bytes[i]);
    }
    void write(u32 offset, u32 value) {
        const auto mask = masks.find(offset);
        if (offset == 4) {
            put32(4, (get32(4) & 0xffff'0000) | (value & 0xffff));
            status_written |= value >> 16;
        } else if (mask == masks.end()) {
            put32(offset, value);
        } else {
            put32(offset,
                  (value & mask->second) | (offset < 0x14 || offset % 8 == 0 ? get32(offset) & 0xf : 0));
        }
    }

    std::array<u32, 64> words{};
    std::map<u32, u32> masks;
    u32 last_capability = 0;
    u32 status_written = 0;
};

class FakePciBus final : public drivers::pci::Configuration {
  public:
    FakeFunction& add(FunctionAddress address, u16 vendor = 0x8086, u16 device = 1) {
        return functions.try_emplace(key(address), vendor, device).first->second;
    }
    u32 read(FunctionAddress address, u16 offset) override {
        EXPECT_EQ(offset % 4, 0);
        EXPECT_LT(offset, 256);
        const auto found = functions.find(key(address));
        return found != functions.end() ? found->second.get32(offset) : 0xffff'ffff;
    }
    void write(FunctionAddress address, u16 offset, u32 value) override {
        const auto found = functions.find(key(address));
        if (found != functions.end()) found->second.write(offset, value);
    }

  private:
    using Key = std::tuple<u8, u8, u8>;
    static Key key(FunctionAddress address) { return {address.bus, address.device, address.function}; }
    std::map<Key, FakeFunction> functions;
};

}  // namespace exo::test
