// UnixEnd: one end of Unix sockets' traffic: the queue of packets that have come, and whom it is connected to (unix(7)). The open file
// is a UnixSocket; packets and peers hold the end, not the file, so that a close is seen by them.
//
// Locking: each end has one sleeping lock (rank Socket), held while bytes are copied to a program: the fault path takes only locks of a
// higher rank. No two ends are locked at a time. Who waits, waits without the lock, on a condition that is kept in atomics.
#pragma once

#include "ipc/unix/packet.hpp"
#include "scheduler/mutex.hpp"

namespace exo::ipc {

/// What a call of send needs beside the message.
struct SendContext {
    Wait wait;
    u32 send_buffer;                 ///< SO_SNDBUF
    bool tells_credentials = false;  ///< SO_PASSCRED of the sender.
    abi::ucred self{};
    Ref<security::UserRecord> payer;
    u64 most_in_flight =
        0;  ///< Of the user's capabilities (RLIMIT_NOFILE; ~0 with the privilege to pass more).
};

class UnixEnd final : public Object {
  public:
    enum class Phase : u8 { Fresh, Listening, Connected };
    using Type = abi::SocketType;

    explicit UnixEnd(Type type) : type_(type) {}
    ~UnixEnd() override;

    Type type() const { return type_; }
    bool has_connections() const { return type_ != Type::Dgram; }
    Phase phase() const { return phase_.load(std::memory_order_acquire); }
    bool is_shut(Shut direction) const { return has(shut_.load(std::memory_order_seq_cst), direction); }

    // ---- Names.

    Ref<UnixAddress> address();
    /// Errors: Einval (it has one).
    Result<> set_address(Ref<UnixAddress> address);
    Ref<UnixEnd> peer();

    // ---- Connections (unix_connect.cpp).

    /// Two ends become each other's peers, before anybody else has them.
    static void connect_pair(UnixEnd& one, UnixEnd& other, const abi::ucred& credentials);
    /// Errors: Einval (without an address, or connected), Eopnotsupp.
    Result<> listen(u32 backlog, const abi::ucred& self);
    /// Connects to `listener`. Errors: Econnrefused (it does not listen), Eisconn, Einval (listens itself), Eagain, Enomem, Eintr,
    /// RestartSys; Estale: the listener was closed meanwhile, and is to be looked for again.
    Result<> connect_to_listener(UnixEnd& listener, Wait wait, const abi::ucred& self);
    /// A datagram socket's peer; null: none any more. Errors: Eperm (the peer takes packets from its own peer only).
    Result<> set_peer(Ref<UnixEnd> peer);
    /// Errors: Einval (does not listen, or is shut), Eagain, Eintr, RestartSys.
    Result<Ref<UnixEnd>> accept(Wait wait);
    void shut_down(Shut directions);
    /// The socket was closed. A peer with connections learns whether it has sent what nobody read; that of a connection that nobody has
    /// accepted always does.
    enum class Unread : u8 { ResetsIfThere, AlwaysResets };
    void close(Unread unread_counts = Unread::ResetsIfThere);
    /// SO_PEERCRED.
    abi::ucred peer_credentials();

    // ---- Traffic (unix_send.cpp, unix_receive.cpp).

    /// Errors: Enotconn, Eisconn, Eopnotsupp, Epipe, Eagain, Efault, Enomem, Etoomanyrefs, Econnreset, Eintr, RestartSys.
    Result<usize> send_stream(vm::InBuffer& data, Message& message, const SendContext& context);
    /// To `receiver`, or to the peer if that is null. Errors: also Emsgsize, Econnrefused (the receiver was closed; Estale if it was given),
    /// Eperm.
    Result<usize> send_packet(vm::InBuffer& data, Message& message, const SendContext& context,
                              Ref<UnixEnd> receiver);
    struct ReceiveContext {
        Wait wait;
        bool wants_credentials = false;  ///< SO_PASSCRED of the receiver.
        usize low_water = 1;
    };
    /// Errors: Einval or Enotconn (not connected), Eagain, Efault, Econnreset, Eintr, RestartSys.
    Result<usize> receive_stream(vm::OutBuffer& data, Message& message, const ReceiveContext& context);
    Result<usize> receive_packet(vm::OutBuffer& data, Message& message, const ReceiveContext& context);

    /// A packet of this end's was destroyed.
    void give_back(u32 charge);
    fs::PollEvents poll(fs::PollTable* table, u32 send_buffer);
    i32 take_error() { return error_.exchange(0, std::memory_order_seq_cst); }
    void set_error(Error error) { error_.store(static_cast<i32>(error), std::memory_order_seq_cst); }
    /// FIONREAD: of a stream all bytes, else those of the first packet.
    usize readable_bytes();
    /// SIOCOUTQ
    u32 sent_bytes() const { return sent_.load(std::memory_order_relaxed); }
    u64 queued_bytes() const { return queued_bytes_.load(std::memory_order_relaxed); }
    /// Its own SO_SNDBUF and SO_PASSCRED, for those who have only the end.
    std::atomic<u32> send_buffer{DEFAULT_BUFFER};
    std::atomic<bool> passes_credentials{false};

    // ---- For the collector (in_flight.hpp), which holds its lock.

    /// The file that has this end: not counted, null once it is being destroyed.
    std::atomic<fs::File*> file{nullptr};
    u32 in_flight = 0;    ///< How many packets carry its file.
    u32 unexplained = 0;  ///< Of these, those that do not wait at a candidate.
    bool is_candidate = false;
    ListNode in_flight_link;
    ListNode scan_link;
    /// Each packet that waits here, and in the ends of connections that wait here.
    void for_each_packet(FunctionRef<void(Packet&)> visit);
    /// Takes all packets away.
    void take_packets(PacketQueue& out);

  private:
    // Where it is among the ends that poll for room at one other end, under that one's lock; it is counted meanwhile.
    ListNode blocked_link_;
    std::atomic<UnixEnd*> blocked_at_{nullptr};

    struct State {
        Ref<UnixAddress> address;
        Ref<UnixEnd> peer;
        PacketQueue queue;
        List<UnixEnd, &UnixEnd::blocked_link_> blocked;
        abi::ucred peer_credentials{0, NOBODY, NOBODY};
        abi::ucred own_credentials{};  ///< Of who called listen.
        bool is_open = true;
    };
    using Lock = scheduler::Mutex<State, sync::LockRank::Socket>;
    using Guard = Lock::Guard;
    // LINUX: sock_def_readable and unix_write_space.
    static constexpr scheduler::WakeEvents READABLE =
        fs::wake_events(abi::PollEvents::In | abi::PollEvents::Rdnorm);
    static constexpr scheduler::WakeEvents WRITABLE =
        fs::wake_events(abi::PollEvents::Out | abi::PollEvents::Wrnorm | abi::PollEvents::Wrband);
    static constexpr u32 NOBODY = ~0U;
    /// net.unix.max_dgram_qlen
    static constexpr u32 MOST_DATAGRAMS = 10;

    Result<> begin_connection();
    struct StreamRead;
    Result<> read_queued(State& state, StreamRead& read);
    template <class Look> Result<> look_with_gate(bool& takes_gate, Look look);
    void append(State& state, Packet& packet);
    void remove(State& state, Packet& packet);
    /// Takes packets away and destroys them, without the lock.
    void drop_packets();
    bool is_full() const {
        return queued_.load(std::memory_order_seq_cst) > most_queued_.load(std::memory_order_relaxed);
    }
    bool has_room_to_send(u32 buffer) const {
        return u64{sent_.load(std::memory_order_seq_cst)} * 4 <= buffer;
    }
    bool has_news() const {
        return queued_.load(std::memory_order_seq_cst) != 0 || is_shut(Shut::Receiving) ||
               error_.load(std::memory_order_seq_cst) != 0;
    }
    Result<> wait_for_buffer(const SendContext& context);
    Result<Packet*> make_packet(vm::InBuffer& data, usize size, u32 charge, const SendContext& context);
    Result<> load(Packet& packet, Message& message, const SendContext& context, const UnixEnd& receiver);
    Result<> deliver_to_stream(Packet& packet);
    Result<> deliver_packet(Packet& packet, const UnixEnd& sender);
    /// Tells those who wait for room in this end's queue.
    void tell_room();
    /// `sender` polls for room here. False: there is room by now.
    bool note_blocked(UnixEnd& sender);
    void forget_blocked(UnixEnd& sender);
    void shut(Shut directions, i32 error);

    const Type type_;
    Lock state_;
    // What waiters look at; changed under the lock. seq_cst: pairs with the waiter's entry into its queue.
    std::atomic<Phase> phase_{Phase::Fresh};
    std::atomic<Shut> shut_{Shut::None};
    std::atomic<i32> error_{0};
    std::atomic<u32> queued_{0};
    std::atomic<u32> most_queued_{MOST_DATAGRAMS};  ///< Of a listener the backlog.
    std::atomic<u64> queued_bytes_{0};
    std::atomic<u32> sent_{0};  ///< What of this end's packets waits anywhere.
    scheduler::WaitQueue readable_;
    scheduler::WaitQueue writable_;
    scheduler::WaitQueue room_;  ///< Others, who want to send or to connect.
};

}  // namespace exo::ipc
