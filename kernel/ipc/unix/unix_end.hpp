// UnixEnd: one end of a Unix socket connection: the queue of received packets, and the peer (unix(7)). The
// open file is a UnixSocket. Packets and peers refer to the end and not to the file, so that closing the file
// takes effect for them.
//
// Locking: each end has a sleeping lock (rank Socket). It is held across copies to a program, because the
// fault path takes only locks of a higher rank. No thread locks two ends at a time. Threads wait without the
// lock, on conditions in atomics.
#pragma once

#include "ipc/unix/packet.hpp"
#include "scheduler/mutex.hpp"

namespace exo::ipc {

/// The arguments of a send call besides the message.
struct SendContext {
    Wait wait;
    u32 send_buffer;                 ///< SO_SNDBUF
    bool tells_credentials = false;  ///< SO_PASSCRED of the sender.
    abi::ucred self{};
    Ref<security::UserRecord> payer;
    u64 most_in_flight =
        0;  ///< The limit of the user's capabilities in transit (RLIMIT_NOFILE; ~0 with the privilege to pass
            ///< more).
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
    /// Binds the end to an address. Errors: Einval (it has one).
    Result<> set_address(Ref<UnixAddress> address);
    Ref<UnixEnd> peer();

    // ---- Connections (unix_connect.cpp).

    /// Connects two new ends that no other thread knows.
    static void connect_pair(UnixEnd& one, UnixEnd& other, const abi::ucred& credentials);
    /// Starts listening. Errors: Einval (without an address, or connected), Eopnotsupp.
    Result<> listen(u32 backlog, const abi::ucred& self);
    /// Connects to `listener`. Errors: Econnrefused (it does not listen), Eisconn, Einval (this end listens
    /// itself), Eagain, Enomem, Eintr, RestartSys; Estale: the listener was closed meanwhile, and the caller
    /// looks it up again.
    Result<> connect_to_listener(UnixEnd& listener, Wait wait, const abi::ucred& self);
    /// Sets a datagram socket's peer; null: no peer. Errors: Eperm (the peer accepts packets only from its
    /// own peer).
    Result<> set_peer(Ref<UnixEnd> peer);
    /// Takes a waiting connection. Errors: Einval (not listening, or shut down), Eagain, Eintr, RestartSys.
    Result<Ref<UnixEnd>> accept(Wait wait);
    void shut_down(Shut directions);
    /// Called when the socket was closed. ResetsIfThere: a connected peer gets Econnreset if packets were
    /// unread. AlwaysResets: it does in any case, because the connection was never accepted.
    enum class Unread : u8 { ResetsIfThere, AlwaysResets };
    void close(Unread unread_counts = Unread::ResetsIfThere);
    /// SO_PEERCRED.
    abi::ucred peer_credentials();

    // ---- Traffic (unix_send.cpp, unix_receive.cpp).

    /// Sends bytes on a stream. Errors: Enotconn, Eisconn, Eopnotsupp, Epipe, Eagain, Efault, Enomem,
    /// Etoomanyrefs, Econnreset, Eintr, RestartSys.
    Result<usize> send_stream(vm::InBuffer& data, Message& message, const SendContext& context);
    /// Sends a packet to `receiver`, or to the peer if that is null. Errors: those of send_stream, Emsgsize,
    /// Econnrefused (the receiver was closed; Estale if `receiver` was given), Eperm.
    Result<usize> send_packet(vm::InBuffer& data, Message& message, const SendContext& context,
                              Ref<UnixEnd> receiver);
    struct ReceiveContext {
        Wait wait;
        bool wants_credentials = false;  ///< SO_PASSCRED of the receiver.
        usize low_water = 1;
    };
    /// Receives bytes of a stream. Errors: Einval or Enotconn (not connected), Eagain, Efault, Econnreset,
    /// Eintr, RestartSys.
    Result<usize> receive_stream(vm::OutBuffer& data, Message& message, const ReceiveContext& context);
    Result<usize> receive_packet(vm::OutBuffer& data, Message& message, const ReceiveContext& context);

    /// Called when a packet that this end sent is destroyed: reduces the charge of its buffer.
    void give_back(u32 charge);
    fs::PollEvents poll(fs::PollTable* table, u32 send_buffer);
    i32 take_error() { return error_.exchange(0, std::memory_order_seq_cst); }
    void set_error(Error error) { error_.store(static_cast<i32>(error), std::memory_order_seq_cst); }
    /// FIONREAD: for a stream all bytes, else those of the first packet.
    usize readable_bytes();
    /// SIOCOUTQ
    u32 sent_bytes() const { return sent_.load(std::memory_order_relaxed); }
    u64 queued_bytes() const { return queued_bytes_.load(std::memory_order_relaxed); }
    /// Copies of the socket's SO_SNDBUF and SO_PASSCRED, for code that only has the end.
    std::atomic<u32> send_buffer{DEFAULT_BUFFER};
    std::atomic<bool> passes_credentials{false};

    // ---- For the collector (in_flight.hpp), while it holds the gate exclusively.

    /// The file of this end. Not counted; null once the file is being destroyed.
    std::atomic<fs::File*> file{nullptr};
    u32 in_flight = 0;    ///< How many packets carry its file.
    u32 unexplained = 0;  ///< How many of these are not in the queue of a candidate for collection.
    bool is_candidate = false;
    ListNode in_flight_link;
    ListNode scan_link;
    /// Visits each packet in this queue, and in the queues of connections that wait in it.
    void for_each_packet(FunctionRef<void(Packet&)> visit);
    /// Removes all packets from the queue.
    void take_packets(PacketQueue& out);

  private:
    // Links it in the list of ends that poll for room in one other end. That end's lock guards it, and the
    // list holds a reference.
    ListNode blocked_link_;
    std::atomic<UnixEnd*> blocked_at_{nullptr};

    struct State {
        Ref<UnixAddress> address;
        Ref<UnixEnd> peer;
        PacketQueue queue;
        List<UnixEnd, &UnixEnd::blocked_link_> blocked;
        abi::ucred peer_credentials{0, NOBODY, NOBODY};
        abi::ucred own_credentials{};  ///< The credentials of the task that called listen.
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
    /// Removes and destroys all packets. The caller does not hold the lock.
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
    /// Wakes threads that wait for room in this end's queue.
    void tell_room();
    /// Records that `sender` polls for room here. Returns false if there is room now.
    bool note_blocked(UnixEnd& sender);
    void forget_blocked(UnixEnd& sender);
    void shut(Shut directions, i32 error);

    const Type type_;
    Lock state_;
    // The conditions of waiting threads; changed under the lock. seq_cst: pairs with the waiter's entry into
    // its queue.
    std::atomic<Phase> phase_{Phase::Fresh};
    std::atomic<Shut> shut_{Shut::None};
    std::atomic<i32> error_{0};
    std::atomic<u32> queued_{0};
    std::atomic<u32> most_queued_{MOST_DATAGRAMS};  ///< For a listening end: the backlog.
    std::atomic<u64> queued_bytes_{0};
    std::atomic<u32> sent_{0};  ///< The charge of this end's packets in all queues.
    scheduler::WaitQueue readable_;
    scheduler::WaitQueue writable_;
    scheduler::WaitQueue room_;  ///< Threads that want to send to this end or to connect to it.
};

}  // namespace exo::ipc
