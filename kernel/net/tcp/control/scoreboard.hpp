// Scoreboard: the segments that were sent and not acknowledged yet, in order, and what is known of each: when it was sent last,
// whether it arrived (SACK, RFC 2018), is lost (RFC 8985, RFC 6675) or was sent again.
//
// A record may stand for several segments that left as one packet; a SACK block that covers a part splits it. The counts are
// those of Linux: in_flight = out - sacked - lost + resent.
#pragma once

#include "net/tcp/control/rtt.hpp"
#include "net/tcp/control/sequence.hpp"
#include "utils/flags.hpp"
#include "utils/vector.hpp"

namespace exo::net::tcp {

enum class SentFlags : u16 {
    None = 0,
    Sacked = 1,
    Lost = 2,
    Resent = 4,      ///< Sent again since it was found lost, and that copy is not lost yet.
    EverResent = 8,  ///< An acknowledgement does not say of which copy (Karn's rule).
};
EXO_FLAGS(SentFlags);

struct Sent {
    u32 start = 0;
    u32 end = 0;
    Nanoseconds sent_at = 0;
    u16 segments = 1;
    SentFlags flags = SentFlags::None;

    bool is(SentFlags flag) const { return has(flags, flag); }
    u32 size() const { return end - start; }
};
static_assert(sizeof(Sent) == 24);

/// What one acknowledgement has told.
struct Delivery {
    u32 acknowledged = 0;        ///< Segments below the acknowledgement number.
    u32 sacked = 0;              ///< Segments above it that are new in SACK blocks.
    Nanoseconds round_trip = 0;  ///< Of a segment that was sent once; 0: no sample.
    bool has_resent = false;     ///< Data that was sent again was acknowledged.
    bool is_reordered = false;   ///< A segment that was sent once arrived behind later ones.
    bool has_original = false;   ///< A segment that was sent once was acknowledged.
    u32 delivered() const { return acknowledged + sacked; }
};

class Scoreboard {
  public:
    u32 out() const { return out_; }
    u32 sacked() const { return sacked_; }
    u32 lost() const { return lost_; }
    u32 resent() const { return resent_; }
    u32 in_flight() const { return out_ + resent_ - std::min(out_ + resent_, sacked_ + lost_); }
    bool is_empty() const { return count_ == 0; }
    u32 record_count() const { return count_; }
    Sent& first() { return at(0); }
    Sent& last() { return at(count_ - 1); }
    Sent& record(u32 index) { return at(index); }
    /// The index of the record with `sequence`, which lies inside of what is out.
    u32 index_of(u32 sequence) { return find(sequence); }

    /// Adds what was sent for the first time. Errors: Enomem.
    Result<> add(u32 start, u32 end, u32 segments, Nanoseconds now);
    /// Room for one more record. Errors: Enomem.
    Result<> reserve() { return count_ == ring_.size() ? grow() : Result<>(); }
    /// Removes what is below `una`.
    void acknowledge(u32 una, u32 segment_size, Nanoseconds now, Delivery& delivery);
    /// Notes a SACK block, which lies inside of what is out. Returns false: it brought nothing new.
    bool sack(SequenceRange block, u32 segment_size, Nanoseconds now, Delivery& delivery);

    /// Marks what must be lost as later segments arrived (RFC 8985, section 6.2 step 5). Returns when to look again; 0: no need.
    Nanoseconds detect_losses(Nanoseconds window, Nanoseconds now);
    /// Marks the first record's first segment as lost: duplicate acknowledgements without SACK.
    void mark_first_lost(u32 segment_size);
    /// Marks everything that did not arrive as lost (a timeout). With `forgets_sacks`, also what did.
    enum class Sacks : u8 { Kept, Forgotten };
    void mark_all_lost(Sacks sacks);
    /// Takes back what mark_* said: the losses were none.
    void unmark_lost();
    /// The first record that is lost and was not sent again; null: none.
    Sent* next_lost();
    /// Cuts a record so that it has at most `segments` segments.
    Result<> split(Sent& record, u32 segments, u32 segment_size);
    void note_resent(Sent& record, Nanoseconds now);
    /// Counts segments that duplicate acknowledgements stand for, where the peer has no SACK.
    void set_guessed_sacked(u32 segments) { sacked_ = std::min(segments, out_ > 1 ? out_ - 1 : 0); }
    void clear();

    /// The highest sequence number that was sacked.
    bool has_highest_sacked() const { return has_highest_; }
    u32 highest_sacked() const { return highest_sacked_; }
    Nanoseconds rack_round_trip() const { return rack_round_trip_; }

  private:
    static constexpr u32 MOST_RECORDS = 16384;
    Sent& at(u32 index) { return ring_.data()[(head_ + index) & (ring_.size() - 1)]; }
    Result<> grow();
    Result<> split_at(u32 index, u32 sequence, u32 segment_size);
    u32 find(u32 sequence);
    void mark_lost(Sent& record);
    void note_delivered(const Sent& record, Nanoseconds now, Delivery& delivery);
    void pop_first();

    Vector<Sent> ring_;
    u32 head_ = 0;
    u32 count_ = 0;
    u32 out_ = 0;
    u32 sacked_ = 0;
    u32 lost_ = 0;
    u32 resent_ = 0;
    u32 lost_hint_ = 0;  ///< No record before it, counted from the first, is lost and waits.
    bool has_highest_ = false;
    u32 highest_sacked_ = 0;
    // The segment that was sent last among those that arrived (RFC 8985: RACK.xmit_ts, end_seq, rtt).
    Nanoseconds rack_sent_at_ = 0;
    u32 rack_end_ = 0;
    Nanoseconds rack_round_trip_ = 0;
    Nanoseconds least_round_trip_ = ~Nanoseconds{0};
};

}  // namespace exo::net::tcp
