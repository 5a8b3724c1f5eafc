#include "net/tcp/control/segment.hpp"

#include <algorithm>

namespace exo::net::tcp {

namespace {

struct Header {
    Be16 source_port;
    Be16 destination_port;
    Be32 sequence;
    Be32 acknowledgement;
    u8 size_in_words;  ///< In the upper four bits.
    u8 flags;
    Be16 window;
    Be16 checksum;
    Be16 urgent;
};
static_assert(sizeof(Header) == LEAST_HEADER);

enum class OptionKind : u8 {
    End = 0,
    Nop = 1,
    MostSegment = 2,
    WindowScale = 3,
    SackPermitted = 4,
    Sack = 5,
    Timestamps = 8
};

u16 read_16(const u8* at) { return static_cast<u16>(at[0] << 8 | at[1]); }
u32 read_32(const u8* at) { return u32{read_16(at)} << 16 | read_16(at + 2); }
u8* write_16(u8* at, u32 value) {
    at[0] = static_cast<u8>(value >> 8);
    at[1] = static_cast<u8>(value);
    return at + 2;
}
u8* write_32(u8* at, u32 value) { return write_16(write_16(at, value >> 16), value); }
u8* write_kind(u8* at, OptionKind kind, u8 size) {
    at[0] = static_cast<u8>(kind);
    at[1] = size;
    return at + 2;
}
u8* write_nop(u8* at) {
    *at = static_cast<u8>(OptionKind::Nop);
    return at + 1;
}

/// Reads one option, whose value is `value`.
void read_option(Segment& segment, u8 kind, std::span<const u8> value) {
    switch (static_cast<OptionKind>(kind)) {
        case OptionKind::MostSegment:
            if (value.size() == 2 && segment.is(SegmentFlags::Syn))
                segment.most_segment = read_16(value.data());
            break;
        case OptionKind::WindowScale:
            if (value.size() != 1 || !segment.is(SegmentFlags::Syn)) break;
            segment.has_window_scale = true;
            segment.window_scale = std::min(value[0], MOST_WINDOW_SCALE);
            break;
        case OptionKind::SackPermitted:
            if (value.empty() && segment.is(SegmentFlags::Syn)) segment.permits_sack = true;
            break;
        case OptionKind::Sack:
            if (value.empty() || value.size() % 8 != 0) break;
            segment.sack_count = static_cast<u8>(std::min<usize>(value.size() / 8, MOST_SACK_BLOCKS));
            for (u32 i = 0; i < segment.sack_count; ++i)
                segment.sack[i] = {read_32(&value[i * 8]), read_32(&value[i * 8 + 4])};
            break;
        case OptionKind::Timestamps:
            if (value.size() != 8) break;
            segment.has_timestamps = true;
            segment.timestamp = read_32(value.data());
            segment.timestamp_echo = read_32(&value[4]);
            break;
        default: break;
    }
}

void read_options(Segment& segment, std::span<const u8> options) {
    // The usual form: two NOPs and timestamps.
    if (options.size() == TIMESTAMPS_SIZE && read_32(options.data()) == 0x0101080a) {
        segment.has_timestamps = true;
        segment.timestamp = read_32(&options[4]);
        segment.timestamp_echo = read_32(&options[8]);
        return;
    }
    while (!options.empty()) {
        const u8 kind = options[0];
        if (kind == static_cast<u8>(OptionKind::End)) return;
        if (kind == static_cast<u8>(OptionKind::Nop)) {
            options = options.subspan(1);
            continue;
        }
        if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return;
        read_option(segment, kind, options.subspan(2, options[1] - 2U));
        options = options.subspan(options[1]);
    }
}

}  // namespace

std::optional<Segment> take_header(Packet& packet) {
    const Header* header = packet.front_as<Header>();
    if (header == nullptr) return std::nullopt;
    const u32 size = (header->size_in_words >> 4) * 4U;
    if (size < LEAST_HEADER) return std::nullopt;
    const u8* bytes = packet.front(size);
    if (bytes == nullptr) return std::nullopt;
    header = packet.front_as<Header>();
    [[clang::uninitialized]] Segment segment;
    segment.source_port = header->source_port;
    segment.destination_port = header->destination_port;
    segment.sequence = header->sequence;
    segment.acknowledgement = header->acknowledgement;
    segment.flags = static_cast<SegmentFlags>(header->flags);
    segment.window = header->window;
    segment.urgent = header->urgent;
    if (size > LEAST_HEADER) read_options(segment, {bytes + LEAST_HEADER, size - LEAST_HEADER});
    packet.pull(size);
    segment.data_size = packet.size();
    return segment;
}

u32 header_size(const Segment& segment) {
    u32 size = LEAST_HEADER;
    if (segment.most_segment != 0) size += 4;
    if (segment.has_timestamps) size += TIMESTAMPS_SIZE;
    if (segment.permits_sack && !segment.has_timestamps) size += 4;
    if (segment.has_window_scale) size += 4;
    if (segment.sack_count != 0) size += 4 + segment.sack_count * 8U;
    return size;
}

void put_header(Packet& packet, const Segment& segment) {
    const u32 size = header_size(segment);
    ASSERT(size <= MOST_HEADER);
    u8* const bytes = packet.push(size);
    // SAFETY: there are `size` bytes, at least a header's; it has no alignment.
    auto& header = *reinterpret_cast<Header*>(bytes);
    header.source_port = segment.source_port;
    header.destination_port = segment.destination_port;
    header.sequence = segment.sequence;
    header.acknowledgement = segment.acknowledgement;
    header.size_in_words = static_cast<u8>(size / 4 << 4);
    header.flags = static_cast<u8>(segment.flags);
    header.window = segment.window;
    header.checksum = 0;
    header.urgent = segment.urgent;
    // LINUX: tcp_options_write: the order and the padding.
    u8* at = bytes + LEAST_HEADER;
    if (segment.most_segment != 0) {
        at = write_kind(at, OptionKind::MostSegment, 4);
        at = write_16(at, segment.most_segment);
    }
    if (segment.has_timestamps) {
        if (segment.permits_sack) {
            at = write_kind(at, OptionKind::SackPermitted, 2);
        } else {
            at = write_nop(write_nop(at));
        }
        at = write_kind(at, OptionKind::Timestamps, 10);
        at = write_32(write_32(at, segment.timestamp), segment.timestamp_echo);
    }
    if (segment.permits_sack && !segment.has_timestamps) {
        at = write_nop(write_nop(at));
        at = write_kind(at, OptionKind::SackPermitted, 2);
    }
    if (segment.has_window_scale) {
        at = write_nop(at);
        at = write_kind(at, OptionKind::WindowScale, 3);
        *at++ = segment.window_scale;
    }
    if (segment.sack_count != 0) {
        at = write_nop(write_nop(at));
        at = write_kind(at, OptionKind::Sack, static_cast<u8>(2 + segment.sack_count * 8U));
        for (u32 i = 0; i < segment.sack_count; ++i)
            at = write_32(write_32(at, segment.sack[i].start), segment.sack[i].end);
    }
    DEBUG_ASSERT(at <= bytes + size);
    while (at != bytes + size) at = write_nop(at);
}

}  // namespace exo::net::tcp
