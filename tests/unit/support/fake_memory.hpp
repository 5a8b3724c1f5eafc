// Physical memory for the parsers of firmware tables, and a builder of such tables.
#pragma once

#include <cstring>
#include <map>
#include <string_view>
#include <vector>

#include "boot/firmware/physical_reader.hpp"

namespace exo::test {

/// Little-endian bytes, appended one field after the other.
class TableBuilder {
  public:
    template <class T>
        requires std::is_trivially_copyable_v<T>
    TableBuilder& add(T value) {
        u8 raw[sizeof(T)];
        std::memcpy(raw, &value, sizeof(T));
        bytes.insert(bytes.end(), raw, raw + sizeof(T));
        return *this;
    }
    TableBuilder& text(std::string_view content) {
        bytes.insert(bytes.end(), content.begin(), content.end());
        return *this;
    }
    TableBuilder& zeros(usize count) {
        bytes.insert(bytes.end(), count, 0);
        return *this;
    }
    TableBuilder& bytes_of(const std::vector<u8>& other) {
        bytes.insert(bytes.end(), other.begin(), other.end());
        return *this;
    }
    TableBuilder& align(usize alignment) {
        while (bytes.size() % alignment != 0) bytes.push_back(0);
        return *this;
    }
    template <class T> TableBuilder& put(usize offset, T value) {
        std::memcpy(bytes.data() + offset, &value, sizeof(T));
        return *this;
    }
    /// Makes the sum of [0, length) zero by the byte at `offset`.
    TableBuilder& checksum(usize offset, usize length) {
        bytes[offset] = 0;
        bytes[offset] = static_cast<u8>(0 - boot::byte_sum({bytes.data(), length}));
        return *this;
    }

    std::vector<u8> bytes;
};

/// A few islands of memory in an address space where the rest cannot be read.
class FakeMemory final : public boot::PhysicalReader {
  public:
    void place(u64 address, std::vector<u8> bytes) { islands_[address] = std::move(bytes); }
    std::vector<u8>& at(u64 address) { return islands_.at(address); }

    Result<std::span<const u8>> view(u64 address, u64 length) const override {
        auto island = islands_.upper_bound(address);
        if (island == islands_.begin()) return Error::Efault;
        --island;
        const auto piece = slice(island->second, address - island->first, length);
        if (!piece) return Error::Efault;
        return *piece;
    }

  private:
    std::map<u64, std::vector<u8>> islands_;
};

/// Calls `body` with every truncation of `bytes`, then with each of its bytes changed in several ways.
template <class Body> void for_each_mutation(const std::vector<u8>& bytes, Body body) {
    for (usize length = 0; length <= bytes.size(); ++length)
        body(std::vector<u8>(bytes.begin(), bytes.begin() + static_cast<isize>(length)));
    for (usize i = 0; i < bytes.size(); ++i) {
        for (const u8 value : std::initializer_list<u8>{0x00, 0x01, 0x7f, 0x80, 0xff}) {
            std::vector<u8> changed = bytes;
            changed[i] = value;
            body(std::move(changed));
        }
    }
}

}  // namespace exo::test
