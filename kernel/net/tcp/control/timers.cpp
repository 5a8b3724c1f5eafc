// Timers of a connection: retransmission (RFC 6298), tail loss probe (RFC 8985), window probe (RFC 9293, section 3.8.6.1), delayed
// acknowledgement (RFC 1122, section 4.2.3.2), keep-alive (section 4.2.3.6), FIN-WAIT-2.
#include <bit>

#include "net/tcp/control/control_block.hpp"

namespace exo::net::tcp {

Nanoseconds ControlBlock::backed_off() const {
    const Nanoseconds base = round_trip_.timeout();
    return backoff_ >= 20 ? MOST_TIMEOUT : std::min(base << backoff_, MOST_TIMEOUT);
}

void ControlBlock::arm_retransmission(Nanoseconds now) {
    timer_ = Timer::Retransmit;
    retransmit_at_ = now + backed_off();
}

/// Arms the timer for a probe of the tail, or that of a retransmission.
void ControlBlock::arm_tail_probe(Nanoseconds now) {
    if (board_.is_empty()) {
        if (timer_ != Timer::Probe) {
            timer_ = Timer::None;
            retransmit_at_ = NEVER;
        }
        return;
    }
    if (timer_ == Timer::Reordering) return;
    // LINUX: tcp_schedule_loss_probe.
    if (!has_sack_ || recovery_ != Recovery::Open || board_.sacked() != 0 || tail_end_ != 0 ||
        has_tail_probe_ || !round_trip_.has_sample()) {
        arm_retransmission(now);
        return;
    }
    Nanoseconds wait = 2 * round_trip_.smoothed();
    wait += board_.out() == 1 ? LEAST_TIMEOUT : 2 * MILLISECOND;
    timer_ = Timer::Tail;
    retransmit_at_ = now + std::min(wait, backed_off());
}

/// What cannot be sent now must be tried later if no acknowledgement will come.
void ControlBlock::check_probe_timer(Nanoseconds now) {
    if (!board_.is_empty() || unsent() == 0 || timer_ != Timer::None) return;
    timer_ = Timer::Probe;
    retransmit_at_ = now + backed_off();
}

void ControlBlock::start_keep_timer(Nanoseconds now) {
    if (state_ == State::Closed || state_ == State::SynSent || state_ == State::SynReceived ||
        state_ == State::Listen)
        return;
    if (is_orphan_ && state_ == State::FinWait2) return;
    if (!settings.keep_alive) {
        keep_at_ = NEVER;
        return;
    }
    const Nanoseconds idle = idle_time(now);
    keep_at_ = now + (settings.keep_idle > idle ? settings.keep_idle - idle : 0);
}

void ControlBlock::settings_changed(Nanoseconds now) {
    set_segment_sizes();
    if (settings.keep_alive != (keep_at_ != NEVER)) start_keep_timer(now);
    if (settings.window_clamp != 0) window_clamp_ = std::min(window_clamp_, settings.window_clamp);
    if (unsent() == 0) return;
    (void)write_out(settings.no_delay && !settings.cork ? Nagle::Push : Nagle::Normal, now);
}

void ControlBlock::run_timers(Nanoseconds now) {
    if (state_ == State::Closed) return;
    if (acknowledge_at_ <= now) {
        // LINUX: tcp_delack_timer_handler.
        acknowledge_at_ = NEVER;
        if (is_ack_pending_) {
            if (!is_ping_pong()) {
                ack_delay_ = std::min(ack_delay_ * 2, round_trip_.timeout());
            } else {
                ping_pong_ = 0;
                ack_delay_ = LEAST_DELAY;
            }
            send_acknowledgement(now);
        }
    }
    if (retransmit_at_ <= now) {
        const Timer due = std::exchange(timer_, Timer::None);
        retransmit_at_ = NEVER;
        switch (due) {
            case Timer::Retransmit: run_retransmission(now); break;
            case Timer::Probe: run_probe(now); break;
            case Timer::Tail: run_tail_probe(now); break;
            case Timer::Reordering:
                detect_losses(now);
                if (recovery_ <= Recovery::Disorder && board_.lost() != 0) {
                    enter_recovery(now);
                    reduce_proportionally(1, false, true);
                }
                resend_lost(now);
                if (timer_ == Timer::None && !board_.is_empty()) arm_retransmission(now);
                break;
            case Timer::None: break;
        }
    }
    if (state_ != State::Closed && keep_at_ <= now) {
        keep_at_ = NEVER;
        run_keep_alive(now);
    }
}

/// Whether so much time has passed as `boundary` retries take. LINUX: retransmits_timed_out.
bool ControlBlock::have_retries_passed(u32 boundary, Nanoseconds limit, Nanoseconds now) const {
    if (retries_ == 0) return false;
    if (limit == 0) {
        const Nanoseconds base =
            state_ == State::SynSent || state_ == State::SynReceived ? FIRST_TIMEOUT : LEAST_TIMEOUT;
        const u32 doublings = static_cast<u32>(std::bit_width(MOST_TIMEOUT / base)) - 1;
        if (boundary <= doublings)
            limit = ((2ULL << boundary) - 1) * base;
        else
            limit = ((2ULL << doublings) - 1) * base + (boundary - doublings) * MOST_TIMEOUT;
    }
    return now - first_resent_at_ >= limit;
}

void ControlBlock::give_up(Nanoseconds) { finish(soft_error_ != Error{} ? soft_error_ : Error::Etimedout); }

void ControlBlock::run_handshake(Nanoseconds now) {
    const u32 most = state_ == State::SynSent ? settings.syn_retries : 5U;
    const bool is_over = settings.user_timeout != 0 && state_ == State::SynSent
                             ? have_retries_passed(most, settings.user_timeout, now)
                             : retries_ >= most;
    if (is_over) return give_up(now);
    board_.mark_all_lost(Scoreboard::Sacks::Forgotten);
    resend(board_.first(), now);
    ++retries_;
    ++backoff_;
    arm_retransmission(now);
}

void ControlBlock::run_retransmission(Nanoseconds now) {
    // LINUX: tcp_retransmit_timer.
    if (board_.is_empty()) return;
    if (state_ == State::SynSent || state_ == State::SynReceived) return run_handshake(now);
    if (first_resent_at_ == 0) first_resent_at_ = board_.first().sent_at;
    const bool is_window_closed = send_window_ == 0 && !is_orphan_;
    if (is_window_closed) {
        // The peer is alive as long as it answers.
        const Nanoseconds limit = settings.user_timeout != 0 ? settings.user_timeout : MOST_TIMEOUT;
        if (now - received_at_ > limit && (settings.user_timeout != 0 || retries_ >= settings.data_retries))
            return give_up(now);
    } else {
        u32 boundary = settings.data_retries;
        if (is_orphan_) boundary = backed_off() < MOST_TIMEOUT ? 8 : 0;
        const bool is_over = have_retries_passed(boundary, is_orphan_ ? 0 : settings.user_timeout, now) ||
                             (is_orphan_ && boundary == 0);
        if (is_over) return give_up(now);
    }
    enter_loss(now);
    if (Sent* record = board_.next_lost()) resend(*record, now);
    ++retries_;
    ++backoff_;
    arm_retransmission(now);
}

void ControlBlock::run_probe(Nanoseconds now) {
    // LINUX: tcp_probe_timer, tcp_send_probe0.
    if (!board_.is_empty() || unsent() == 0) {
        probes_ = 0;
        probing_since_ = 0;
        return;
    }
    if (probing_since_ == 0) {
        probing_since_ = std::max<Nanoseconds>(now, 1);
    } else if (settings.user_timeout != 0 && now - probing_since_ >= settings.user_timeout) {
        return give_up(now);
    }
    u32 most = settings.data_retries;
    if (is_orphan_) {
        const bool is_alive = backed_off() < MOST_TIMEOUT;
        most = 8;
        if (!is_alive && probes_ >= most) return give_up(now);
    }
    if (probes_ >= most) return give_up(now);
    const bool has_sent_data = send_probe_data(now);
    if (has_sent_data) {
        probes_ = 0;
        backoff_ = 0;
        arm_retransmission(now);
        return;
    }
    ++probes_;
    if (backoff_ < settings.data_retries) ++backoff_;
    timer_ = Timer::Probe;
    retransmit_at_ = now + backed_off();
    if (settings.user_timeout != 0)
        retransmit_at_ =
            std::min(retransmit_at_, std::max(probing_since_ + settings.user_timeout, now + MILLISECOND));
}

void ControlBlock::run_tail_probe(Nanoseconds now) {
    // LINUX: tcp_send_loss_probe.
    if (board_.is_empty()) return;
    tail_end_ = next_;
    const u32 usable = una_ + send_window_ - next_;
    if (unsent() != 0 && static_cast<i32>(usable) > 0 && board_.reserve()) {
        const u32 length = std::min({unsent(), current_segment_size(), usable});
        const u32 whole = queue_.size_in_pieces(next_ - data_start_, length, Packet::MOST_SLICES - 2);
        const u32 start = next_;
        next_ += whole;
        (void)board_.add(start, next_, 1, now);
        send_range(start, next_, now);
        has_tail_probe_ = false;
    } else {
        // The last segment once more.
        const u32 size = current_segment_size();
        Sent& last = board_.last();
        if (last.segments > 1 && last.size() > size) {
            const u32 rest = (last.size() - 1) / size;
            if (!board_.split(last, rest, size)) return arm_retransmission(now);
        }
        has_tail_probe_ = true;
        resend(board_.last(), now);
    }
    tail_end_ = next_;
    arm_retransmission(now);
}

void ControlBlock::run_keep_alive(Nanoseconds now) {
    // LINUX: tcp_keepalive_timer.
    if (state_ == State::FinWait2 && is_orphan_) return finish({});
    if (!settings.keep_alive) return;
    if (!board_.is_empty() || unsent() != 0) {
        keep_at_ = now + settings.keep_idle;
        return;
    }
    const Nanoseconds idle = idle_time(now);
    if (idle < settings.keep_idle) {
        keep_at_ = now + (settings.keep_idle - idle);
        return;
    }
    const bool is_over = settings.user_timeout != 0 ? idle >= settings.user_timeout && probes_ > 0
                                                    : probes_ >= settings.keep_count;
    if (is_over) {
        send_reset(now);
        return give_up(now);
    }
    (void)send_probe_data(now);
    ++probes_;
    keep_at_ = now + settings.keep_interval;
}

u8 ControlBlock::timer_kind() const {
    // LINUX: get_tcp4_sock.
    switch (timer_) {
        case Timer::Retransmit:
        case Timer::Tail:
        case Timer::Reordering: return 1;
        case Timer::Probe: return 4;
        case Timer::None: break;
    }
    return keep_at_ != NEVER ? 2 : 0;
}

}  // namespace exo::net::tcp
