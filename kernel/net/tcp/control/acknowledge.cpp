// Acknowledgements: what has arrived, what is lost, and how much may be out (RFC 5681, RFC 6675, RFC 8985, RFC 6937, RFC 2883).
#include "net/tcp/control/control_block.hpp"

namespace exo::net::tcp {

bool ControlBlock::update_window(const Segment& segment) {
    // RFC 9293, section 3.10.7.4; LINUX: tcp_may_update_window.
    const u32 window = u32{segment.window} << send_scale_;
    const bool is_newer = is_after(segment.acknowledgement, una_) ||
                          is_after(segment.sequence, window_update_) ||
                          (segment.sequence == window_update_ && (window > send_window_ || window == 0));
    if (!is_newer) return false;
    window_update_ = segment.sequence;
    const bool has_changed = window != send_window_;
    send_window_ = window;
    largest_window_ = std::max(largest_window_, window);
    return has_changed;
}

ControlBlock::Acceptance ControlBlock::process_acknowledgement(const Segment& segment, Nanoseconds now) {
    // LINUX: tcp_ack.
    const u32 previous_una = una_;
    const u32 acknowledgement = segment.acknowledgement;
    Delivery delivery;
    if (is_before(acknowledgement, una_)) [[unlikely]] {
        // RFC 5961, section 5.2.
        if (is_before(acknowledgement, una_ - largest_window_)) {
            if (state_ == State::Established || state_ == State::CloseWait) send_challenge(now);
            return Acceptance::Invalid;
        }
        if (segment.sack_count != 0 && process_sacks(segment, previous_una, now, delivery))
            recover(segment, delivery, previous_una, now);
        return Acceptance::Old;
    }
    if (is_after(acknowledgement, next_)) [[unlikely]]
        return Acceptance::Invalid;
    const bool has_advanced = acknowledgement != una_;
    note_timestamp(segment, now);
    const bool has_new_window = update_window(segment);
    soft_error_ = {};
    probes_ = 0;
    received_at_ = now;
    if (board_.is_empty()) {
        // An answer to a probe of a closed window.
        if (unsent() != 0 && timer_ == Timer::Probe) {
            if (send_window_ != 0 &&
                is_at_or_before(next_ + std::min(unsent(), current_segment_size()), una_ + send_window_)) {
                backoff_ = 0;
                probing_since_ = 0;
                timer_ = Timer::None;
                retransmit_at_ = NEVER;
                (void)write_out(Nagle::Normal, now);
            } else {
                retransmit_at_ = now + backed_off();
            }
        }
        return Acceptance::Good;
    }
    if (has_advanced) take_acknowledged(acknowledgement, now, delivery);
    const u32 duplicates_before = duplicates_reported_;
    if (segment.sack_count != 0) (void)process_sacks(segment, previous_una, now, delivery);
    if (delivery.round_trip != 0) {
        round_trip_.add(delivery.round_trip, now);
    } else if (has_advanced && has_timestamps_ && segment.has_timestamps && segment.timestamp_echo != 0 &&
               delivery.has_resent) {
        // Karn's rule does not apply: the timestamp tells which copy arrived.
        const u32 passed = timestamp(now) - segment.timestamp_echo;
        if (passed < MOST_TIMEOUT / MILLISECOND) round_trip_.add(passed * MILLISECOND, now);
    }
    if (tail_end_ != 0 || has_tail_probe_)
        process_tail_probe(segment, duplicates_reported_ != duplicates_before);
    if (!has_sack_) count_duplicates(segment, previous_una, has_new_window || segment.length() != 0);
    if (delivery.is_reordered) has_seen_reordering_ = true;
    if (duplicates_reported_ != duplicates_before && reordering_steps_ < 255) ++reordering_steps_;
    if (has_advanced || delivery.sacked != 0 || recovery_ != Recovery::Open || board_.sacked() != 0)
        recover(segment, delivery, previous_una, now);
    if (has_advanced) {
        if (is_at_or_after(una_, flight_mark_)) {
            most_in_flight_ = board_.in_flight();
            flight_mark_ = next_;
        }
        // LINUX: tcp_check_space: poll waits for a third of the buffer.
        note(Events::Writable);
    }
    if ((has_advanced || delivery.sacked != 0) && timer_ != Timer::Reordering) {
        if (board_.is_empty()) {
            timer_ = Timer::None;
            retransmit_at_ = NEVER;
            if (unsent() != 0) check_probe_timer(now);
        } else {
            arm_tail_probe(now);
        }
    }
    return Acceptance::Good;
}

/// Removes what was acknowledged.
void ControlBlock::take_acknowledged(u32 acknowledgement, Nanoseconds now, Delivery& delivery) {
    board_.acknowledge(acknowledgement, current_segment_size(), now, delivery);
    const u32 data_end = is_after(acknowledgement, write_end_) ? write_end_ : acknowledgement;
    if (is_after(data_end, data_start_)) {
        bytes_acknowledged_ += data_end - data_start_;
        queue_.drop(data_end - data_start_);
        data_start_ = data_end;
        if (queue_.is_empty()) queue_.shrink();
    }
    if (has_fin_ && is_after(acknowledgement, write_end_)) is_fin_acknowledged_ = true;
    una_ = acknowledgement;
    if (has_urgent_ && is_at_or_after(una_, urgent_end_)) has_urgent_ = false;
    retries_ = 0;
    backoff_ = 0;
    first_resent_at_ = 0;
    duplicates_ = 0;
}

/// Notes SACK blocks. Returns whether any of them brought news.
bool ControlBlock::process_sacks(const Segment& segment, u32 previous_una, Nanoseconds now,
                                 Delivery& delivery) {
    if (!has_sack_) return false;
    bool has_news = false;
    for (u32 i = 0; i < segment.sack_count; ++i) {
        SequenceRange block = segment.sack[i];
        if (!is_before(block.start, block.end)) continue;
        // RFC 2883, section 4: the first block is below the acknowledgement or inside the second one.
        if (i == 0) {
            const bool is_below = is_before(block.start, segment.acknowledgement);
            const bool is_inside = segment.sack_count > 1 &&
                                   is_at_or_after(block.start, segment.sack[1].start) &&
                                   is_at_or_before(block.end, segment.sack[1].end);
            if (is_below || is_inside) {
                // It must be something that was sent lately.
                if (is_before(block.start, previous_una - largest_window_) || is_after(block.end, next_))
                    continue;
                ++duplicates_reported_;
                if (may_undo_ && undo_resent_ != 0 && is_after(block.end, undo_mark_)) {
                    const u32 size = current_segment_size();
                    undo_resent_ -= std::min(undo_resent_, (block.size() + size - 1) / size);
                }
                continue;
            }
        }
        if (is_after(block.end, next_) || is_at_or_before(block.end, una_)) continue;
        block.start = later_of(block.start, una_);
        has_news |= board_.sack(block, current_segment_size(), now, delivery);
    }
    return has_news;
}

void ControlBlock::process_tail_probe(const Segment& segment, bool has_duplicate) {
    // LINUX: tcp_process_tlp_ack.
    if (is_before(segment.acknowledgement, tail_end_)) return;
    if (!has_tail_probe_ || has_duplicate) {
        has_tail_probe_ = false;
        tail_end_ = 0;
    } else if (is_after(segment.acknowledgement, tail_end_)) {
        // The probe repaired a loss: later data is acknowledged, and no duplicate was reported.
        has_tail_probe_ = false;
        tail_end_ = 0;
        if (recovery_ == Recovery::Open) congestion_.set_window(congestion_.reduce());
    }
}

/// Duplicate acknowledgements of a peer without SACK (RFC 5681, section 3.2).
void ControlBlock::count_duplicates(const Segment& segment, u32 previous_una, bool has_news) {
    if (segment.acknowledgement != previous_una) {
        board_.set_guessed_sacked(0);
        if (recovery_ == Recovery::Recovery && is_before(una_, recovery_end_))
            board_.mark_first_lost(current_segment_size());
        return;
    }
    if (has_news || board_.is_empty()) return;
    ++duplicates_;
    board_.set_guessed_sacked(duplicates_);
    if (duplicates_ == DUPLICATES && recovery_ <= Recovery::Disorder)
        board_.mark_first_lost(current_segment_size());
}

Nanoseconds ControlBlock::reordering_window() const {
    // RFC 8985, section 6.2 step 4; LINUX: tcp_rack_reo_wnd.
    if (!has_seen_reordering_ && (recovery_ >= Recovery::Recovery || board_.sacked() >= DUPLICATES)) return 0;
    if (!round_trip_.has_sample()) return 0;
    return std::min(round_trip_.least() / 4 * reordering_steps_, round_trip_.smoothed());
}

void ControlBlock::detect_losses(Nanoseconds now) {
    const Nanoseconds wait = board_.detect_losses(reordering_window(), now);
    if (wait != 0) {
        timer_ = Timer::Reordering;
        retransmit_at_ = now + wait + 2 * MILLISECOND;
    } else if (timer_ == Timer::Reordering) {
        timer_ = Timer::None;
        if (!board_.is_empty()) arm_retransmission(now);
    }
}

bool ControlBlock::was_spurious(const Segment& segment) const {
    // RFC 3522 (Eifel): the acknowledgement is older than the first copy; or every copy was reported as a duplicate.
    if (!may_undo_) return false;
    if (undo_resent_ == 0) return true;
    return has_timestamps_ && segment.has_timestamps && segment.timestamp_echo != 0 &&
           resent_timestamp_ != 0 && is_before(segment.timestamp_echo, resent_timestamp_);
}

void ControlBlock::undo_reduction() {
    // LINUX: tcp_undo_cwnd_reduction.
    congestion_.set_window(std::max(congestion_.window(), prior_window_));
    congestion_.set_threshold(std::max(congestion_.threshold(), prior_threshold_));
    may_undo_ = false;
    board_.unmark_lost();
    recovery_ = Recovery::Open;
    duplicates_ = 0;
}

void ControlBlock::enter_recovery(Nanoseconds) {
    prior_window_ = congestion_.window();
    prior_threshold_ = congestion_.threshold();
    (void)congestion_.reduce();
    may_undo_ = true;
    undo_mark_ = una_;
    undo_resent_ = 0;
    resent_timestamp_ = 0;
    recovery_ = Recovery::Recovery;
    recovery_end_ = next_;
    prr_delivered_ = prr_out_ = 0;
    tail_end_ = 0;
    has_tail_probe_ = false;
}

void ControlBlock::enter_loss(Nanoseconds) {
    // LINUX: tcp_enter_loss.
    if (recovery_ <= Recovery::Disorder || !is_after(recovery_end_, una_) ||
        (recovery_ == Recovery::Loss && retries_ == 0)) {
        prior_window_ = congestion_.window();
        prior_threshold_ = congestion_.threshold();
        (void)congestion_.reduce();
        may_undo_ = true;
        undo_mark_ = una_;
        undo_resent_ = 0;
        resent_timestamp_ = 0;
    }
    // RFC 2018, section 8: a receiver may have dropped what it reported.
    const bool has_reneged = !board_.is_empty() && board_.first().is(SentFlags::Sacked);
    board_.mark_all_lost(has_reneged || !has_sack_ ? Scoreboard::Sacks::Forgotten : Scoreboard::Sacks::Kept);
    congestion_.set_window(board_.in_flight() + 1);
    recovery_ = Recovery::Loss;
    recovery_end_ = next_;
    duplicates_ = 0;
    tail_end_ = 0;
    has_tail_probe_ = false;
}

void ControlBlock::leave_recovery() {
    if (recovery_ == Recovery::Recovery)
        congestion_.set_window(std::min(congestion_.window(), congestion_.threshold()));
    if (recovery_ == Recovery::Recovery) congestion_.set_window(congestion_.threshold());
    recovery_ = board_.sacked() != 0 ? Recovery::Disorder : Recovery::Open;
    may_undo_ = false;
    resent_timestamp_ = 0;
}

/// Proportional rate reduction (RFC 6937): as segments leave the network, some enter it.
void ControlBlock::reduce_proportionally(u32 delivered, bool has_advanced, bool has_new_losses) {
    if (delivered == 0 || prior_window_ == 0) return;
    prr_delivered_ += delivered;
    const u32 flight = board_.in_flight();
    const u32 threshold = congestion_.threshold();
    i64 more = 0;
    if (flight > threshold) {
        more = static_cast<i64>((u64{threshold} * prr_delivered_ + prior_window_ - 1) / prior_window_) -
               prr_out_;
    } else {
        more = std::max<i64>(static_cast<i64>(prr_delivered_) - prr_out_, delivered);
        if (has_advanced && !has_new_losses) ++more;
        more = std::min<i64>(more, threshold - flight);
    }
    more = std::max<i64>(more, prr_out_ != 0 ? 0 : 1);
    congestion_.set_window(flight + static_cast<u32>(std::min<i64>(more, Cubic::MOST_WINDOW)));
}

bool ControlBlock::is_window_limited() const {
    // LINUX: tcp_is_cwnd_limited: a window that was not used does not grow (RFC 2861).
    return congestion_.is_in_slow_start() ? congestion_.window() < 2 * std::max(most_in_flight_, 1U)
                                          : is_window_full_;
}

void ControlBlock::recover(const Segment& segment, const Delivery& delivery, u32 previous_una,
                           Nanoseconds now) {
    const bool has_advanced = una_ != previous_una;
    const u32 lost_before = board_.lost();
    if (recovery_ >= Recovery::Recovery && has_advanced && was_spurious(segment)) undo_reduction();
    if (has_sack_ &&
        (board_.sacked() != 0 || recovery_ != Recovery::Open || board_.lost() != 0 || has_seen_reordering_))
        detect_losses(now);
    else if (timer_ == Timer::Reordering)
        timer_ = Timer::None;
    const bool has_new_losses = board_.lost() > lost_before;
    if (recovery_ >= Recovery::Recovery && is_at_or_after(una_, recovery_end_)) leave_recovery();
    if (recovery_ <= Recovery::Disorder) {
        if (board_.lost() != 0)
            enter_recovery(now);
        else
            recovery_ = board_.sacked() != 0 ? Recovery::Disorder : Recovery::Open;
    }
    if (recovery_ == Recovery::Recovery) {
        reduce_proportionally(delivery.delivered() + (has_sack_ ? 0 : (has_advanced ? 0U : 1U)), has_advanced,
                              has_new_losses);
    } else if ((has_advanced || delivery.sacked != 0) && is_window_limited()) {
        const Nanoseconds round_trip = round_trip_.has_sample() ? round_trip_.smoothed() : 0;
        if (delivery.delivered() != 0) congestion_.acknowledged(delivery.delivered(), round_trip, now);
        if (has_advanced) expand_send_buffer();
    }
    if (board_.lost() != 0) resend_lost(now);
}

}  // namespace exo::net::tcp
