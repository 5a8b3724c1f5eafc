// Connection: a control block with its lock, its place in the table of flows, its way through IP and those who wait for it. A socket
// uses it through `with`; it outlives the socket until the peer has everything.
//
// Locking: one spin lock (rank NetworkFlow), held while the control block works and while IP sends. Waiters are woken without it.
#pragma once

#include "net/ip/output.hpp"
#include "net/link/activity.hpp"
#include "net/tcp/control/control_block.hpp"
#include "net/tcp/flow_table.hpp"
#include "net/tcp/ports.hpp"
#include "scheduler/wait_queue.hpp"

namespace exo::net::tcp {

/// What the IP header of a connection's packets says, besides the addresses.
struct IpFields {
    u8 ttl = DEFAULT_TTL;
    u8 tos = 0;
    Fragmenting fragmenting = Fragmenting::Forbidden;
    const Interface* interface = nullptr;  ///< SO_BINDTODEVICE.
};

/// The queues of those who wait for a socket. They live as long as the socket, whichever connection it has.
class SocketQueues final : public Object {
  public:
    scheduler::WaitQueue readable;
    scheduler::WaitQueue writable;
    /// The socket's inode and owner, for /proc/net/tcp; 0: the socket is closed.
    std::atomic<u64> inode_number{0};
    std::atomic<u32> owner{0};
};

class Connection final : public FlowEntry, private SegmentSink {
  public:
    /// Active open: chooses a port unless `port` is given, adds the connection to the table and sends the SYN. Errors: Eaddrnotavail,
    /// Eaddrinuse, Enomem, those of find_route and send_ip's refusals.
    static Result<Ref<Connection>> open(Endpoint local, Endpoint remote, Ref<PortHold> port,
                                        const PortHold::Request& request, const Settings& settings,
                                        const IpFields& fields, Ref<SocketQueues> queues);
    /// Passive open, of a handshake that the peer has completed. The connection is in no table yet. Errors: Enomem.
    static Result<Ref<Connection>> accept(const Flow& flow, Ref<PortHold> port, const Handshake& handshake,
                                          const Settings& settings, const IpFields& fields);
    Connection(const Flow& flow, Ref<PortHold> port, const IpFields& fields, Ref<SocketQueues> queues);
    ~Connection() override;

    void receive(const Segment& segment, PacketPtr packet) override;
    void run_timers(Nanoseconds now) override;

    /// Calls work(ControlBlock&, now) with the lock, and afterwards wakes whom the change concerns. Returns its result. The caller holds
    /// no spin lock.
    template <class Work> auto with(Work work) {
        const Activity activity;
        Settled settled;
        auto block = block_.lock();
        if constexpr (std::is_void_v<std::invoke_result_t<Work, ControlBlock&, Nanoseconds>>) {
            work(*block, time::monotonic());
            settled = settle(*block);
            block.unlock();
            conclude(settled);
        } else {
            auto result = work(*block, time::monotonic());
            settled = settle(*block);
            block.unlock();
            conclude(settled);
            return result;
        }
    }
    /// Calls look(ControlBlock&) with the lock: work that sends nothing and changes nothing that others wait for.
    template <class Look> auto look(Look look_at) {
        const auto block = block_.lock();
        return look_at(*block);
    }
    const Ref<SocketQueues>& queues() const { return queues_; }
    /// Asks for a wake-up as soon as is_writable holds. Called inside `look` by those who found no room. LINUX: SOCK_NOSPACE.
    void want_room() { wants_room_ = true; }

    void set_ip_fields(const IpFields& fields) {
        const auto block = block_.lock();
        fields_ = fields;
        has_route_ = false;
    }
    /// Whether the send buffer has enough room that poll says so. LINUX: sk_stream_is_writeable.
    static bool is_writable(const ControlBlock& block) {
        return block.send_room() >= block.unacknowledged() / 2 && block.send_room() != 0 &&
               block.unsent() < block.settings.not_sent_low_water;
    }
    const Ref<PortHold>& port() const { return port_; }
    /// The socket is closed; the connection goes on by itself, and nobody pays for its memory. Returns false if there are too many
    /// such connections: the caller resets it. LINUX: net.ipv4.tcp_max_orphans.
    bool become_orphan();
    /// An ICMP error about a segment of the connection.
    void fail(Error error, bool is_fatal, u32 mtu, u32 sequence);

    /// In a listener's accept queue, which holds a reference.
    ListNode accept_link;

  private:
    struct Settled {
        Events events = Events::None;
        bool is_writable = false;
        bool must_leave = false;
    };
    void send(const Segment& segment, const ByteQueue& data, u32 offset, u32 segment_size) override;
    Result<> find_way();
    Settled settle(ControlBlock& block);
    void conclude(Settled settled) {
        if (settled.events != Events::None) conclude_events(settled);
    }
    void conclude_events(Settled settled);
    void leave(ControlBlock& block, bool waits);

    sync::SpinLocked<ControlBlock, sync::LockRank::NetworkFlow> block_;
    // Guarded by the lock.
    Ref<PortHold> port_;
    IpFields fields_;
    Route route_{};
    bool has_route_ = false;
    u32 route_generation_ = 0;
    Error route_error_{};
    bool wants_room_ = false;
    bool is_counted_orphan_ = false;  ///< Written by the socket's destructor only.

    const Ref<SocketQueues> queues_;
};

/// What answers for a connection that is over (RFC 9293, section 3.6.1; RFC 6191).
class TimeWait final : public FlowEntry {
  public:
    static constexpr Nanoseconds LENGTH = 60 * SECOND;

    TimeWait(const Flow& flow, Ref<PortHold> port, const IpFields& fields, const ControlBlock& block,
             Nanoseconds now);
    ~TimeWait() override;
    /// Whether there may be one more. LINUX: net.ipv4.tcp_max_tw_buckets: beyond it, connections end without TIME-WAIT.
    static bool has_room();
    void receive(const Segment& segment, PacketPtr packet) override;
    void run_timers(Nanoseconds now) override;
    /// Whether a new connection may take the flow over. LINUX: tcp_twsk_unique, for loopback only (net.ipv4.tcp_tw_reuse = 2).
    bool yields_to_active_open(Nanoseconds now);
    u32 next_initial_sequence() const { return send_next_ + 65535 + 2; }
    Nanoseconds ends_at() { return state_.lock()->ends_at; }

  private:
    enum class Action : u8 { None, Acknowledge, Kill, Reopen };
    struct State {
        u32 recent_timestamp = 0;
        Nanoseconds recent_at = 0;
        Nanoseconds ends_at = 0;
        Nanoseconds answered_at = 0;
    };
    Action decide(State& state, const Segment& segment, Nanoseconds now);

    Ref<PortHold> port_;
    IpFields fields_;
    u32 send_next_;
    u32 receive_next_;
    u32 window_;
    u8 scale_;
    u32 timestamp_offset_;
    bool has_timestamps_;
    sync::SpinLocked<State, sync::LockRank::NetworkFlow> state_;
};

/// Sends a segment that has no connection: a RST, a SYN-ACK, an acknowledgement in TIME-WAIT. Failures do not matter.
void send_alone(const Flow& flow, const Segment& segment, const IpFields& fields);
/// Answers a segment that nobody wants (RFC 9293, section 3.10.7.1).
void send_reset_for(const Flow& flow, const Segment& segment);
/// A SYN, or whatever else, for a flow without an entry. `initial`: the sequence number to begin with; 0: any.
void receive_without_flow(const Flow& flow, const Segment& segment, PacketPtr packet, u32 initial);

}  // namespace exo::net::tcp
