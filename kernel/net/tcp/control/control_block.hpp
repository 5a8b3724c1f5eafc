// ControlBlock: one connection as RFC 9293 has it: a state machine that gets segments, bytes and the time, and gives segments to a
// SegmentSink. It takes no lock, knows no clock and no IP, so tests run pairs of them over a simulated link.
//
// Files: open.cpp (SYN), receive.cpp (segments), acknowledge.cpp (what the peer has got: congestion, losses), transmit.cpp
// (what leaves), timers.cpp, close.cpp. Owner: Connection, which serialises the calls and passes the time (monotonic, in ns).
#pragma once

#include "net/tcp/control/arrivals.hpp"
#include "net/tcp/control/cubic.hpp"
#include "net/tcp/control/scoreboard.hpp"
#include "net/tcp/control/segment.hpp"
#include "utils/error.hpp"

namespace exo::abi {
struct tcp_info;
}

namespace exo::net::tcp {

/// With Linux's numbers, which programs see.
enum class State : u8 {
    Established = 1,
    SynSent,
    SynReceived,
    FinWait1,
    FinWait2,
    TimeWait,
    Closed,
    CloseWait,
    LastAck,
    Listen,
    Closing,
};

/// Where segments go.
class SegmentSink {
  public:
    /// Sends a segment with `segment.data_size` bytes of `data` from `offset` on, cut into pieces of at most `segment_size` bytes of
    /// data. What cannot be sent is lost, as it might be on the way. Ports are the sink's part.
    virtual void send(const Segment& segment, const ByteQueue& data, u32 offset, u32 segment_size) = 0;

  protected:
    ~SegmentSink() = default;
};

/// What socket options set. Times are in ns.
struct Settings {
    bool no_delay = false;
    bool cork = false;
    bool keep_alive = false;
    bool inlines_urgent = false;
    bool has_fixed_send_buffer = false;     ///< SO_SNDBUF was set: the buffer does not grow.
    bool has_fixed_receive_buffer = false;  ///< SO_RCVBUF was set.
    u8 keep_count = 9;
    u8 syn_retries = 6;
    u8 data_retries = 15;
    u16 most_segment = 0;  ///< TCP_MAXSEG; 0: not set.
    u32 send_buffer = 16384;
    u32 receive_buffer = 131072;
    u32 receive_low_water = 1;
    u32 window_clamp = 0;  ///< 0: none.
    u32 not_sent_low_water = ~0U;
    Nanoseconds keep_idle = 7200 * SECOND;
    Nanoseconds keep_interval = 75 * SECOND;
    Nanoseconds user_timeout = 0;  ///< 0: none.
    Nanoseconds fin_timeout =
        60 * SECOND;  ///< Of an orphan in FIN-WAIT-2; ~0: none is kept (TCP_LINGER2 < 0).
};

/// What was agreed in a handshake that was answered without a control block: by a listener.
struct Handshake {
    u32 own_initial = 0;
    u32 peer_initial = 0;
    u32 timestamp_offset = 0;
    u32 peer_timestamp = 0;
    u16 peer_most_segment = DEFAULT_MSS;
    u16 own_most_segment = DEFAULT_MSS;
    u32 receive_window = 0;  ///< As the SYN-ACK announced it.
    bool has_window_scale = false;
    bool has_sack = false;
    bool has_timestamps = false;
    u8 send_scale = 0;
    u8 receive_scale = 0;
    u8 retries = 0;           ///< How often the SYN-ACK was sent again.
    Nanoseconds sent_at = 0;  ///< When the SYN-ACK left.
};

/// The window that a SYN or SYN-ACK announces, and its scale. LINUX: tcp_select_initial_window.
struct InitialWindow {
    u32 window = 0;
    u8 scale = 0;
    static InitialWindow choose(const Settings& settings, u32 segment_size);
};

/// What happened, as bits: the owner wakes those who wait.
enum class Events : u8 {
    None = 0,
    Readable = 1,
    Writable = 2,
    Changed = 4,  ///< The state has changed: connected, shut down by the peer, failed.
    Urgent = 8,
    TimeWait = 16,  ///< The connection is over; something must answer for it for a while.
    Closed = 32,    ///< Nothing will happen any more.
};
EXO_FLAGS(Events);

class ControlBlock {
  public:
    explicit ControlBlock(SegmentSink& sink) : sink_(sink) {}
    ControlBlock(const ControlBlock&) = delete;
    ControlBlock& operator=(const ControlBlock&) = delete;

    Settings settings;

    // ---- Life.

    /// Sets what the way to the peer carries. `most_segmented`: the largest IP packet that may stand for several segments; 0: none.
    void set_path(u32 mtu, u32 most_segmented);
    /// Active open. `timestamp_offset` is added to the time in timestamps.
    void connect(u32 initial_sequence, u32 timestamp_offset, Nanoseconds now);
    /// Passive open whose handshake the peer has completed; the segment that did is passed to `receive` next.
    void accept(const Handshake& handshake, Nanoseconds now);
    /// Whether a segment must be answered with a RST.
    enum class Answer : u8 { None, Reset };
    /// Processes a segment, whose data is in the packet.
    Answer receive(const Segment& segment, const Packet& data, Nanoseconds now);
    /// shutdown(SHUT_WR). Does nothing in states that have sent a FIN.
    void shut_sending(Nanoseconds now);
    /// Whether shutdown(SHUT_RD) was called: no more data is wanted.
    void shut_receiving() { is_receiving_shut_ = true; }
    /// close(2): nobody will read or write any more. `resets`: SO_LINGER with time 0.
    enum class Closing : u8 { Orderly, Reset };
    void close(Closing how, Nanoseconds now);
    /// Ends the connection at once, with a RST where the peer must know.
    void abort(Nanoseconds now);
    /// An ICMP error about a segment of this connection with that sequence number.
    void fail(Error error, bool is_fatal, u32 sequence, Nanoseconds now);
    /// A router said that packets of this size pass at most.
    void path_shrank(u32 mtu, u32 sequence, Nanoseconds now);

    // ---- Bytes.

    bool may_send() const {
        return (state_ == State::Established || state_ == State::CloseWait) && !has_fin_;
    }
    /// The bytes that still fit into the send buffer.
    u32 send_room() const {
        return settings.send_buffer > queue_.size() ? settings.send_buffer - queue_.size() : 0;
    }
    /// Bytes that were not acknowledged, or not sent yet.
    u32 unacknowledged() const { return queue_.size(); }
    u32 unsent() const { return is_before(next_, write_end_) ? write_end_ - next_ : 0; }
    /// Appends bytes to what is to be sent. Errors: Enomem.
    Result<> append(Slice slice);
    /// Sends what may be sent. More: the caller has more to come (MSG_MORE).
    enum class More : u8 { No, Yes };
    void push(More more, Nanoseconds now);
    /// Marks the last byte that was appended as urgent (MSG_OOB).
    void mark_urgent();

    Arrivals& arrivals() { return arrivals_; }
    u32 readable() const { return arrivals_.readable(); }
    /// Removes bytes that the program has read, and tells the peer of the room where that matters.
    void consume(u32 bytes, Nanoseconds now);
    /// The end of what the peer sends was received, in order.
    bool is_peer_done() const { return has_peer_fin_; }
    bool is_receiving_shut() const { return is_receiving_shut_; }
    bool is_sending_shut() const { return has_fin_; }

    // ---- Urgent data.

    /// Where the urgent byte is, counted from the next byte to be read; nothing: there is none.
    std::optional<u32> urgent_distance() const;
    bool has_urgent_byte() const { return has_urgent_byte_; }
    u8 urgent_byte() const { return urgent_byte_; }
    void take_urgent_byte() {
        has_urgent_byte_ = false;
        was_urgent_taken_ = true;
    }
    /// Whether the urgent byte has been read by MSG_OOB.
    bool was_urgent_taken() const { return was_urgent_taken_; }
    /// Whether the next byte to be read is the urgent one (SIOCATMARK).
    bool is_at_mark() const { return has_urgent_mark_ && urgent_position_ == read_position(); }
    void pass_mark() { has_urgent_mark_ = false; }
    bool has_urgent_mark() const { return has_urgent_mark_; }

    // ---- Time.

    /// When run_timers must be called; ~0: never.
    Nanoseconds next_deadline() const { return std::min({retransmit_at_, acknowledge_at_, keep_at_}); }
    void run_timers(Nanoseconds now);
    /// TCP_QUICKACK.
    void set_quick_ack(bool is_quick, Nanoseconds now);
    bool is_quick() const { return !is_ping_pong(); }
    /// An option has changed that may let something leave, or start a timer.
    void settings_changed(Nanoseconds now);

    // ---- What it is.

    State state() const { return state_; }
    /// Whether the handshake is over.
    bool is_synchronized() const {
        return state_ != State::SynSent && state_ != State::SynReceived && state_ != State::Closed &&
               state_ != State::Listen;
    }
    Events take_events() { return std::exchange(events_, Events::None); }
    /// The pending error; none: {}.
    Error error() const { return error_; }
    Error take_error() { return std::exchange(error_, Error{}); }
    /// The last error that did not end the connection (ICMP).
    Error soft_error() const { return soft_error_; }
    void describe(abi::tcp_info& info, Nanoseconds now) const;
    u32 segment_size() const { return bounded_segment_size(); }
    /// For TIME-WAIT, /proc/net/tcp and tests.
    u32 send_next() const { return next_; }
    u32 send_unacknowledged() const { return una_; }
    u32 receive_next() const { return receive_next_; }
    u32 send_window() const { return send_window_; }
    u32 receive_window() const;
    u8 receive_scale() const { return receive_scale_; }
    bool has_timestamps() const { return has_timestamps_; }
    bool has_sack() const { return has_sack_; }
    u32 recent_timestamp() const { return recent_timestamp_; }
    u32 timestamp_offset() const { return timestamp_offset_; }
    u32 timestamp(Nanoseconds now) const { return static_cast<u32>(now / MILLISECOND) + timestamp_offset_; }
    const Cubic& congestion() const { return congestion_; }
    const RoundTrip& round_trip() const { return round_trip_; }
    const Scoreboard& scoreboard() const { return board_; }
    u32 retransmissions() const { return total_resent_; }
    u8 timer_kind() const;
    u8 retries() const { return retries_; }
    u8 probes() const { return probes_; }
    Nanoseconds retransmit_at() const { return retransmit_at_; }
    Nanoseconds keep_at() const { return keep_at_; }
    bool is_orphan() const { return is_orphan_; }

  private:
    static constexpr Nanoseconds NEVER = ~Nanoseconds{0};
    /// LINUX: TCP_DELACK_MIN and MAX, TCP_ATO_MIN.
    static constexpr Nanoseconds LEAST_DELAY = 40 * MILLISECOND;
    static constexpr Nanoseconds MOST_DELAY = 200 * MILLISECOND;
    /// LINUX: net.ipv4.tcp_invalid_ratelimit.
    static constexpr Nanoseconds CHALLENGE_INTERVAL = 500 * MILLISECOND;
    static constexpr u32 MOST_QUICK_ACKS = 16;
    static constexpr u32 DUPLICATES = 3;

    enum class Timer : u8 { None, Retransmit, Probe, Tail, Reordering };
    enum class Acceptance : u8 { Invalid, Old, Good };
    enum class Recovery : u8 { Open = 0, Disorder = 1, Reduced = 2, Recovery = 3, Loss = 4 };

    // open.cpp
    void send_syn(Nanoseconds now);
    void send_syn_ack(Nanoseconds now);
    void take_options(const Segment& segment, Nanoseconds now);
    Answer receive_in_syn_sent(const Segment& segment, const Packet& data, Nanoseconds now);
    void become_established(Nanoseconds now);
    void set_segment_sizes();
    void expand_send_buffer();

    // receive.cpp
    bool validate(const Segment& segment, Nanoseconds now);
    bool is_in_window(const Segment& segment) const;
    bool is_old_timestamp(const Segment& segment, Nanoseconds now) const;
    bool is_within_rate(Nanoseconds now);
    void send_challenge(Nanoseconds now);
    void answer_duplicate(const Segment& segment, Nanoseconds now);
    void receive_reset(Nanoseconds now);
    Answer process_ack_by_state(const Segment& segment, Acceptance acceptance, Nanoseconds now);
    Answer receive_text(const Segment& segment, const Packet& data, Nanoseconds now);
    void receive_urgent(const Segment& segment, const Packet& data);
    void receive_fin(Nanoseconds now);
    void note_timestamp(const Segment& segment, Nanoseconds now);
    void note_data(const Segment& segment, u32 piece, Nanoseconds now);
    void grow_window();
    void adjust_receive_buffer(Nanoseconds now);
    void measure_receive_rtt(const Segment& segment, Nanoseconds now);
    void consider_ack(Nanoseconds now);
    void set_duplicate(SequenceRange range);
    u64 position_of(u32 sequence) const {
        return arrivals_.next() +
               static_cast<u64>(static_cast<i64>(static_cast<i32>(sequence - text_next())));
    }
    u32 sequence_of(u64 position) const {
        return text_next() + static_cast<u32>(position - arrivals_.next());
    }
    /// The sequence number behind the last byte in order: a FIN takes one more.
    u32 text_next() const { return receive_next_ - (has_peer_fin_ ? 1 : 0); }
    u64 read_position() const { return arrivals_.next() - arrivals_.readable(); }

    // acknowledge.cpp
    Acceptance process_acknowledgement(const Segment& segment, Nanoseconds now);
    bool update_window(const Segment& segment);
    bool process_sacks(const Segment& segment, u32 previous_una, Nanoseconds now, Delivery& delivery);
    void take_acknowledged(u32 acknowledgement, Nanoseconds now, Delivery& delivery);
    void process_tail_probe(const Segment& segment, bool has_duplicate);
    void count_duplicates(const Segment& segment, u32 previous_una, bool has_news);
    void recover(const Segment& segment, const Delivery& delivery, u32 previous_una, Nanoseconds now);
    void leave_recovery();
    void enter_recovery(Nanoseconds now);
    void enter_loss(Nanoseconds now);
    void undo_reduction();
    bool was_spurious(const Segment& segment) const;
    void reduce_proportionally(u32 delivered, bool has_advanced, bool has_new_losses);
    Nanoseconds reordering_window() const;
    void detect_losses(Nanoseconds now);
    bool is_window_limited() const;

    // transmit.cpp
    enum class Nagle : u8 { Normal, Push };
    u32 current_segment_size() const;
    u32 bounded_segment_size() const;
    u32 receive_space() const;
    u32 full_space() const;
    u32 compute_window();
    u16 select_window();
    void fill_header(Segment& segment, Nanoseconds now);
    void add_sacks(Segment& segment);
    void send_acknowledgement(Nanoseconds now);
    void send_pure(u32 sequence, SegmentFlags flags, Nanoseconds now);
    void send_range(u32 start, u32 end, Nanoseconds now);
    bool write_out(Nagle nagle, Nanoseconds now);
    bool send_next_segment(Nagle nagle, Nanoseconds now);
    bool may_send_small(u32 length, Nagle nagle) const;
    void resend_lost(Nanoseconds now);
    void resend(Sent& record, Nanoseconds now);
    void send_reset(Nanoseconds now);
    void note_sent_data(Nanoseconds now);
    bool send_probe_data(Nanoseconds now);
    bool is_ping_pong() const { return ping_pong_ >= 3; }
    bool is_in_quick_mode() const { return quick_acks_ != 0 && !is_ping_pong(); }
    void enter_quick_mode(u32 most);
    void delay_ack(Nanoseconds now);
    u32 fin_sequence() const { return write_end_; }
    bool has_sent_fin() const { return has_fin_ && is_after(next_, write_end_); }

    // timers.cpp
    void arm_retransmission(Nanoseconds now);
    void arm_tail_probe(Nanoseconds now);
    void check_probe_timer(Nanoseconds now);
    void run_retransmission(Nanoseconds now);
    void run_probe(Nanoseconds now);
    void run_tail_probe(Nanoseconds now);
    void run_keep_alive(Nanoseconds now);
    void run_handshake(Nanoseconds now);
    void start_keep_timer(Nanoseconds now);
    Nanoseconds backed_off() const;
    bool have_retries_passed(u32 boundary, Nanoseconds limit, Nanoseconds now) const;
    void give_up(Nanoseconds now);
    Nanoseconds idle_time(Nanoseconds now) const { return now - later(received_at_, data_received_at_); }
    static Nanoseconds later(Nanoseconds a, Nanoseconds b) { return std::max(a, b); }

    // close.cpp
    void set_state(State state);
    void finish(Error error);
    void enter_time_wait(Nanoseconds now);
    void enter_fin_wait_2(Nanoseconds now);

    void note(Events events) { events_ |= events; }

    SegmentSink& sink_;
    State state_ = State::Closed;
    Events events_ = Events::None;
    Error error_{};
    Error soft_error_{};
    bool is_orphan_ = false;
    bool is_receiving_shut_ = false;

    // Path and sizes.
    u32 mtu_ = 1500;
    u32 most_segmented_ = 0;
    u32 segment_size_ = DEFAULT_MSS;  ///< Of data, options of every segment taken off.
    u16 announced_segment_ = DEFAULT_MSS;
    u16 peer_segment_ = DEFAULT_MSS;
    bool has_timestamps_ = false;
    bool has_sack_ = false;
    bool has_scale_ = false;
    u8 send_scale_ = 0;
    u8 receive_scale_ = 0;
    u32 timestamp_offset_ = 0;
    u32 recent_timestamp_ = 0;
    Nanoseconds recent_timestamp_at_ = 0;

    // Sending.
    ByteQueue queue_;  ///< What was not acknowledged yet, and what follows.
    Scoreboard board_;
    u32 initial_ = 0;
    u32 una_ = 0;
    u32 next_ = 0;
    u32 write_end_ = 0;   ///< Behind the last byte of the queue. The FIN has this number.
    u32 data_start_ = 0;  ///< Of the first byte of the queue.
    u32 send_window_ = 0;
    u32 largest_window_ = 0;
    u32 window_update_ = 0;  ///< The sequence number of the segment that told the window last (SND.WL1).
    u32 small_end_ = 0;      ///< Behind the last segment that was not full (Minshall).
    u32 urgent_end_ = 0;
    bool has_urgent_ = false;
    bool has_fin_ = false;
    bool is_fin_acknowledged_ = false;
    Nanoseconds sent_at_ = 0;  ///< When data was sent last.
    u32 total_resent_ = 0;
    u64 bytes_acknowledged_ = 0;

    // Congestion and losses.
    Cubic congestion_;
    RoundTrip round_trip_;
    Recovery recovery_ = Recovery::Open;
    u32 recovery_end_ = 0;
    u32 prior_window_ = 0;
    u32 prior_threshold_ = 0;
    u32 undo_mark_ = 0;
    bool may_undo_ = false;
    u32 undo_resent_ = 0;
    u32 resent_timestamp_ = 0;  ///< In the first segment that was sent again in this episode; 0: none was.
    u32 prr_delivered_ = 0;
    u32 prr_out_ = 0;
    u32 duplicates_ = 0;
    bool has_seen_reordering_ = false;
    u8 reordering_steps_ = 1;
    bool is_window_full_ = false;  ///< The congestion window kept data back.
    u32 most_in_flight_ = 0;
    u32 flight_mark_ = 0;  ///< most_in_flight_ is anew once this is acknowledged.
    u32 tail_end_ = 0;     ///< Of the tail loss probe that is out.
    bool has_tail_probe_ = false;

    // Receiving.
    Arrivals arrivals_;
    u32 peer_initial_ = 0;
    u32 receive_next_ = 0;
    u32 window_base_ = 0;  ///< RCV.NXT as the window was last announced.
    u32 announced_window_ = 0;
    u32 window_threshold_ = 0;  ///< LINUX: rcv_ssthresh.
    u32 window_clamp_ = 0;
    u32 peer_segment_seen_ = DEFAULT_MSS;
    bool has_peer_fin_ = false;
    bool has_duplicate_ = false;
    SequenceRange duplicate_;
    bool has_fin_ahead_ = false;
    u64 fin_position_ = 0;
    u64 bytes_received_ = 0;
    Nanoseconds received_at_ = 0;
    Nanoseconds data_received_at_ = 0;
    // Acknowledging. LINUX: icsk_ack.
    bool is_ack_pending_ = false;
    bool must_ack_now_ = false;
    bool has_pushed_ = false;
    u8 quick_acks_ = 0;
    u8 ping_pong_ = 0;
    Nanoseconds ack_delay_ = 0;
    Nanoseconds challenged_at_ = 0;
    // Growth of the receive buffer.
    Nanoseconds receive_rtt_ = 0;
    u32 receive_rtt_sequence_ = 0;
    Nanoseconds receive_rtt_at_ = 0;
    u32 receive_rtt_echo_ = 0;
    u64 space_position_ = 0;
    u32 space_ = 0;
    Nanoseconds space_at_ = 0;
    // Urgent data.
    bool has_urgent_mark_ = false;
    bool has_urgent_byte_ = false;
    bool was_urgent_taken_ = false;
    u8 urgent_byte_ = 0;
    u64 urgent_position_ = 0;

    // Timers.
    Timer timer_ = Timer::None;
    Nanoseconds retransmit_at_ = NEVER;
    Nanoseconds acknowledge_at_ = NEVER;
    Nanoseconds keep_at_ = NEVER;
    u8 retries_ = 0;
    u8 backoff_ = 0;
    u8 probes_ = 0;
    Nanoseconds first_resent_at_ = 0;  ///< When the first of the present timeouts' segments was sent.
    Nanoseconds probing_since_ = 0;
    u32 segments_out_ = 0;
    u32 segments_in_ = 0;
    u32 data_segments_out_ = 0;
    u32 data_segments_in_ = 0;
    u64 bytes_sent_ = 0;
    u64 bytes_resent_ = 0;
    Nanoseconds ack_sent_at_ = 0;
    u32 duplicates_reported_ = 0;
};

}  // namespace exo::net::tcp
