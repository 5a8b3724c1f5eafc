// The Internet checksum (RFC 1071).
#pragma once

#include <span>

#include "net/packet/address.hpp"
#include "net/packet/packet.hpp"

namespace exo::net {

/// A sum of 16-bit words in the machine's byte order, not folded yet. Pieces with an odd number of bytes may follow each other.
class Checksum {
  public:
    constexpr Checksum() = default;
    /// Adds bytes that begin where the last ones ended.
    void add(std::span<const u8> bytes);
    /// Adds the pseudo-header of TCP and UDP (RFC 9293, section 3.1). Call it while the number of bytes so far is even.
    void add_pseudo_header(Ipv4Address source, Ipv4Address destination, Protocol protocol, u32 length);
    /// Adds a word as memory has it.
    void add_word(u16 raw) { sum_ += raw; }
    /// The sum folded to 16 bits, as memory has it, not complemented: what a partial checksum field holds.
    u16 folded() const;
    /// The checksum as memory has it.
    u16 value() const { return static_cast<u16>(~folded()); }
    /// Whether bytes that include their checksum are intact.
    bool is_correct() const { return folded() == 0xffff; }

  private:
    u64 sum_ = 0;
    bool is_odd_ = false;
};

/// The checksum of one contiguous header, as memory has it.
u16 checksum_of(std::span<const u8> header);
/// Adds the packet's bytes from `offset` on.
void add_packet(Checksum& sum, const Packet& packet, u32 offset = 0);

/// Whether the transport checksum of a received packet, whose transport header is in front, is right.
bool is_transport_checksum_correct(const Packet& packet, Protocol protocol);

}  // namespace exo::net
