#include "net/tcp/control/scoreboard.hpp"

namespace exo::net::tcp {

static u16 segments_of(u32 bytes, u32 segment_size) {
    return static_cast<u16>(std::clamp<u32>((bytes + segment_size - 1) / segment_size, 1, 0xffff));
}

Result<> Scoreboard::grow() {
    if (ring_.size() >= MOST_RECORDS) return Error::Enobufs;
    Vector<Sent> larger;
    TRY(larger.resize(ring_.is_empty() ? 4 : ring_.size() * 2));
    for (u32 i = 0; i < count_; ++i) larger[i] = at(i);
    ring_ = std::move(larger);
    head_ = 0;
    return {};
}

Result<> Scoreboard::add(u32 start, u32 end, u32 segments, Nanoseconds now) {
    TRY(reserve());
    at(count_) = {start, end, now, static_cast<u16>(segments), SentFlags::None};
    ++count_;
    out_ += segments;
    return {};
}

void Scoreboard::pop_first() {
    const Sent& record = first();
    out_ -= record.segments;
    if (record.is(SentFlags::Sacked)) sacked_ -= std::min<u32>(sacked_, record.segments);
    if (record.is(SentFlags::Lost)) lost_ -= record.segments;
    if (record.is(SentFlags::Resent)) resent_ -= record.segments;
    head_ = (head_ + 1) & static_cast<u32>(ring_.size() - 1);
    --count_;
    if (lost_hint_ != 0) --lost_hint_;
}

/// The record with `sequence`, which must lie inside of what is out.
u32 Scoreboard::find(u32 sequence) {
    u32 low = 0;
    u32 high = count_;
    while (low + 1 < high) {
        const u32 middle = (low + high) / 2;
        if (is_at_or_before(at(middle).start, sequence))
            low = middle;
        else
            high = middle;
    }
    return low;
}

/// Splits a record, which contains `sequence` and does not start there.
Result<> Scoreboard::split_at(u32 index, u32 sequence, u32 segment_size) {
    TRY(reserve());
    for (u32 i = count_; i > index + 1; --i) at(i) = at(i - 1);
    ++count_;
    Sent& left = at(index);
    Sent& right = at(index + 1);
    right = left;
    const u16 before = left.segments;
    left.end = right.start = sequence;
    left.segments = segments_of(left.size(), segment_size);
    right.segments = segments_of(right.size(), segment_size);
    // The sum may differ where the segment size has changed.
    const u32 now = u32{left.segments} + right.segments;
    const auto correct = [&](u32& counter) { counter = counter - std::min<u32>(counter, before) + now; };
    correct(out_);
    if (left.is(SentFlags::Sacked)) correct(sacked_);
    if (left.is(SentFlags::Lost)) correct(lost_);
    if (left.is(SentFlags::Resent)) correct(resent_);
    if (lost_hint_ > index + 1) ++lost_hint_;
    return {};
}

Result<> Scoreboard::split(Sent& record, u32 segments, u32 segment_size) {
    if (record.size() <= segments * segment_size) return {};
    return split_at(find(record.start), record.start + segments * segment_size, segment_size);
}

/// A segment arrived (RFC 8985, section 6.2 step 2).
void Scoreboard::note_delivered(const Sent& record, Nanoseconds now, Delivery& delivery) {
    const Nanoseconds passed = now - record.sent_at;
    if (record.is(SentFlags::EverResent)) {
        delivery.has_resent = true;
        // Probably the acknowledgement of the first copy.
        if (passed < least_round_trip_) return;
    } else {
        delivery.has_original = true;
        delivery.round_trip = std::max<Nanoseconds>(passed, 1);
        least_round_trip_ = std::min(least_round_trip_, passed);
        if (has_highest_ && is_before(record.end, highest_sacked_)) delivery.is_reordered = true;
    }
    if (record.sent_at > rack_sent_at_ ||
        (record.sent_at == rack_sent_at_ && is_after(record.end, rack_end_))) {
        rack_sent_at_ = record.sent_at;
        rack_end_ = record.end;
        rack_round_trip_ = passed;
    }
}

void Scoreboard::acknowledge(u32 una, u32 segment_size, Nanoseconds now, Delivery& delivery) {
    while (count_ != 0) {
        Sent& record = first();
        if (is_before(una, record.end)) {
            if (is_before(record.start, una)) {
                // A part of a record.
                const u16 before = record.segments;
                record.start = una;
                record.segments = std::min(segments_of(record.size(), segment_size), before);
                const u32 gone = u32{before} - record.segments;
                out_ -= gone;
                if (record.is(SentFlags::Sacked)) sacked_ -= std::min(sacked_, gone);
                if (record.is(SentFlags::Lost)) lost_ -= gone;
                if (record.is(SentFlags::Resent)) resent_ -= gone;
                delivery.acknowledged += gone;
            }
            break;
        }
        if (!record.is(SentFlags::Sacked)) note_delivered(record, now, delivery);
        delivery.acknowledged += record.is(SentFlags::Sacked) ? 0 : record.segments;
        pop_first();
    }
    if (has_highest_ && is_at_or_before(highest_sacked_, una)) has_highest_ = false;
}

bool Scoreboard::sack(SequenceRange block, u32 segment_size, Nanoseconds now, Delivery& delivery) {
    if (count_ == 0) return false;
    bool is_new = false;
    u32 index = find(block.start);
    if (is_before(at(index).start, block.start)) {
        // Only whole segments count: a block may begin anywhere.
        if (!at(index).is(SentFlags::Sacked)) {
            if (!split_at(index, block.start, segment_size)) return false;
        }
        ++index;
    }
    for (; index < count_; ++index) {
        if (is_at_or_after(at(index).start, block.end)) break;
        if (at(index).is(SentFlags::Sacked)) continue;
        if (is_after(at(index).end, block.end)) {
            if (!split_at(index, block.end, segment_size)) break;
        }
        Sent& record = at(index);
        note_delivered(record, now, delivery);
        if (record.is(SentFlags::Lost)) lost_ -= record.segments;
        if (record.is(SentFlags::Resent)) resent_ -= record.segments;
        record.flags = (record.flags & SentFlags::EverResent) | SentFlags::Sacked;
        sacked_ += record.segments;
        delivery.sacked += record.segments;
        is_new = true;
        if (!has_highest_ || is_after(record.end, highest_sacked_)) {
            has_highest_ = true;
            highest_sacked_ = record.end;
        }
    }
    return is_new;
}

void Scoreboard::mark_lost(Sent& record) {
    if (record.is(SentFlags::Resent)) resent_ -= record.segments;
    if (!record.is(SentFlags::Lost)) lost_ += record.segments;
    record.flags = (record.flags & ~SentFlags::Resent) | SentFlags::Lost;
    lost_hint_ = 0;
}

Nanoseconds Scoreboard::detect_losses(Nanoseconds window, Nanoseconds now) {
    if (rack_sent_at_ == 0) return 0;
    Nanoseconds wait = 0;
    for (u32 i = 0; i < count_; ++i) {
        Sent& record = at(i);
        if (record.is(SentFlags::Sacked)) continue;
        if (record.is(SentFlags::Lost) && !record.is(SentFlags::Resent)) continue;
        const bool is_earlier = record.sent_at < rack_sent_at_ ||
                                (record.sent_at == rack_sent_at_ && is_before(record.end, rack_end_));
        if (!is_earlier) {
            // What was sent once, and all that follows, was sent later.
            if (!record.is(SentFlags::EverResent)) break;
            continue;
        }
        const Nanoseconds due = record.sent_at + rack_round_trip_ + window;
        if (due <= now)
            mark_lost(record);
        else
            wait = std::max(wait, due - now);
    }
    return wait;
}

void Scoreboard::mark_first_lost(u32 segment_size) {
    if (count_ == 0 || first().is(SentFlags::Lost) || first().is(SentFlags::Sacked)) return;
    (void)split(first(), 1, segment_size);
    mark_lost(first());
}

void Scoreboard::mark_all_lost(Sacks sacks) {
    if (sacks == Sacks::Forgotten) {
        sacked_ = 0;
        has_highest_ = false;
    }
    for (u32 i = 0; i < count_; ++i) {
        Sent& record = at(i);
        if (sacks == Sacks::Forgotten) record.flags = record.flags & ~SentFlags::Sacked;
        if (!record.is(SentFlags::Sacked)) mark_lost(record);
    }
    lost_hint_ = 0;
}

void Scoreboard::unmark_lost() {
    for (u32 i = 0; i < count_; ++i) {
        Sent& record = at(i);
        if (record.is(SentFlags::Lost)) lost_ -= record.segments;
        if (record.is(SentFlags::Resent)) resent_ -= record.segments;
        record.flags = record.flags & ~(SentFlags::Lost | SentFlags::Resent);
    }
}

Sent* Scoreboard::next_lost() {
    if (lost_ <= resent_) return nullptr;
    for (; lost_hint_ < count_; ++lost_hint_) {
        Sent& record = at(lost_hint_);
        if (record.is(SentFlags::Lost) && !record.is(SentFlags::Resent)) return &record;
    }
    return nullptr;
}

void Scoreboard::note_resent(Sent& record, Nanoseconds now) {
    if (!record.is(SentFlags::Resent)) resent_ += record.segments;
    record.flags |= SentFlags::Resent | SentFlags::EverResent;
    record.sent_at = now;
}

void Scoreboard::clear() {
    ring_ = {};
    head_ = count_ = out_ = sacked_ = lost_ = resent_ = lost_hint_ = 0;
    has_highest_ = false;
}

}  // namespace exo::net::tcp
