// Listener: a port that takes connections: handshakes under way (the SYN queue), and connections that wait for accept(2).
//
// Locking: one spin lock (rank NetworkFlow), never held together with a connection's.
#pragma once

#include "net/tcp/connection.hpp"
#include "net/tcp/control/handshake.hpp"

namespace exo::net::tcp {

/// LINUX: net.core.somaxconn, net.ipv4.tcp_synack_retries.
inline constexpr u32 MOST_BACKLOG = 4096;
inline constexpr u8 SYN_ACK_RETRIES = 5;

class Listener final : public Object {
  public:
    /// Starts to listen. Errors: Eaddrinuse, Enomem.
    static Result<Ref<Listener>> start(Ref<PortHold> port, u32 backlog, const Settings& settings,
                                       const IpFields& fields, Ref<SocketQueues> queues);
    Listener(Ref<PortHold> port, u32 backlog, const Settings& settings, const IpFields& fields,
             Ref<SocketQueues> queues);
    ~Listener() override;

    void set_backlog(u32 backlog) { state_.lock()->backlog = std::min(backlog, MOST_BACKLOG); }
    u32 backlog() { return state_.lock()->backlog; }
    void set_settings(const Settings& settings, const IpFields& fields);
    /// TCP_DEFER_ACCEPT, in seconds as the program gave it; returns it rounded as Linux does.
    void set_defer_accept(u32 seconds);
    u32 defer_accept();
    static u32 rounded_defer_accept(u32 seconds);
    /// Takes the oldest connection. Errors: Eagain, Einval (closed).
    Result<Ref<Connection>> take();
    /// How many wait.
    u32 waiting() const { return waiting_.load(std::memory_order_seq_cst); }
    /// Ends listening: handshakes are dropped, and connections that wait are reset.
    void close();

    Endpoint local() const { return port_->local(); }
    const Ref<SocketQueues>& queues() const { return queues_; }
    const PortHold& port() const { return *port_; }
    const Interface* interface() const { return interface_.load(std::memory_order_relaxed); }

    /// Processes a segment of a flow without an entry. `initial`: the sequence number to begin with; 0: any.
    void receive(const Flow& flow, const Segment& segment, PacketPtr packet, u32 initial);

    ListNode link;  ///< In the list of listeners: guarded by its lock.

  private:
    friend class HandshakeEntry;
    struct State {
        Settings settings;
        IpFields fields;
        u32 backlog = 0;
        u32 connections = 0;  ///< That wait, or are about to.
        u32 handshakes = 0;
        u8 defer_retries = 0;
        bool is_open = true;
        Nanoseconds cookies_until = 0;
        List<Connection, &Connection::accept_link> queue;
    };
    void receive_syn(const Flow& flow, const Segment& segment, u32 initial);
    bool complete_cookie(const Flow& flow, const Segment& segment, PacketPtr& packet);
    /// Makes a connection of a handshake in the place of `entry`, which may be null, and queues it. Returns false: not now.
    bool complete(const Flow& flow, FlowEntry* entry, const Handshake& handshake, const Segment& segment,
                  PacketPtr packet);
    void forget_handshake() { --state_.lock()->handshakes; }

    Ref<PortHold> port_;
    std::atomic<const Interface*> interface_;
    std::atomic<u32> waiting_{0};
    sync::SpinLocked<State, sync::LockRank::NetworkFlow> state_;
    const Ref<SocketQueues> queues_;
};

/// A handshake that a listener has answered and the peer has not completed.
class HandshakeEntry final : public FlowEntry {
  public:
    HandshakeEntry(const Flow& flow, Ref<Listener> listener, const Handshake& handshake)
        : FlowEntry(Kind::Handshake, flow),
          listener_(std::move(listener)),
          state_(State{handshake, 0, false}) {}
    void receive(const Segment& segment, PacketPtr packet) override;
    void run_timers(Nanoseconds now) override;
    /// The peer cannot be reached.
    void fail(u32 sequence);
    void send_syn_ack(Nanoseconds now);
    const Listener& listener() const { return *listener_; }
    Handshake handshake() { return state_.lock()->handshake; }

  private:
    struct State {
        Handshake handshake;
        Nanoseconds answered_at = 0;
        bool is_acknowledged = false;  ///< The peer's acknowledgement came, and was not taken yet.
    };
    void complete(const Handshake& handshake, const Segment& segment, PacketPtr packet);
    void drop();

    Ref<Listener> listener_;
    sync::SpinLocked<State, sync::LockRank::NetworkFlow> state_;
};

/// The listener for a local endpoint; among several with SO_REUSEPORT, the one that `hash` chooses. Null: there is none.
Ref<Listener> find_listener(Endpoint local, const Interface* interface, u32 hash);
void for_each_listener(FunctionRef<void(Listener&)> visit);

}  // namespace exo::net::tcp
