// Opening connections (RFC 9293, section 3.5).
#include <bit>

#include "net/tcp/control/control_block.hpp"

namespace exo::net::tcp {

namespace {

constexpr u32 IP_AND_TCP = 20 + LEAST_HEADER;
/// LINUX: TCP_MIN_SND_MSS and TCP_MIN_MSS.
constexpr u32 LEAST_SEND_SEGMENT = 48;
constexpr u32 LEAST_RECEIVE_SEGMENT = 88;
/// LINUX: net.ipv4.tcp_rmem[2], tcp_wmem[2].
constexpr u32 MOST_RECEIVE_BUFFER = 6291456;
constexpr u32 MOST_SEND_BUFFER = 4194304;
/// LINUX: MAX_TCP_HEADER, SKB_DATA_ALIGN(sizeof(struct skb_shared_info)), SKB_DATA_ALIGN(sizeof(struct sk_buff)).
constexpr u32 HEADER_CHARGE = 320 + 320;
constexpr u32 BUFFER_CHARGE = 256;

}  // namespace

InitialWindow InitialWindow::choose(const Settings& settings, u32 segment_size) {
    segment_size = std::max(segment_size, LEAST_RECEIVE_SEGMENT);
    u32 space = settings.receive_buffer / 2;
    u32 clamp = settings.window_clamp != 0 ? settings.window_clamp : 65535U << MOST_WINDOW_SCALE;
    if (settings.has_fixed_receive_buffer) clamp = std::min(clamp, space);
    space = std::min(space, clamp);
    InitialWindow result;
    const u32 rounded = space > segment_size ? space / segment_size * segment_size : space;
    result.window = std::min(rounded, 65535U);
    const u32 most =
        std::min(settings.has_fixed_receive_buffer ? space : std::max(space, MOST_RECEIVE_BUFFER), clamp);
    const int bits = std::bit_width(most) - 1;
    result.scale = static_cast<u8>(std::clamp(bits - 15, 0, int{MOST_WINDOW_SCALE}));
    return result;
}

void ControlBlock::set_path(u32 mtu, u32 most_segmented) {
    mtu_ = std::clamp<u32>(mtu, 68, Packet::MOST_BYTES);
    most_segmented_ = std::min(most_segmented, Packet::MOST_BYTES);
    set_segment_sizes();
}

void ControlBlock::set_segment_sizes() {
    u32 size = mtu_ - std::min(mtu_ - 28, IP_AND_TCP);
    if (settings.most_segment != 0) size = std::min<u32>(size, settings.most_segment);
    // What is announced stays: the peer may use it.
    if (state_ == State::Closed) announced_segment_ = static_cast<u16>(size);
    size = std::max(std::min<u32>(size, peer_segment_), LEAST_SEND_SEGMENT);
    if (has_timestamps_) size -= TIMESTAMPS_SIZE;
    segment_size_ = size;
}

void ControlBlock::connect(u32 initial_sequence, u32 timestamp_offset, Nanoseconds now) {
    set_segment_sizes();
    timestamp_offset_ = timestamp_offset;
    initial_ = una_ = initial_sequence;
    next_ = write_end_ = data_start_ = small_end_ = urgent_end_ = initial_sequence + 1;
    const InitialWindow window = InitialWindow::choose(settings, announced_segment_);
    announced_window_ = window_threshold_ = window.window;
    window_clamp_ = settings.window_clamp != 0 ? settings.window_clamp : ~0U;
    receive_scale_ = window.scale;
    state_ = State::SynSent;
    (void)board_.add(una_, next_, 1, now);
    first_resent_at_ = now;
    send_syn(now);
    arm_retransmission(now);
}

void ControlBlock::send_syn(Nanoseconds now) {
    Segment segment{};
    segment.sequence = initial_;
    segment.flags = SegmentFlags::Syn;
    segment.window = static_cast<u16>(std::min(announced_window_, 65535U));
    segment.most_segment = announced_segment_;
    segment.has_timestamps = true;
    segment.timestamp = timestamp(now);
    segment.permits_sack = true;
    segment.has_window_scale = true;
    segment.window_scale = receive_scale_;
    ++segments_out_;
    sink_.send(segment, queue_, 0, 0);
}

/// Of a simultaneous open.
void ControlBlock::send_syn_ack(Nanoseconds now) {
    Segment segment{};
    segment.sequence = initial_;
    segment.acknowledgement = receive_next_;
    segment.flags = SegmentFlags::Syn | SegmentFlags::Ack;
    segment.window = static_cast<u16>(std::min(announced_window_, 65535U));
    segment.most_segment = announced_segment_;
    if (has_timestamps_) {
        segment.has_timestamps = true;
        segment.timestamp = timestamp(now);
        segment.timestamp_echo = recent_timestamp_;
    }
    segment.permits_sack = has_sack_;
    segment.has_window_scale = has_scale_;
    segment.window_scale = receive_scale_;
    ++segments_out_;
    sink_.send(segment, queue_, 0, 0);
}

/// Takes what the peer's SYN says.
void ControlBlock::take_options(const Segment& segment, Nanoseconds now) {
    peer_initial_ = segment.sequence;
    receive_next_ = window_base_ = segment.sequence + 1;
    // RFC 7323, section 2.2: the window of a SYN is never scaled.
    send_window_ = largest_window_ = segment.window;
    window_update_ = segment.sequence;
    peer_segment_ = segment.most_segment != 0 ? segment.most_segment : static_cast<u16>(DEFAULT_MSS);
    has_timestamps_ = segment.has_timestamps;
    if (has_timestamps_) {
        recent_timestamp_ = segment.timestamp;
        recent_timestamp_at_ = now;
    }
    has_sack_ = segment.permits_sack;
    has_scale_ = segment.has_window_scale;
    if (has_scale_) {
        send_scale_ = segment.window_scale;
    } else {
        send_scale_ = receive_scale_ = 0;
        window_clamp_ = std::min(window_clamp_, 65535U);
    }
    set_segment_sizes();
}

ControlBlock::Answer ControlBlock::receive_in_syn_sent(const Segment& segment, const Packet& data,
                                                       Nanoseconds now) {
    // LINUX: tcp_rcv_synsent_state_process.
    if (segment.is(SegmentFlags::Ack)) {
        if (!is_after(segment.acknowledgement, una_) || is_after(segment.acknowledgement, next_))
            return segment.is(SegmentFlags::Rst) ? Answer::None : Answer::Reset;
        if (segment.is(SegmentFlags::Rst)) {
            receive_reset(now);
            return Answer::None;
        }
        if (!segment.is(SegmentFlags::Syn)) return Answer::None;
        take_options(segment, now);
        Delivery delivery;
        board_.acknowledge(segment.acknowledgement, segment_size_, now, delivery);
        una_ = segment.acknowledgement;
        if (delivery.round_trip != 0) round_trip_.add(delivery.round_trip, now);
        become_established(now);
        send_acknowledgement(now);
        (void)data;  // LINUX: data in a SYN-ACK is not taken without TCP Fast Open; the peer sends it again
        return Answer::None;
    }
    if (segment.is(SegmentFlags::Rst) || !segment.is(SegmentFlags::Syn)) return Answer::None;
    // Simultaneous open.
    take_options(segment, now);
    set_state(State::SynReceived);
    send_syn_ack(now);
    return Answer::None;
}

void ControlBlock::accept(const Handshake& handshake, Nanoseconds now) {
    timestamp_offset_ = handshake.timestamp_offset;
    initial_ = una_ = handshake.own_initial;
    next_ = write_end_ = data_start_ = small_end_ = urgent_end_ = initial_ + 1;
    peer_initial_ = handshake.peer_initial;
    receive_next_ = window_base_ = peer_initial_ + 1;
    window_update_ = peer_initial_;
    announced_window_ = window_threshold_ = handshake.receive_window;
    window_clamp_ = settings.window_clamp != 0 ? settings.window_clamp : ~0U;
    announced_segment_ = handshake.own_most_segment;
    peer_segment_ = handshake.peer_most_segment;
    has_timestamps_ = handshake.has_timestamps;
    recent_timestamp_ = handshake.peer_timestamp;
    recent_timestamp_at_ = now;
    has_sack_ = handshake.has_sack;
    has_scale_ = handshake.has_window_scale;
    send_scale_ = has_scale_ ? handshake.send_scale : 0;
    receive_scale_ = has_scale_ ? handshake.receive_scale : 0;
    if (!has_scale_) window_clamp_ = std::min(window_clamp_, 65535U);
    state_ = State::SynReceived;
    set_segment_sizes();
    retries_ = handshake.retries;
    (void)board_.add(una_, next_, 1, handshake.sent_at);
    if (retries_ != 0) board_.note_resent(board_.first(), handshake.sent_at);
    first_resent_at_ = handshake.sent_at;
    arm_retransmission(now);
}

void ControlBlock::become_established(Nanoseconds now) {
    // LINUX: tcp_init_transfer, tcp_init_buffer_space, tcp_initialize_rcv_mss.
    retries_ = backoff_ = 0;
    timer_ = Timer::None;
    retransmit_at_ = NEVER;
    recovery_ = Recovery::Open;
    congestion_.set_window(total_resent_ > 1 ? 1 : Cubic::INITIAL_WINDOW);
    received_at_ = sent_at_ = now;
    u32 hint = std::min<u32>(announced_segment_, segment_size_);
    hint = std::min({hint, announced_window_ / 2, DEFAULT_MSS});
    peer_segment_seen_ = std::max(hint, LEAST_RECEIVE_SEGMENT);
    space_position_ = read_position();
    space_ = std::min(announced_window_, Cubic::INITIAL_WINDOW * u32{announced_segment_});
    space_at_ = now;
    window_clamp_ = std::min(window_clamp_, std::max(full_space(), announced_window_));
    if (settings.window_clamp != 0) window_clamp_ = std::min(window_clamp_, settings.window_clamp);
    window_threshold_ = std::min(std::max(window_threshold_, announced_window_), window_clamp_);
    expand_send_buffer();
    set_state(State::Established);
    if (settings.keep_alive) start_keep_timer(now);
    note(Events::Writable | Events::Changed);
}

void ControlBlock::expand_send_buffer() {
    // LINUX: tcp_sndbuf_expand.
    if (settings.has_fixed_send_buffer) return;
    const u32 charge = std::bit_ceil(segment_size_ + HEADER_CHARGE) + BUFFER_CHARGE;
    const u32 segments = std::max({Cubic::INITIAL_WINDOW, congestion_.window(), DUPLICATES + 1});
    const u64 wanted = u64{2} * segments * charge;
    settings.send_buffer = static_cast<u32>(
        std::clamp<u64>(wanted, settings.send_buffer, std::max(settings.send_buffer, MOST_SEND_BUFFER)));
}

void ControlBlock::grow_window() {
    // LINUX: tcp_grow_window.
    const u32 most = std::min(window_clamp_, receive_space());
    if (window_threshold_ >= most) return;
    window_threshold_ += std::min(most - window_threshold_, 2U * announced_segment_);
    quick_acks_ |= 1;
}

void ControlBlock::adjust_receive_buffer(Nanoseconds now) {
    // LINUX: tcp_rcv_space_adjust.
    const Nanoseconds round_trip = receive_rtt_ != 0 ? receive_rtt_ : round_trip_.smoothed();
    if (round_trip == 0 || now - space_at_ < round_trip) return;
    const u64 copied = read_position() - space_position_;
    if (copied > space_) {
        if (!settings.has_fixed_receive_buffer) {
            u64 window = copied * 2 + 16ULL * announced_segment_;
            const u64 growth = space_ != 0 ? window * (copied - space_) / space_ : window;
            window += growth * 2;
            const u32 buffer = static_cast<u32>(std::min<u64>(window * 2, MOST_RECEIVE_BUFFER));
            if (buffer > settings.receive_buffer) {
                settings.receive_buffer = buffer;
                const u32 clamp = has_scale_ ? ~0U : 65535U;
                window_clamp_ = std::min(full_space(), clamp);
                if (settings.window_clamp != 0)
                    window_clamp_ = std::min(window_clamp_, settings.window_clamp);
            }
        }
        space_ = static_cast<u32>(std::min<u64>(copied, ~0U));
    }
    space_position_ = read_position();
    space_at_ = now;
}

void ControlBlock::measure_receive_rtt(const Segment& segment, Nanoseconds now) {
    // LINUX: tcp_rcv_rtt_measure_ts; without timestamps, the time in which a window arrives.
    const auto take = [&](Nanoseconds sample) {
        sample = std::max<Nanoseconds>(sample, MILLISECOND);
        receive_rtt_ = receive_rtt_ == 0 ? sample : receive_rtt_ - receive_rtt_ / 8 + sample / 8;
    };
    if (has_timestamps_ && segment.has_timestamps) {
        if (segment.timestamp_echo == receive_rtt_echo_) return;
        receive_rtt_echo_ = segment.timestamp_echo;
        if (segment.data_size < peer_segment_seen_) return;
        const u32 passed = timestamp(now) - segment.timestamp_echo;
        if (passed < 60'000) take(passed * MILLISECOND);
        return;
    }
    if (receive_rtt_at_ != 0) {
        if (is_before(receive_next_, receive_rtt_sequence_)) return;
        take(now - receive_rtt_at_);
    }
    receive_rtt_sequence_ = receive_next_ + announced_window_;
    receive_rtt_at_ = now;
}

}  // namespace exo::net::tcp
