// Closing (RFC 9293, section 3.6), errors from the network, and what TCP_INFO tells.
#include "abi/linux/net.hpp"
#include "net/tcp/control/control_block.hpp"

namespace exo::net::tcp {

void ControlBlock::set_state(State state) {
    state_ = state;
    note(Events::Changed);
}

/// The connection is over, with an error that the program gets, or none.
void ControlBlock::finish(Error error) {
    if (state_ == State::Closed) return;
    if (error != Error{}) error_ = error;
    set_state(State::Closed);
    retransmit_at_ = acknowledge_at_ = keep_at_ = NEVER;
    timer_ = Timer::None;
    board_.clear();
    if (error != Error{}) {
        // LINUX: tcp_write_queue_purge.
        queue_.clear();
        data_start_ = write_end_;
    }
    arrivals_.clear_islands();
    note(Events::Readable | Events::Writable | Events::Closed);
}

void ControlBlock::enter_time_wait(Nanoseconds) {
    note(Events::TimeWait);
    finish({});
}

void ControlBlock::enter_fin_wait_2(Nanoseconds now) {
    set_state(State::FinWait2);
    if (!is_orphan_) return;
    if (settings.fin_timeout == NEVER) {
        send_reset(now);
        return finish({});
    }
    keep_at_ = now + settings.fin_timeout;
}

void ControlBlock::shut_sending(Nanoseconds now) {
    if (has_fin_) return;
    switch (state_) {
        case State::Established: set_state(State::FinWait1); break;
        case State::CloseWait: set_state(State::LastAck); break;
        case State::SynReceived: break;
        default: return;
    }
    has_fin_ = true;
    if (state_ != State::SynReceived) (void)write_out(Nagle::Push, now);
}

void ControlBlock::close(Closing how, Nanoseconds now) {
    // LINUX: __tcp_close.
    is_orphan_ = true;
    is_receiving_shut_ = true;
    if (state_ == State::Closed) return;
    const bool has_unread = arrivals_.readable() != 0;
    if (state_ == State::SynSent) return finish({});
    if (how == Closing::Reset || has_unread) {
        abort(now);
        return;
    }
    shut_sending(now);
    if (state_ == State::FinWait2) {
        if (settings.fin_timeout == NEVER) {
            send_reset(now);
            return finish({});
        }
        keep_at_ = now + settings.fin_timeout;
    }
}

void ControlBlock::abort(Nanoseconds now) {
    // LINUX: tcp_disconnect: the peer of a connection that is not closed in an orderly way gets a RST.
    switch (state_) {
        case State::Closed:
        case State::Listen:
        case State::TimeWait:
        case State::SynSent: break;
        default: send_reset(now); break;
    }
    queue_.clear();
    data_start_ = write_end_;
    finish({});
}

void ControlBlock::fail(Error error, bool is_fatal, u32 sequence, Nanoseconds) {
    // LINUX: tcp_v4_err: an error must be about something that is under way.
    if (state_ == State::Closed || is_before(sequence, una_) || is_after(sequence, next_)) return;
    if (state_ == State::SynSent || state_ == State::SynReceived) {
        if (is_fatal)
            finish(error);
        else
            soft_error_ = error;
        return;
    }
    // RFC 1122, section 4.2.3.9: an established connection outlives it.
    soft_error_ = error;
}

void ControlBlock::path_shrank(u32 mtu, u32 sequence, Nanoseconds now) {
    if (state_ == State::Closed || is_before(sequence, una_) || is_after(sequence, next_)) return;
    if (mtu >= mtu_) return;
    set_path(mtu, most_segmented_);
    // RFC 1191, section 6.4: what was too large is sent again at once.
    if (state_ == State::SynSent || state_ == State::SynReceived || board_.is_empty()) return;
    board_.mark_all_lost(Scoreboard::Sacks::Kept);
    resend_lost(now);
    arm_retransmission(now);
}

void ControlBlock::describe(abi::tcp_info& info, Nanoseconds now) const {
    // LINUX: tcp_get_info.
    const auto microseconds = [](Nanoseconds time) {
        return static_cast<u32>(std::min<Nanoseconds>(time / 1000, ~0U));
    };
    const auto milliseconds = [&](Nanoseconds since) {
        return static_cast<u32>((now - since) / MILLISECOND);
    };
    info = {};
    info.tcpi_state = static_cast<u8>(state_);
    info.tcpi_ca_state = static_cast<u8>(recovery_);
    info.tcpi_retransmits = retries_;
    info.tcpi_probes = probes_;
    info.tcpi_backoff = backoff_;
    info.tcpi_options =
        static_cast<u8>((has_timestamps_ ? 1 : 0) | (has_sack_ ? 2 : 0) | (has_scale_ ? 4 : 0));
    info.tcpi_wscale = static_cast<u8>(send_scale_ | receive_scale_ << 4);
    info.tcpi_rto = microseconds(backed_off());
    info.tcpi_ato = microseconds(ack_delay_);
    info.tcpi_snd_mss = bounded_segment_size();
    info.tcpi_rcv_mss = peer_segment_seen_;
    info.tcpi_unacked = board_.out();
    info.tcpi_sacked = board_.sacked();
    info.tcpi_lost = board_.lost();
    info.tcpi_retrans = board_.resent();
    info.tcpi_last_data_sent = milliseconds(sent_at_);
    info.tcpi_last_data_recv = milliseconds(data_received_at_);
    info.tcpi_last_ack_recv = milliseconds(received_at_);
    info.tcpi_pmtu = mtu_;
    info.tcpi_rcv_ssthresh = window_threshold_;
    info.tcpi_rtt = microseconds(round_trip_.smoothed());
    info.tcpi_rttvar = microseconds(round_trip_.variation());
    info.tcpi_snd_ssthresh = congestion_.threshold();
    info.tcpi_snd_cwnd = congestion_.window();
    info.tcpi_advmss = announced_segment_ - (has_timestamps_ ? TIMESTAMPS_SIZE : 0U);
    info.tcpi_reordering = DUPLICATES;
    info.tcpi_rcv_rtt = microseconds(receive_rtt_);
    info.tcpi_rcv_space = space_;
    info.tcpi_total_retrans = total_resent_;
    info.tcpi_pacing_rate = ~0ULL;
    info.tcpi_max_pacing_rate = ~0ULL;
    info.tcpi_bytes_acked = bytes_acknowledged_;
    info.tcpi_bytes_received = bytes_received_;
    info.tcpi_segs_out = segments_out_;
    info.tcpi_segs_in = segments_in_;
    info.tcpi_notsent_bytes = unsent();
    info.tcpi_min_rtt = round_trip_.has_sample() ? microseconds(round_trip_.least()) : ~0U;
    info.tcpi_data_segs_in = data_segments_in_;
    info.tcpi_data_segs_out = data_segments_out_;
    info.tcpi_delivered = data_segments_out_ - std::min(data_segments_out_, board_.out());
    info.tcpi_bytes_sent = bytes_sent_;
    info.tcpi_bytes_retrans = bytes_resent_;
    info.tcpi_dsack_dups = duplicates_reported_;
    info.tcpi_reord_seen = has_seen_reordering_ ? 1 : 0;
    info.tcpi_rcv_ooopack = static_cast<u32>(arrivals_.out_of_order_count());
    info.tcpi_snd_wnd = send_window_;
}

}  // namespace exo::net::tcp
