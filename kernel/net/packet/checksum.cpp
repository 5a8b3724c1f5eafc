#include "net/packet/checksum.hpp"

#include <bit>
#include <cstring>

namespace exo::net {

void Checksum::add(std::span<const u8> bytes) {
    const u8* at = bytes.data();
    usize left = bytes.size();
    u64 sum = 0;
    const auto add_64 = [&sum](u64 value) {
        sum += value;
        sum += sum < value ? 1 : 0;
    };
    for (; left >= 32; left -= 32, at += 32) {
        u64 words[4];
        std::memcpy(words, at, sizeof(words));
        for (const u64 word : words) add_64(word);
    }
    for (; left >= 8; left -= 8, at += 8) {
        u64 word = 0;
        std::memcpy(&word, at, sizeof(word));
        add_64(word);
    }
    if (left != 0) {
        u64 word = 0;
        std::memcpy(&word, at, left);
        add_64(word);
    }
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    // Behind an odd number of bytes each byte stands at the other place of its word.
    sum_ += is_odd_ ? std::byteswap(static_cast<u16>(sum)) : sum;
    is_odd_ ^= (bytes.size() & 1) != 0;
}

void Checksum::add_pseudo_header(Ipv4Address source, Ipv4Address destination, Protocol protocol, u32 length) {
    const auto add_address = [this](Ipv4Address address) {
        sum_ += std::byteswap(static_cast<u16>(address.value >> 16));
        sum_ += std::byteswap(static_cast<u16>(address.value));
    };
    add_address(source);
    add_address(destination);
    sum_ += std::byteswap(static_cast<u16>(protocol));
    sum_ += std::byteswap(static_cast<u16>(length));
    sum_ += std::byteswap(static_cast<u16>(length >> 16));
}

u16 Checksum::folded() const {
    u64 sum = sum_;
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<u16>(sum);
}

u16 checksum_of(std::span<const u8> header) {
    Checksum sum;
    sum.add(header);
    return sum.value();
}

void add_packet(Checksum& sum, const Packet& packet, u32 offset) {
    packet.for_each_piece(offset, packet.size() - offset, [&](std::span<const u8> piece) { sum.add(piece); });
}

bool is_transport_checksum_correct(const Packet& packet, Protocol protocol) {
    if (packet.checksum == ChecksumState::Correct) return true;
    Checksum sum;
    sum.add_pseudo_header(packet.source, packet.destination, protocol, packet.size());
    add_packet(sum, packet);
    return sum.is_correct();
}

}  // namespace exo::net
