// SipHash-2-4 (Aumasson, Bernstein 2012) of a few words: a hash that nobody can predict who does not know the key.
#pragma once

#include <array>
#include <bit>

#include "net/packet/address.hpp"

namespace exo::net::tcp {

using SipKey = std::array<u64, 2>;

template <usize COUNT> constexpr u64 sip_hash(const SipKey& key, const std::array<u64, COUNT>& words) {
    u64 a = key[0] ^ 0x736f6d6570736575;
    u64 b = key[1] ^ 0x646f72616e646f6d;
    u64 c = key[0] ^ 0x6c7967656e657261;
    u64 d = key[1] ^ 0x7465646279746573;
    const auto round = [&] {
        a += b;
        b = std::rotl(b, 13) ^ a;
        a = std::rotl(a, 32);
        c += d;
        d = std::rotl(d, 16) ^ c;
        a += d;
        d = std::rotl(d, 21) ^ a;
        c += b;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    };
    const auto add = [&](u64 word) {
        d ^= word;
        round();
        round();
        a ^= word;
    };
    for (const u64 word : words) add(word);
    add(u64{COUNT * 8} << 56);
    c ^= 0xff;
    for (int i = 0; i < 4; ++i) round();
    return a ^ b ^ c ^ d;
}

constexpr u64 sip_hash(const SipKey& key, const Flow& flow, u64 salt = 0) {
    return sip_hash(key, std::array<u64, 3>{u64{flow.local.address.value} << 32 | flow.remote.address.value,
                                            u64{flow.local.port} << 16 | flow.remote.port, salt});
}

}  // namespace exo::net::tcp
