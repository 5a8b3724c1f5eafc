// The TCP header and its options (RFC 9293, section 3.1; RFC 7323; RFC 2018).
#pragma once

#include <array>
#include <optional>

#include "net/packet/packet.hpp"
#include "net/tcp/control/sequence.hpp"
#include "utils/flags.hpp"

namespace exo::net::tcp {

enum class SegmentFlags : u8 {
    None = 0,
    Fin = 1,
    Syn = 2,
    Rst = 4,
    Psh = 8,
    Ack = 16,
    Urg = 32,
    Ece = 64,
    Cwr = 128
};
EXO_FLAGS(SegmentFlags);

inline constexpr u32 LEAST_HEADER = 20;
inline constexpr u32 MOST_HEADER = 60;
/// The timestamps option with two NOPs in front.
inline constexpr u32 TIMESTAMPS_SIZE = 12;
inline constexpr u32 MOST_SACK_BLOCKS = 4;
/// The MSS of a peer that announces none.
inline constexpr u32 DEFAULT_MSS = 536;
/// The largest exponent of a window scale (RFC 7323, section 2.3).
inline constexpr u8 MOST_WINDOW_SCALE = 14;

/// A header in the machine's byte order.
struct Segment {
    u16 source_port = 0;
    u16 destination_port = 0;
    u32 sequence = 0;
    u32 acknowledgement = 0;
    SegmentFlags flags = SegmentFlags::None;
    u16 window = 0;  ///< As in the header, not scaled.
    u16 urgent = 0;

    // Options.
    u16 most_segment = 0;  ///< 0: absent.
    bool has_window_scale = false;
    u8 window_scale = 0;
    bool permits_sack = false;
    bool has_timestamps = false;
    u8 sack_count = 0;
    u32 timestamp = 0;
    u32 timestamp_echo = 0;
    std::array<SequenceRange, MOST_SACK_BLOCKS> sack;  ///< The first sack_count are valid.

    u32 data_size = 0;  ///< The bytes behind the header.

    bool is(SegmentFlags flag) const { return has(flags, flag); }
    /// The sequence number behind the segment: SYN and FIN take one each.
    u32 end() const { return sequence + length(); }
    u32 length() const {
        return data_size + (is(SegmentFlags::Syn) ? 1 : 0) + (is(SegmentFlags::Fin) ? 1 : 0);
    }
};

/// Reads the header in front of the packet, makes it contiguous and removes it. Nothing: it is malformed. Malformed options
/// end the list of options, as in Linux.
std::optional<Segment> take_header(Packet& packet);

/// The size of the header with the options that the segment has: a multiple of 4.
u32 header_size(const Segment& segment);
/// Puts the header in front of the packet. The checksum field is 0.
void put_header(Packet& packet, const Segment& segment);

}  // namespace exo::net::tcp
