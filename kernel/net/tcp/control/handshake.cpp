#include "net/tcp/control/handshake.hpp"

namespace exo::net::tcp {

namespace {

constexpr u32 IP_AND_TCP = 20 + LEAST_HEADER;
/// LINUX: net/ipv4/syncookies.c.
constexpr std::array<u16, 4> COOKIE_SEGMENTS{536, 1300, 1440, 1460};
constexpr u32 COOKIE_BITS = 24;
constexpr u32 COOKIE_MASK = (1U << COOKIE_BITS) - 1;
constexpr u64 COOKIE_LIFE = 2;  ///< Minutes.
constexpr u32 NO_SCALE = 0xf;
constexpr u32 SACK_BIT = 1 << 4;
constexpr u32 OPTION_MASK = (1 << 6) - 1;

u16 own_segment(const HandshakeTerms& terms) {
    u32 size = std::min<u32>(terms.mtu, Packet::MOST_BYTES) - std::min(terms.mtu, IP_AND_TCP);
    if (terms.settings.most_segment != 0) size = std::min<u32>(size, terms.settings.most_segment);
    return static_cast<u16>(size);
}

void choose_window(Handshake& handshake, const HandshakeTerms& terms) {
    const u32 options = handshake.has_timestamps ? TIMESTAMPS_SIZE : 0;
    const u32 segment = handshake.own_most_segment > options ? handshake.own_most_segment - options : 1;
    const InitialWindow window = InitialWindow::choose(terms.settings, segment);
    handshake.receive_window = window.window;
    handshake.receive_scale = handshake.has_window_scale ? window.scale : 0;
}

}  // namespace

Handshake begin_handshake(const Segment& syn, const HandshakeTerms& terms, Nanoseconds now) {
    Handshake handshake;
    handshake.own_initial = terms.initial_sequence;
    handshake.peer_initial = syn.sequence;
    handshake.timestamp_offset = terms.timestamp_offset;
    handshake.peer_timestamp = syn.timestamp;
    handshake.peer_most_segment = syn.most_segment != 0 ? syn.most_segment : static_cast<u16>(DEFAULT_MSS);
    handshake.own_most_segment = own_segment(terms);
    handshake.has_window_scale = syn.has_window_scale;
    handshake.send_scale = syn.has_window_scale ? syn.window_scale : 0;
    handshake.has_sack = syn.permits_sack;
    handshake.has_timestamps = syn.has_timestamps;
    handshake.sent_at = now;
    choose_window(handshake, terms);
    return handshake;
}

Segment make_syn_ack(const Handshake& handshake, u16 own_port, u16 peer_port, Nanoseconds now) {
    Segment segment{};
    segment.source_port = own_port;
    segment.destination_port = peer_port;
    segment.sequence = handshake.own_initial;
    segment.acknowledgement = handshake.peer_initial + 1;
    segment.flags = SegmentFlags::Syn | SegmentFlags::Ack;
    segment.window = static_cast<u16>(std::min(handshake.receive_window, 65535U));
    segment.most_segment = handshake.own_most_segment;
    segment.has_timestamps = handshake.has_timestamps;
    segment.timestamp = static_cast<u32>(now / MILLISECOND) + handshake.timestamp_offset;
    segment.timestamp_echo = handshake.peer_timestamp;
    segment.permits_sack = handshake.has_sack;
    segment.has_window_scale = handshake.has_window_scale;
    segment.window_scale = handshake.receive_scale;
    return segment;
}

HandshakeStep check_handshake(Handshake& handshake, const Segment& segment) {
    const u32 expected = handshake.peer_initial + 1;
    const bool is_old = handshake.has_timestamps && segment.has_timestamps &&
                        static_cast<i32>(handshake.peer_timestamp - segment.timestamp) > 0;
    const SegmentFlags kind = segment.flags & (SegmentFlags::Syn | SegmentFlags::Ack | SegmentFlags::Rst);
    if (segment.sequence == handshake.peer_initial && kind == SegmentFlags::Syn && !is_old)
        return HandshakeStep::Repeat;
    if (segment.is(SegmentFlags::Ack) && segment.acknowledgement != handshake.own_initial + 1)
        return segment.is(SegmentFlags::Rst) ? HandshakeStep::Ignore : HandshakeStep::Reset;
    const bool is_in_window =
        segment.sequence == expected ||
        (is_after(segment.end(), expected) &&
         is_before(segment.sequence, expected + handshake.receive_window)) ||
        (segment.sequence == expected + handshake.receive_window && segment.length() == 0);
    if (is_old || !is_in_window)
        return segment.is(SegmentFlags::Rst) ? HandshakeStep::Ignore : HandshakeStep::Acknowledge;
    if (segment.has_timestamps && handshake.has_timestamps && !is_after(segment.sequence, expected))
        handshake.peer_timestamp = segment.timestamp;
    const bool has_syn = segment.is(SegmentFlags::Syn) && segment.sequence != handshake.peer_initial;
    if (segment.is(SegmentFlags::Rst)) return HandshakeStep::Drop;
    if (has_syn) return HandshakeStep::DropReset;
    return segment.is(SegmentFlags::Ack) ? HandshakeStep::Complete : HandshakeStep::Ignore;
}

u32 make_cookie(const SipKey& key, const Flow& flow, Handshake& handshake, u64 minutes) {
    u32 index = 0;
    for (u32 i = 0; i < COOKIE_SEGMENTS.size(); ++i) {
        if (COOKIE_SEGMENTS[i] <= handshake.peer_most_segment) index = i;
    }
    handshake.peer_most_segment = COOKIE_SEGMENTS[index];
    if (!handshake.has_timestamps) handshake.has_window_scale = handshake.has_sack = false;
    if (!handshake.has_window_scale) handshake.receive_scale = handshake.send_scale = 0;
    const u32 time = static_cast<u32>(minutes);
    return static_cast<u32>(sip_hash(key, flow)) + handshake.peer_initial + (time << COOKIE_BITS) +
           ((static_cast<u32>(sip_hash(key, flow, 1 + minutes)) + index) & COOKIE_MASK);
}

u32 make_cookie_timestamp(u32 timestamp, const Handshake& handshake) {
    u32 options = handshake.has_window_scale ? handshake.send_scale : NO_SCALE;
    if (handshake.has_sack) options |= SACK_BIT;
    u32 result = (timestamp & ~OPTION_MASK) | options;
    if (is_after(result, timestamp)) result -= OPTION_MASK + 1;
    return result;
}

std::optional<Handshake> check_cookie(const SipKey& key, const Flow& flow, const Segment& segment,
                                      const HandshakeTerms& terms, u64 minutes, Nanoseconds now) {
    const u32 peer_initial = segment.sequence - 1;
    const u32 rest = segment.acknowledgement - 1 - static_cast<u32>(sip_hash(key, flow)) - peer_initial;
    const u32 age = (static_cast<u32>(minutes) - (rest >> COOKIE_BITS)) & (~0U >> COOKIE_BITS);
    if (age >= COOKIE_LIFE) return std::nullopt;
    const u32 index = (rest - static_cast<u32>(sip_hash(key, flow, 1 + minutes - age))) & COOKIE_MASK;
    if (index >= COOKIE_SEGMENTS.size()) return std::nullopt;
    Handshake handshake;
    handshake.own_initial = segment.acknowledgement - 1;
    handshake.peer_initial = peer_initial;
    handshake.timestamp_offset = terms.timestamp_offset;
    handshake.peer_most_segment = COOKIE_SEGMENTS[index];
    handshake.own_most_segment = own_segment(terms);
    if (segment.has_timestamps && segment.timestamp_echo != 0) {
        handshake.has_timestamps = true;
        handshake.peer_timestamp = segment.timestamp;
        const u32 options = (segment.timestamp_echo - terms.timestamp_offset) & OPTION_MASK;
        handshake.has_sack = (options & SACK_BIT) != 0;
        const u32 scale = options & NO_SCALE;
        handshake.has_window_scale = scale <= MOST_WINDOW_SCALE;
        handshake.send_scale = handshake.has_window_scale ? static_cast<u8>(scale) : 0;
    }
    handshake.sent_at = now;
    choose_window(handshake, terms);
    return handshake;
}

}  // namespace exo::net::tcp
