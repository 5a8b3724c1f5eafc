// What a listener answers to SYNs before there is a connection: the agreement that a SYN leads to, the SYN-ACK, the check of the
// segment that completes it, and SYN cookies (RFC 4987, section 3.6), which need no memory.
#pragma once

#include "net/tcp/control/control_block.hpp"
#include "net/tcp/sip_hash.hpp"

namespace exo::net::tcp {

/// What the listener's side brings into a handshake.
struct HandshakeTerms {
    const Settings& settings;
    u32 mtu = 1500;
    u32 initial_sequence = 0;
    u32 timestamp_offset = 0;
};

Handshake begin_handshake(const Segment& syn, const HandshakeTerms& terms, Nanoseconds now);
/// The SYN-ACK; ports are set.
Segment make_syn_ack(const Handshake& handshake, u16 own_port, u16 peer_port, Nanoseconds now);

/// What a segment for a handshake that is under way means. LINUX: tcp_check_req.
enum class HandshakeStep : u8 {
    Ignore,
    Repeat,       ///< The SYN came again: the SYN-ACK is sent again.
    Acknowledge,  ///< Outside of the window: an acknowledgement, limited in rate.
    Reset,        ///< Answer with a RST; the handshake goes on.
    Drop,         ///< The peer has reset it.
    DropReset,    ///< Answer with a RST and drop it.
    Complete,
};
HandshakeStep check_handshake(Handshake& handshake, const Segment& segment);

/// The sequence number that stands for a handshake. `minutes`: time. `handshake` loses what the number cannot hold: the MSS becomes
/// one of a few; scale and SACK live in the timestamp.
u32 make_cookie(const SipKey& key, const Flow& flow, Handshake& handshake, u64 minutes);
/// The timestamp that holds the rest of the agreement; `timestamp` is the present one.
u32 make_cookie_timestamp(u32 timestamp, const Handshake& handshake);
/// The handshake that an acknowledgement completes whose SYN-ACK had a cookie. Nothing: it is none, or is too old.
std::optional<Handshake> check_cookie(const SipKey& key, const Flow& flow, const Segment& segment,
                                      const HandshakeTerms& terms, u64 minutes, Nanoseconds now);

}  // namespace exo::net::tcp
