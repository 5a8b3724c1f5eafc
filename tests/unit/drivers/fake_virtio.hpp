// The device's side of virtio over MMIO: registers and split queues, with hands for every way of misbehaving.
#pragma once

#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drivers/virtio/device.hpp"
#include "drivers/virtio/mmio_transport.hpp"
#include "memory/layout.hpp"
#include "support/must.hpp"

namespace exo::test {

/// Handlers cannot be disconnected, so each driver under test gets a line of its own.
inline u32 fresh_line() {
    static u32 next = 32;
    return next++;
}

class FakeVirtio {
  public:
    struct Chain {
        u16 id = 0;
        std::vector<u8> readable;  ///< What the driver wrote for us.
        std::vector<std::span<u8>> writable;
        usize room() const {
            usize sum = 0;
            for (const auto& piece : writable) sum += piece.size();
            return sum;
        }
    };

    u32 type = 3;
    u32 version = 2;
    u32 magic = 0x74726976;
    u64 features = drivers::VIRTIO_FEATURE_VERSION_1;
    u64 accepted = 0;
    bool refuses_features = false;
    bool never_resets = false;
    u16 queue_limit = 64;
    std::vector<u8> configuration;
    std::vector<u8> status_history;
    u32 interrupt_reasons = 0;
    u32 generation = 0;
    std::vector<u16> notified;
    std::function<void(u16)> on_notify;
    std::function<void()> interrupt_line;

    /// What the driver owns: it may outlive nothing but uses this device.
    Box<drivers::RegisterBlock> registers();
    Box<drivers::Transport> transport() {
        return MUST(drivers::MmioTransport::open(registers(), 0x200, fresh_line()));
    }
    u8 status() const { return status_; }
    bool is_enabled(u16 queue) const { return queues_.contains(queue) && queues_.at(queue).ready; }

    /// The next chain that the driver made available, or nothing.
    std::optional<Chain> pop(u16 queue) {
        Queue& q = queues_[queue];
        if (!q.ready || get<u16>(q.available + 2) == q.next_available) return std::nullopt;
        Chain chain;
        chain.id = get<u16>(q.available + 4 + 2 * (q.next_available++ % q.size));
        for (u16 index = chain.id;;) {
            const u64 at = q.descriptors + 16 * index;
            const u16 flags = get<u16>(at + 12);
            const std::span<u8> bytes(memory(get<u64>(at)), get<u32>(at + 8));
            if ((flags & 2) != 0)
                chain.writable.push_back(bytes);
            else
                chain.readable.insert(chain.readable.end(), bytes.begin(), bytes.end());
            if ((flags & 1) == 0) return chain;
            index = get<u16>(at + 14);
        }
    }
    /// Gives `id` back with any length, right or wrong.
    void use(u16 queue, u32 id, u32 written) {
        Queue& q = queues_[queue];
        const u16 index = get<u16>(q.used + 2);
        put(q.used + 4 + 8 * (index % q.size), id);
        put(q.used + 8 + 8 * (index % q.size), written);
        set_used_index(queue, static_cast<u16>(index + 1));
    }
    void set_used_index(u16 queue, u16 index) { put(queues_[queue].used + 2, index); }
    u16 used_index(u16 queue) { return get<u16>(queues_[queue].used + 2); }
    void set_used_flags(u16 queue, u16 flags) { put(queues_[queue].used, flags); }
    bool wants_interrupt(u16 queue) { return (get<u16>(queues_[queue].available) & 1) == 0; }
    // With event indices.
    u16 used_event(u16 queue) { return get<u16>(queues_[queue].available + 4 + 2 * queues_[queue].size); }
    void set_available_event(u16 queue, u16 index) {
        put(queues_[queue].used + 4 + 8 * queues_[queue].size, index);
    }
    /// Writes `text` into the next chain; false if there is none.
    bool deliver(u16 queue, std::string_view text) {
        const auto chain = pop(queue);
        if (!chain) return false;
        EXPECT_LE(text.size(), chain->room());
        std::memcpy(chain->writable.at(0).data(), text.data(), text.size());
        use(queue, chain->id, static_cast<u32>(text.size()));
        return true;
    }
    void interrupt(u32 reason = 1) {
        interrupt_reasons |= reason;
        if (interrupt_line) interrupt_line();
    }

    u32 read32(u32 offset) {
        switch (offset) {
            case 0x000: return magic;
            case 0x004: return version;
            case 0x008: return type;
            case 0x010: return static_cast<u32>(features_select_ == 0 ? features : features >> 32);
            case 0x034: return queue_limit;
            case 0x060: return interrupt_reasons;
            case 0x070: return status_;
            case 0x0fc: return generation++ < 1 ? generation : 7;
            default: return 0;
        }
    }
    void write32(u32 offset, u32 value) {
        Queue& q = queues_[selected_];
        const auto low = [&](u64& address) { address = (address & ~u64{UINT32_MAX}) | value; };
        const auto high = [&](u64& address) { address = (address & UINT32_MAX) | u64{value} << 32; };
        switch (offset) {
            case 0x014: features_select_ = value; break;
            case 0x020: accepted |= u64{value} << (driver_select_ == 0 ? 0 : 32); break;
            case 0x024: driver_select_ = value; break;
            case 0x030: selected_ = static_cast<u16>(value); break;
            case 0x038: q.size = static_cast<u16>(value); break;
            case 0x044: q.ready = value == 1; break;
            case 0x050:
                notified.push_back(static_cast<u16>(value));
                if (on_notify) on_notify(static_cast<u16>(value));
                break;
            case 0x064: interrupt_reasons &= ~value; break;
            case 0x070: set_status(static_cast<u8>(value)); break;
            case 0x080: low(q.descriptors); break;
            case 0x084: high(q.descriptors); break;
            case 0x090: low(q.available); break;
            case 0x094: high(q.available); break;
            case 0x0a0: low(q.used); break;
            case 0x0a4: high(q.used); break;
            default: break;
        }
    }

  private:
    struct Queue {
        u16 size = 0;
        bool ready = false;
        u64 descriptors = 0;
        u64 available = 0;
        u64 used = 0;
        u16 next_available = 0;
    };

    void set_status(u8 value) {
        status_history.push_back(value);
        if (value == 0) {
            queues_.clear();
            if (never_resets) value = 1;
        }
        status_ = refuses_features ? value & static_cast<u8>(~8) : value;
    }
    static u8* memory(u64 address) {
        return static_cast<u8*>(memory::direct_map(memory::PhysicalAddress(address)));
    }
    template <class T> static T get(u64 address) {
        T value;
        std::memcpy(&value, memory(address), sizeof(T));
        return value;
    }
    template <class T> static void put(u64 address, T value) {
        std::memcpy(memory(address), &value, sizeof(T));
    }

    u8 status_ = 0;
    u32 features_select_ = 0;
    u32 driver_select_ = 0;
    u16 selected_ = 0;
    std::map<u16, Queue> queues_;
};

class FakeRegisters : public drivers::RegisterBlock {
  public:
    explicit FakeRegisters(FakeVirtio& device) : device_(device) {}
    u8 read8(u32 offset) override {
        const u32 at = offset - drivers::MmioTransport::REGISTERS_SIZE;
        return at < device_.configuration.size() ? device_.configuration[at] : u8{0};
    }
    u16 read16(u32) override { return 0; }
    u32 read32(u32 offset) override { return device_.read32(offset); }
    void write8(u32, u8) override {}
    void write16(u32, u16) override {}
    void write32(u32 offset, u32 value) override { device_.write32(offset, value); }

  private:
    FakeVirtio& device_;
};

inline Box<drivers::RegisterBlock> FakeVirtio::registers() {
    return Box<drivers::RegisterBlock>(new FakeRegisters(*this));
}

}  // namespace exo::test
