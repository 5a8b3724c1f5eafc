// What a DHCP server of the test's own says: written by the tables of RFC 2131 and 2132, without the kernel's code.
#pragma once

#include <utility>
#include <vector>

#include "utils/types.hpp"

namespace exo::test {

using Bytes = std::vector<u8>;

inline Bytes number(u64 value, usize size) {
    Bytes bytes;
    for (usize i = size; i > 0; --i) bytes.push_back(static_cast<u8>(value >> (8 * (i - 1))));
    return bytes;
}

/// What a server says.
struct DhcpReply {
    u8 type = 2;
    u32 transaction = 0;
    Bytes hardware = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
    u32 address = 0x0a00020f;
    std::vector<std::pair<u8, Bytes>> options = {{54, number(0x0a000202, 4)},
                                                 {1, number(0xffffff00, 4)},
                                                 {3, number(0x0a000202, 4)},
                                                 {6, number(0x0a000203, 4)},
                                                 {51, number(86400, 4)}};

    DhcpReply& set(u8 option, const Bytes& value) {
        std::erase_if(options, [&](const auto& each) { return each.first == option; });
        options.emplace_back(option, value);
        return *this;
    }
    DhcpReply& without(u8 option) {
        std::erase_if(options, [&](const auto& each) { return each.first == option; });
        return *this;
    }
    static Bytes encode(const std::vector<std::pair<u8, Bytes>>& options) {
        Bytes bytes;
        for (const auto& [code, value] : options) {
            bytes.push_back(code);
            bytes.push_back(static_cast<u8>(value.size()));
            bytes.insert(bytes.end(), value.begin(), value.end());
        }
        return bytes;
    }
    Bytes bytes() const {
        Bytes all = {2, 1, 6, 0};
        const auto append = [&](const Bytes& more) { all.insert(all.end(), more.begin(), more.end()); };
        append(number(transaction, 4));
        append(number(0, 8));  // secs, flags, ciaddr
        append(number(address, 4));
        append(number(0, 8));  // siaddr, giaddr
        append(hardware);
        append(Bytes(16 - hardware.size() + 64 + 128));
        append(number(0x63825363, 4));
        append({53, 1, type});
        append(encode(options));
        append({255});
        return all;
    }
};

}  // namespace exo::test
