// Segments that arrive at a synchronized connection (RFC 9293, section 3.10.7.4; RFC 5961; RFC 7323).
#include "net/tcp/control/control_block.hpp"

namespace exo::net::tcp {

namespace {

/// LINUX: TCP_PAWS_24DAYS.
constexpr Nanoseconds OLD_TIMESTAMP = 24ULL * 24 * 3600 * SECOND;
/// LINUX: tcp_event_data_recv: smaller segments do not let the window grow.
constexpr u32 LEAST_FOR_GROWTH = 128;

}  // namespace

ControlBlock::Answer ControlBlock::receive(const Segment& segment, const Packet& data, Nanoseconds now) {
    ++segments_in_;
    if (segment.data_size != 0) ++data_segments_in_;
    if (state_ == State::Closed || state_ == State::Listen || state_ == State::TimeWait)
        return segment.is(SegmentFlags::Rst) ? Answer::None : Answer::Reset;
    if (state_ == State::SynSent) return receive_in_syn_sent(segment, data, now);
    if (!segment.is(SegmentFlags::Ack | SegmentFlags::Rst | SegmentFlags::Syn)) return Answer::None;
    if (!validate(segment, now)) return Answer::None;
    if (!segment.is(SegmentFlags::Ack)) return Answer::None;

    const Acceptance acceptance = process_acknowledgement(segment, now);
    const Answer by_state = process_ack_by_state(segment, acceptance, now);
    if (by_state == Answer::Reset || acceptance == Acceptance::Invalid || state_ == State::Closed)
        return by_state;
    if (segment.is(SegmentFlags::Urg)) [[unlikely]]
        receive_urgent(segment, data);
    if (segment.length() != 0 && receive_text(segment, data, now) == Answer::Reset) return Answer::Reset;
    if (state_ == State::Closed) return Answer::None;
    if (unsent() != 0 || (has_fin_ && !has_sent_fin())) (void)write_out(Nagle::Normal, now);
    consider_ack(now);
    return Answer::None;
}

// ---- Whether a segment counts.

bool ControlBlock::is_within_rate(Nanoseconds now) {
    if (challenged_at_ != 0 && now - challenged_at_ < CHALLENGE_INTERVAL) return false;
    challenged_at_ = std::max<Nanoseconds>(now, 1);
    return true;
}

/// RFC 5961: an acknowledgement lets a genuine peer send what this end would believe.
void ControlBlock::send_challenge(Nanoseconds now) {
    if (is_within_rate(now)) send_acknowledgement(now);
}

void ControlBlock::set_duplicate(SequenceRange range) {
    if (!has_sack_) return;
    has_duplicate_ = true;
    duplicate_ = range;
}

/// LINUX: tcp_send_dupack. Acknowledgements of segments without data are limited in rate, so that two ends never answer each
/// other for ever.
void ControlBlock::answer_duplicate(const Segment& segment, Nanoseconds now) {
    if ((segment.data_size == 0 || segment.is(SegmentFlags::Syn)) && !is_within_rate(now)) return;
    if (segment.length() != 0 && is_before(segment.sequence, receive_next_)) {
        enter_quick_mode(MOST_QUICK_ACKS);
        set_duplicate({segment.sequence, earlier_of(segment.end(), receive_next_)});
    }
    send_acknowledgement(now);
}

bool ControlBlock::is_old_timestamp(const Segment& segment, Nanoseconds now) const {
    if (!has_timestamps_ || !segment.has_timestamps) return false;
    const i32 age = static_cast<i32>(recent_timestamp_ - segment.timestamp);
    if (age <= 0 || recent_timestamp_ == 0 || now - recent_timestamp_at_ > OLD_TIMESTAMP) return false;
    // LINUX: tcp_disordered_ack: an acknowledgement that was overtaken on the way is harmless.
    const bool is_pure = segment.length() == 0 && segment.sequence == receive_next_ &&
                         segment.acknowledgement == una_ &&
                         u32{segment.window} << send_scale_ == send_window_;
    return !(is_pure && static_cast<Nanoseconds>(age) * MILLISECOND <= round_trip_.timeout());
}

bool ControlBlock::is_in_window(const Segment& segment) const {
    return !is_before(segment.end(), window_base_) &&
           !is_after(segment.sequence, receive_next_ + receive_window());
}

bool ControlBlock::validate(const Segment& segment, Nanoseconds now) {
    const bool is_reset = segment.is(SegmentFlags::Rst);
    if (is_old_timestamp(segment, now) && !is_reset) [[unlikely]] {
        answer_duplicate(segment, now);
        return false;
    }
    // LINUX: tcp_reset_check: a peer that has lost its state may reset with the number of its FIN.
    const bool resets_behind_fin =
        has_peer_fin_ && segment.sequence == receive_next_ - 1 &&
        (state_ == State::CloseWait || state_ == State::LastAck || state_ == State::Closing);
    if (!is_in_window(segment)) [[unlikely]] {
        if (!is_reset) {
            if (segment.is(SegmentFlags::Syn))
                send_challenge(now);
            else
                answer_duplicate(segment, now);
        } else if (resets_behind_fin) {
            receive_reset(now);
        }
        return false;
    }
    if (is_reset) [[unlikely]] {
        // RFC 5961, section 3.2.
        if (segment.sequence == receive_next_ || resets_behind_fin)
            receive_reset(now);
        else
            send_challenge(now);
        return false;
    }
    if (segment.is(SegmentFlags::Syn)) [[unlikely]] {
        // The SYN-ACK of a simultaneous open.
        const bool is_expected = state_ == State::SynReceived && segment.is(SegmentFlags::Ack) &&
                                 segment.sequence + 1 == receive_next_ && segment.acknowledgement == next_ &&
                                 segment.data_size == 0;
        if (is_expected) return true;
        // RFC 5961, section 4.2.
        send_challenge(now);
        return false;
    }
    return true;
}

void ControlBlock::receive_reset(Nanoseconds) {
    // LINUX: tcp_reset.
    switch (state_) {
        case State::SynSent: return finish(Error::Econnrefused);
        case State::CloseWait: return finish(Error::Epipe);
        case State::Closed: return;
        default: return finish(Error::Econnreset);
    }
}

void ControlBlock::note_timestamp(const Segment& segment, Nanoseconds now) {
    if (!has_timestamps_ || !segment.has_timestamps || is_after(segment.sequence, window_base_)) return;
    if (static_cast<i32>(segment.timestamp - recent_timestamp_) < 0 &&
        now - recent_timestamp_at_ <= OLD_TIMESTAMP)
        return;
    recent_timestamp_ = segment.timestamp;
    recent_timestamp_at_ = now;
}

// ---- The acknowledgement and the state.

ControlBlock::Answer ControlBlock::process_ack_by_state(const Segment& segment, Acceptance acceptance,
                                                        Nanoseconds now) {
    switch (state_) {
        case State::SynReceived:
            if (acceptance != Acceptance::Good) return Answer::Reset;
            send_window_ = u32{segment.window} << send_scale_;
            largest_window_ = std::max(largest_window_, send_window_);
            window_update_ = segment.sequence;
            become_established(now);
            if (has_fin_) set_state(State::FinWait1);
            break;
        case State::FinWait1:
            if (!is_fin_acknowledged_) break;
            if (is_orphan_) {
                const bool has_late_data =
                    segment.data_size != 0 && is_after(segment.sequence + segment.data_size, receive_next_);
                if (settings.fin_timeout == NEVER || has_late_data) {
                    finish({});
                    return Answer::Reset;
                }
            }
            enter_fin_wait_2(now);
            break;
        case State::Closing:
            if (is_fin_acknowledged_) enter_time_wait(now);
            break;
        case State::LastAck:
            if (is_fin_acknowledged_) finish({});
            break;
        default:
            if (acceptance == Acceptance::Invalid && state_ != State::Established &&
                state_ != State::CloseWait)
                send_challenge(now);
            break;
    }
    return Answer::None;
}

// ---- Data.

void ControlBlock::note_data(const Segment& segment, u32 piece, Nanoseconds now) {
    // LINUX: tcp_event_data_recv, tcp_measure_rcv_mss.
    const u32 size = segment.data_size;
    bytes_received_ += size;
    is_ack_pending_ = true;
    if (piece >= peer_segment_seen_) {
        peer_segment_seen_ = std::min<u32>(piece, std::max<u32>(announced_segment_, DEFAULT_MSS));
    } else if (segment.is(SegmentFlags::Psh)) {
        has_pushed_ = true;
    }
    measure_receive_rtt(segment, now);
    const auto be_quick = [&] {
        const u32 wanted =
            std::clamp(announced_window_ / (2 * std::max(peer_segment_seen_, 1U)), 2U, MOST_QUICK_ACKS);
        quick_acks_ = static_cast<u8>(std::max<u32>(quick_acks_, wanted));
    };
    if (ack_delay_ == 0) {
        be_quick();
        ack_delay_ = LEAST_DELAY;
    } else {
        const Nanoseconds gap = now - data_received_at_;
        if (gap <= LEAST_DELAY / 2)
            ack_delay_ = ack_delay_ / 2 + LEAST_DELAY / 2;
        else if (gap < ack_delay_)
            ack_delay_ = std::min(ack_delay_ / 2 + gap, round_trip_.timeout());
        else if (gap > round_trip_.timeout())
            be_quick();
    }
    data_received_at_ = now;
    if (size >= LEAST_FOR_GROWTH) grow_window();
}

ControlBlock::Answer ControlBlock::receive_text(const Segment& segment, const Packet& data, Nanoseconds now) {
    const u32 text_end = segment.sequence + segment.data_size;
    switch (state_) {
        case State::CloseWait:
        case State::Closing:
        case State::LastAck:
            if (is_at_or_after(segment.sequence, receive_next_)) return Answer::None;
            break;
        case State::FinWait1:
        case State::FinWait2:
            // RFC 1122, section 4.2.2.13: nobody can take the data.
            if ((is_receiving_shut_ || has_peer_fin_) && segment.data_size != 0 &&
                is_after(text_end, receive_next_)) {
                finish(Error::Econnreset);
                return Answer::Reset;
            }
            break;
        case State::Established: break;
        default: return Answer::None;
    }
    const u32 window = receive_window();
    const u32 window_end = receive_next_ + window;
    const bool is_old = !is_after(segment.end(), receive_next_);
    if (is_old || has_peer_fin_ || window == 0 || is_at_or_after(segment.sequence, window_end)) {
        // Nothing new, or nothing that fits.
        if (is_old) set_duplicate({segment.sequence, segment.end()});
        enter_quick_mode(MOST_QUICK_ACKS);
        is_ack_pending_ = true;
        return Answer::None;
    }
    const bool had_islands = arrivals_.has_islands();
    const bool is_ahead = is_after(segment.sequence, receive_next_);
    const u32 size = std::min(segment.data_size, window_end - segment.sequence);
    const u64 position = position_of(segment.sequence);
    if (is_before(segment.sequence, receive_next_)) set_duplicate({segment.sequence, receive_next_});
    if (segment.is(SegmentFlags::Fin) && size == segment.data_size) {
        has_fin_ahead_ = true;
        fin_position_ = position + size;
    }
    if (size != 0) {
        const u64 before = arrivals_.next();
        const Result<Arrivals::Range> present = arrivals_.add(position, data, size);
        const u32 advanced = static_cast<u32>(arrivals_.next() - before);
        receive_next_ += advanced;
        if (advanced != 0) note(Events::Readable);
        if (present && !present->is_empty() && present->start >= before)
            set_duplicate({sequence_of(present->start), sequence_of(present->end)});
        // A packet may stand for several segments.
        note_data(segment, data.segment_size != 0 ? data.segment_size : segment.data_size, now);
    }
    if (is_ahead) {
        enter_quick_mode(MOST_QUICK_ACKS);
        must_ack_now_ = true;
    } else if (had_islands) {
        // RFC 5681, section 4.2: a gap was filled.
        must_ack_now_ = true;
    }
    if (has_fin_ahead_ && arrivals_.next() >= fin_position_) receive_fin(now);
    return Answer::None;
}

void ControlBlock::receive_fin(Nanoseconds now) {
    // LINUX: tcp_fin.
    if (has_peer_fin_) return;
    has_peer_fin_ = true;
    has_fin_ahead_ = false;
    ++receive_next_;
    arrivals_.clear_islands();
    is_ack_pending_ = true;
    // LINUX: before any data has come, an acknowledgement is not delayed.
    if (ack_delay_ == 0) must_ack_now_ = true;
    switch (state_) {
        case State::SynReceived:
        case State::Established:
            set_state(State::CloseWait);
            ping_pong_ = 3;
            break;
        case State::FinWait1:
            send_acknowledgement(now);
            set_state(State::Closing);
            break;
        case State::FinWait2:
            send_acknowledgement(now);
            enter_time_wait(now);
            break;
        default: break;
    }
    note(Events::Readable | Events::Changed);
}

void ControlBlock::receive_urgent(const Segment& segment, const Packet& data) {
    // LINUX: tcp_check_urg; the pointer points behind the urgent byte.
    if (has_peer_fin_ || segment.urgent == 0) return;
    const u32 sequence = segment.sequence + segment.urgent - 1;
    const u64 position = position_of(sequence);
    const bool is_new = static_cast<i64>(position - read_position()) >= 0 &&
                        (!has_urgent_mark_ || position > urgent_position_) && position >= arrivals_.next();
    if (is_new) {
        has_urgent_mark_ = true;
        was_urgent_taken_ = false;
        has_urgent_byte_ = false;
        urgent_position_ = position;
        note(Events::Urgent);
    }
    if (has_urgent_mark_ && !has_urgent_byte_ && position == urgent_position_ &&
        segment.urgent <= segment.data_size) {
        data.copy_out(segment.urgent - 1U, {&urgent_byte_, 1});
        has_urgent_byte_ = true;
        note(Events::Urgent | Events::Readable);
    }
}

std::optional<u32> ControlBlock::urgent_distance() const {
    if (!has_urgent_mark_ || urgent_position_ < read_position()) return std::nullopt;
    return static_cast<u32>(std::min<u64>(urgent_position_ - read_position(), ~0U));
}

// ---- Acknowledging.

void ControlBlock::consider_ack(Nanoseconds now) {
    // LINUX: __tcp_ack_snd_check.
    if (!is_ack_pending_ && !must_ack_now_) return;
    const bool has_two =
        receive_next_ - window_base_ > peer_segment_seen_ &&
        (arrivals_.readable() < settings.receive_low_water || compute_window() >= announced_window_);
    if (has_two || is_in_quick_mode() || must_ack_now_) {
        send_acknowledgement(now);
        return;
    }
    delay_ack(now);
}

void ControlBlock::consume(u32 bytes, Nanoseconds now) {
    arrivals_.consume(bytes);
    if (has_urgent_mark_ && read_position() > urgent_position_) has_urgent_mark_ = false;
    if (state_ == State::Closed) return;
    adjust_receive_buffer(now);
    // LINUX: tcp_cleanup_rbuf.
    bool must_tell = false;
    if (is_ack_pending_) {
        must_tell = receive_next_ - window_base_ > peer_segment_seen_ ||
                    (bytes != 0 && has_pushed_ && !is_ping_pong() && arrivals_.readable() == 0 &&
                     !arrivals_.has_islands());
    }
    if (bytes != 0 && !must_tell && !is_receiving_shut_ && !has_peer_fin_) {
        const u32 window = receive_window();
        if (u64{2} * window <= window_clamp_) {
            const u32 larger = compute_window();
            must_tell = larger != 0 && larger >= 2 * window;
        }
    }
    if (must_tell) send_acknowledgement(now);
}

}  // namespace exo::net::tcp
