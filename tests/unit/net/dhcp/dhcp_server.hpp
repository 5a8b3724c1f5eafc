// A DHCP server of the test's own: it reads messages by the tables of RFC 2131 and 2132, without the kernel's code.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/dhcp/dhcp_reply.hpp"

namespace exo::test {

/// What a client has sent.
struct DhcpRequest {
    u32 transaction = 0;
    u32 seconds = 0;
    bool wants_broadcast = false;
    u32 client = 0;
    Bytes hardware;
    std::map<u8, Bytes> options;

    u8 type() const { return options.at(53).at(0); }
    u32 number_of(u8 option) const {
        const auto found = options.find(option);
        u32 value = 0;
        if (found != options.end())
            for (const u8 byte : found->second) value = value << 8 | byte;
        return value;
    }

    static DhcpRequest read(std::span<const u8> payload) {
        const auto be = [&](usize at, usize size) {
            u32 value = 0;
            for (usize i = 0; i < size; ++i) value = value << 8 | payload[at + i];
            return value;
        };
        DhcpRequest request;
        EXPECT_GE(payload.size(), 300U);
        EXPECT_EQ(be(0, 4), 0x01010600U);
        EXPECT_EQ(be(16, 4), 0U);
        EXPECT_EQ(be(20, 4), 0U);
        EXPECT_EQ(be(24, 4), 0U);
        EXPECT_EQ(be(236, 4), 0x63825363U);
        request.transaction = be(4, 4);
        request.seconds = be(8, 2);
        request.wants_broadcast = be(10, 2) == 0x8000;
        request.client = be(12, 4);
        request.hardware.assign(payload.begin() + 28, payload.begin() + 34);
        for (usize at = 240; payload[at] != 255;) {
            const usize size = payload[at + 1];
            EXPECT_TRUE(request.options
                            .emplace(payload[at], Bytes(payload.begin() + static_cast<isize>(at + 2),
                                                        payload.begin() + static_cast<isize>(at + 2 + size)))
                            .second);
            at += 2 + size;
        }
        return request;
    }
};

inline DhcpReply reply_to(const DhcpRequest& request, u8 type) {
    DhcpReply reply;
    reply.type = type;
    reply.transaction = request.transaction;
    reply.hardware = request.hardware;
    return reply;
}

}  // namespace exo::test
