// What leaves: which bytes, when, with what header (RFC 9293, section 3.8; RFC 1122, section 4.2.3.4).
#include "net/tcp/control/control_block.hpp"

namespace exo::net::tcp {

namespace {

constexpr u32 IP_HEADER = 20;
/// What fits into a packet beside the slice that a header may need.
constexpr u32 MOST_PIECES = Packet::MOST_SLICES - 2;

}  // namespace

/// What a segment of data carries now: SACK blocks take room from it.
u32 ControlBlock::current_segment_size() const {
    u32 size = bounded_segment_size();
    if (has_sack_ && (has_duplicate_ || arrivals_.has_islands()))
        size -= std::min(size / 2, 4 + (has_timestamps_ ? 3U : 4U) * 8);
    return size;
}

u32 ControlBlock::bounded_segment_size() const {
    u32 size = segment_size_;
    // LINUX: tcp_bound_to_half_wnd: a peer with a small window gets more than one segment into it.
    const u32 most = largest_window_ > DEFAULT_MSS ? largest_window_ / 2 : largest_window_;
    if (most != 0 && size > most) size = std::max(most, 68U - LEAST_HEADER);
    return size;
}

u32 ControlBlock::full_space() const { return settings.receive_buffer / 2; }

u32 ControlBlock::receive_space() const {
    const u32 used = arrivals_.charge();
    return full_space() > used ? full_space() - used : 0;
}

u32 ControlBlock::receive_window() const {
    const u32 end = window_base_ + announced_window_;
    return is_after(end, receive_next_) ? end - receive_next_ : 0;
}

u32 ControlBlock::compute_window() {
    // LINUX: __tcp_select_window: silly-window avoidance of the receiver.
    const u32 allowed = full_space();
    const u32 full = std::min(window_clamp_, allowed);
    const u32 segment = std::min(peer_segment_seen_, full);
    u32 space = receive_space();
    if (segment == 0) return 0;
    if (space < full / 2) {
        quick_acks_ = 0;
        space = space >> receive_scale_ << receive_scale_;
        if (space < allowed / 16 || space < segment) return 0;
    }
    space = std::min(space, window_threshold_);
    if (receive_scale_ != 0) {
        const u32 unit = 1U << receive_scale_;
        return (space + unit - 1) & ~(unit - 1);
    }
    const u32 window = announced_window_;
    if (window + segment <= space || window > space) return space / segment * segment;
    if (segment == full && space > window + full / 2) return space;
    return window;
}

/// Chooses the window to announce, which never takes back what was announced, and notes it.
u16 ControlBlock::select_window() {
    const u32 present = receive_window();
    u32 window = compute_window();
    if (window < present) {
        const u32 unit = 1U << receive_scale_;
        window = (present + unit - 1) & ~(unit - 1);
    }
    announced_window_ = window;
    window_base_ = receive_next_;
    window = std::min(window, 65535U << receive_scale_);
    return static_cast<u16>(window >> receive_scale_);
}

void ControlBlock::fill_header(Segment& segment, Nanoseconds now) {
    segment.acknowledgement = receive_next_;
    segment.flags |= SegmentFlags::Ack;
    segment.window = select_window();
    if (has_timestamps_) {
        segment.has_timestamps = true;
        segment.timestamp = timestamp(now);
        segment.timestamp_echo = recent_timestamp_;
    }
    if (has_sack_ && (has_duplicate_ || arrivals_.has_islands())) add_sacks(segment);
    if (has_urgent_) {
        // LINUX: the pointer points behind the urgent byte.
        const u32 distance = urgent_end_ - segment.sequence;
        if (is_before(segment.sequence, urgent_end_)) {
            segment.flags |= SegmentFlags::Urg;
            segment.urgent = static_cast<u16>(std::min(distance, 0xffffU));
        }
    }
    // What is acknowledged needs no acknowledgement of its own.
    is_ack_pending_ = must_ack_now_ = has_pushed_ = false;
    acknowledge_at_ = NEVER;
    if (quick_acks_ != 0) --quick_acks_;
    ack_sent_at_ = now;
    ++segments_out_;
}

void ControlBlock::add_sacks(Segment& segment) {
    const u32 most = has_timestamps_ ? 3 : MOST_SACK_BLOCKS;
    u32 count = 0;
    if (has_duplicate_) {
        segment.sack[count++] = duplicate_;
        has_duplicate_ = false;
    }
    std::array<Arrivals::Range, MOST_SACK_BLOCKS> islands;
    const u32 found = arrivals_.report(std::span(islands).first(most - count));
    for (u32 i = 0; i < found; ++i)
        segment.sack[count++] = {sequence_of(islands[i].start), sequence_of(islands[i].end)};
    segment.sack_count = static_cast<u8>(count);
}

void ControlBlock::send_pure(u32 sequence, SegmentFlags flags, Nanoseconds now) {
    [[clang::uninitialized]] Segment segment;
    segment.sequence = sequence;
    segment.flags = flags;
    fill_header(segment, now);
    sink_.send(segment, queue_, 0, 0);
}

void ControlBlock::send_acknowledgement(Nanoseconds now) {
    if (state_ == State::Closed) return;
    send_pure(next_, SegmentFlags::None, now);
}

void ControlBlock::send_reset(Nanoseconds now) {
    [[clang::uninitialized]] Segment segment;
    segment.sequence = next_;
    segment.flags = SegmentFlags::Rst;
    fill_header(segment, now);
    sink_.send(segment, queue_, 0, 0);
}

/// Sends what has the sequence numbers from `start` to `end`: data, and a FIN.
void ControlBlock::send_range(u32 start, u32 end, Nanoseconds now) {
    [[clang::uninitialized]] Segment segment;
    segment.sequence = start;
    segment.flags = SegmentFlags::None;
    const bool has_fin = has_fin_ && is_after(end, write_end_);
    segment.data_size = end - start - (has_fin ? 1 : 0);
    if (has_fin) segment.flags |= SegmentFlags::Fin;
    if (segment.data_size != 0) {
        if (end - (has_fin ? 1 : 0) == write_end_) segment.flags |= SegmentFlags::Psh;
        ++data_segments_out_;
        bytes_sent_ += segment.data_size;
    }
    fill_header(segment, now);
    sink_.send(segment, queue_, start - data_start_, current_segment_size());
}

void ControlBlock::note_sent_data(Nanoseconds now) {
    // LINUX: tcp_event_data_sent: an answer soon after data makes the connection interactive.
    sent_at_ = now;
    if (ack_delay_ != 0 && now - data_received_at_ < ack_delay_ && ping_pong_ < 3) ++ping_pong_;
}

/// Whether a segment that is not full may leave: Nagle's algorithm in Minshall's form, and TCP_CORK.
bool ControlBlock::may_send_small(u32 length, Nagle nagle) const {
    if (length >= current_segment_size() || nagle == Nagle::Push || has_fin_) return true;
    if (settings.cork) return false;
    if (settings.no_delay || board_.is_empty()) return true;
    return !(is_after(small_end_, una_) && is_at_or_before(small_end_, next_));
}

/// Sends one packet of what was not sent before. Returns false: nothing more may leave now.
bool ControlBlock::send_next_segment(Nagle nagle, Nanoseconds now) {
    const u32 unsent_bytes = unsent();
    const bool owes_fin = has_fin_ && !has_sent_fin();
    if (unsent_bytes == 0 && !owes_fin) return false;
    const u32 flight = board_.in_flight();
    u32 quota = congestion_.window() > flight ? congestion_.window() - flight : 0;
    const u32 size = current_segment_size();
    if (quota == 0) {
        is_window_full_ = true;
        // LINUX: tcp_cwnd_test: a last FIN need not wait.
        if (!owes_fin || unsent_bytes > size) return false;
        quota = 1;
    }
    const u32 window_end = una_ + send_window_;
    const u32 usable = is_after(window_end, next_) ? window_end - next_ : 0;
    // Silly-window avoidance: a segment leaves when all of it fits.
    if (usable < std::min(unsent_bytes, size) || usable == 0) return false;
    u32 most = size;
    if (most_segmented_ > IP_HEADER + MOST_HEADER + size)
        most = (most_segmented_ - IP_HEADER - MOST_HEADER) / size * size;
    most = static_cast<u32>(std::min<u64>(most, u64{quota} * size));
    u32 length = std::min({unsent_bytes, usable, most});
    if (length < unsent_bytes) {
        if (length > size) length -= length % size;
    } else if (const u32 rest = length % size; rest != 0 && !may_send_small(rest, nagle)) {
        length -= rest;
        if (length == 0) return false;
    }
    if (length != 0 && queue_.piece_count() > MOST_PIECES) {
        const u32 whole = queue_.size_in_pieces(next_ - data_start_, length, MOST_PIECES);
        if (whole < length) length = whole > size ? whole - whole % size : whole;
    }
    u32 end = next_ + length;
    if (owes_fin && length == unsent_bytes && usable > length) ++end;
    if (end == next_) return false;
    if (!board_.reserve()) return false;
    if (board_.is_empty() && now - sent_at_ > round_trip_.timeout()) {
        // RFC 5681, section 4.1; LINUX: tcp_cwnd_restart.
        u32 window = congestion_.window();
        const u32 restart = std::min(window, Cubic::INITIAL_WINDOW);
        for (Nanoseconds idle = now - sent_at_; idle > round_trip_.timeout() && window > restart;
             idle -= round_trip_.timeout())
            window /= 2;
        congestion_.set_window(std::max(window, restart));
        congestion_.restart();
    }
    if (length != 0 && length % size != 0) small_end_ = next_ + length;
    const u32 start = next_;
    next_ = end;
    const u32 segments = std::max(1U, (length + size - 1) / size);
    (void)board_.add(start, end, segments, now);
    if (recovery_ == Recovery::Recovery) prr_out_ += segments;
    most_in_flight_ = std::max(most_in_flight_, board_.in_flight());
    if (length != 0) note_sent_data(now);
    send_range(start, end, now);
    return true;
}

/// Sends what windows and Nagle's algorithm let out. Returns whether anything left.
bool ControlBlock::write_out(Nagle nagle, Nanoseconds now) {
    if (state_ == State::Closed || state_ == State::SynSent || state_ == State::SynReceived ||
        next_ == fin_sequence() + 1)
        return false;
    is_window_full_ = false;
    bool has_sent = false;
    const bool was_empty = board_.is_empty();
    while (send_next_segment(nagle, now)) has_sent = true;
    if (has_sent) {
        // What is out already keeps its time.
        if (was_empty || timer_ != Timer::Retransmit) arm_tail_probe(now);
    } else {
        check_probe_timer(now);
    }
    return has_sent;
}

void ControlBlock::push(More more, Nanoseconds now) {
    if (more == More::Yes && unsent() < current_segment_size()) {
        check_probe_timer(now);
        return;
    }
    if (unsent() == 0 && !has_fin_) return;
    (void)write_out(Nagle::Normal, now);
}

Result<> ControlBlock::append(Slice slice) {
    const u32 size = slice.size;
    TRY(queue_.append(std::move(slice)));
    write_end_ += size;
    return {};
}

void ControlBlock::mark_urgent() {
    has_urgent_ = true;
    urgent_end_ = write_end_;
}

/// Sends a record, or its first segments, again.
void ControlBlock::resend(Sent& record, Nanoseconds now) {
    if (state_ == State::SynSent || state_ == State::SynReceived) {
        board_.note_resent(record, now);
        ++total_resent_;
        state_ == State::SynSent ? send_syn(now) : send_syn_ack(now);
        return;
    }
    if (is_before(record.start, una_)) return;
    const u32 size = current_segment_size();
    u32 most = 1;
    if (most_segmented_ > IP_HEADER + MOST_HEADER + size)
        most = (most_segmented_ - IP_HEADER - MOST_HEADER) / size;
    // As much as the windows admit, at least one segment.
    const u32 flight = board_.in_flight();
    most = std::min(most, congestion_.window() > flight ? congestion_.window() - flight : 1);
    const u32 start = record.start;
    if (const u32 offset = start - data_start_; offset < queue_.size()) {
        const u32 length = std::min(record.size(), queue_.size() - offset);
        most = std::clamp(queue_.size_in_pieces(offset, length, MOST_PIECES) / size, 1U, most);
    }
    if (!board_.split(record, most, size)) return;
    // The ring may have moved.
    Sent* const part = &board_.record(board_.index_of(start));
    const u32 length = part->size();
    const u32 end = part->end;
    if (resent_timestamp_ == 0) resent_timestamp_ = std::max(timestamp(now), 1U);
    if (first_resent_at_ == 0) first_resent_at_ = part->sent_at;
    total_resent_ += part->segments;
    undo_resent_ += part->segments;
    bytes_resent_ += length;
    prr_out_ += part->segments;
    board_.note_resent(*part, now);
    send_range(start, end, now);
}

void ControlBlock::resend_lost(Nanoseconds now) {
    while (Sent* record = board_.next_lost()) {
        if (board_.in_flight() >= congestion_.window()) return;
        resend(*record, now);
    }
}

/// A probe of a window that is closed (RFC 9293, section 3.8.6.1) or of a peer that is silent (section 3.8.4). Data is sent where
/// the window admits some. Returns whether data was sent. LINUX: tcp_write_wakeup.
bool ControlBlock::send_probe_data(Nanoseconds now) {
    const u32 window_end = una_ + send_window_;
    if (unsent() != 0 && is_after(window_end, next_)) {
        const u32 size = current_segment_size();
        u32 length = std::min({unsent(), window_end - next_, size});
        if (!board_.reserve()) return false;
        length = queue_.size_in_pieces(next_ - data_start_, length, MOST_PIECES);
        const u32 start = next_;
        next_ += length;
        if (length < size) small_end_ = next_;
        (void)board_.add(start, next_, 1, now);
        note_sent_data(now);
        send_range(start, next_, now);
        return true;
    }
    // An old sequence number makes the peer answer.
    send_pure(una_ - 1, SegmentFlags::None, now);
    return false;
}

void ControlBlock::enter_quick_mode(u32 most) {
    // LINUX: tcp_enter_quickack_mode.
    const u32 wanted =
        std::clamp(announced_window_ / (2 * std::max(peer_segment_seen_, 1U)), 2U, std::max(most, 2U));
    quick_acks_ = static_cast<u8>(std::max<u32>(quick_acks_, std::min(wanted, MOST_QUICK_ACKS)));
    ping_pong_ = 0;
    ack_delay_ = LEAST_DELAY;
}

void ControlBlock::delay_ack(Nanoseconds now) {
    // LINUX: tcp_send_delayed_ack.
    Nanoseconds delay = ack_delay_ != 0 ? ack_delay_ : LEAST_DELAY;
    if (delay > LEAST_DELAY) {
        Nanoseconds most = is_ping_pong() || has_pushed_ ? MOST_DELAY : MOST_DELAY / 2;
        if (round_trip_.has_sample()) most = std::min(most, std::max(round_trip_.smoothed(), LEAST_DELAY));
        delay = std::min(delay, most);
    }
    const Nanoseconds at = now + delay;
    if (acknowledge_at_ != NEVER && acknowledge_at_ <= now + delay / 4) {
        send_acknowledgement(now);
        return;
    }
    acknowledge_at_ = std::min(acknowledge_at_, at);
    is_ack_pending_ = true;
}

void ControlBlock::set_quick_ack(bool is_quick, Nanoseconds now) {
    // LINUX: __tcp_sock_set_quickack.
    if (!is_quick) {
        ping_pong_ = 3;
        return;
    }
    ping_pong_ = 0;
    if (is_ack_pending_ && (state_ == State::Established || state_ == State::CloseWait)) {
        send_acknowledgement(now);
    }
}

}  // namespace exo::net::tcp
