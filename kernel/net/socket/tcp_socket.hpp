// TcpSocket: a stream socket of the family AF_INET (tcp(7)). The connection, or the listener, is in net/tcp; this class has what a
// program sees of it. The connection outlives the socket until the peer has all bytes.
//
// Files: tcp_socket.cpp (life, poll), tcp_transfer.cpp (send, receive), tcp_options.cpp. Locking: a sleeping lock for the setup; one
// for senders and one for receivers (all of rank Socket, never two at a time), held across copies from and to programs.
#pragma once

#include "net/socket/inet_socket.hpp"
#include "net/tcp/listener.hpp"
#include "scheduler/mutex.hpp"

namespace exo::net {

class TcpSocket final : public InetSocket {
  public:
    TcpSocket(Ref<fs::Inode> inode, abi::OpenFlags flags, Ref<tcp::SocketQueues> queues,
              Ref<tcp::Connection> connection = nullptr);
    ~TcpSocket() override;

    Result<> bind(const ipc::Address& address, const Caller& caller) override;
    Result<> listen(u32 backlog, const abi::ucred& self) override;
    Result<Ref<ipc::Socket>> accept(abi::OpenFlags flags, const fs::Credentials& credentials) override;
    Result<> connect(const ipc::Address& address, const Caller& caller, const abi::ucred& self) override;
    Result<> name(ipc::Address& out) override;
    Result<> peer_name(ipc::Address& out) override;
    Result<> shut_down(ipc::Shut directions) override;
    Result<usize> send(vm::InBuffer& data, ipc::Message& message, const Caller& caller,
                       const ipc::Sender& sender) override;
    Result<usize> receive(vm::OutBuffer& data, ipc::Message& message) override;
    void options_changed() override;
    i32 take_error() override;
    bool accepts_connections() const override { return is_listening_.load(std::memory_order_relaxed); }

    Result<usize> do_read(vm::OutBuffer& to, u64 offset) override;
    Result<usize> do_write(vm::InBuffer& from, u64& offset, const fs::WriteContext& context) override;
    fs::PollEvents poll(fs::PollTable* table) override;
    Result<u64> readable_bytes() override;
    u64 held_bytes() const override;

  protected:
    Result<> set_own_option(i32 level, i32 option, const ipc::OptionValue& value,
                            const Caller& caller) override;
    Result<ipc::OptionResult> own_option(i32 level, i32 option, u32 room) override;
    Result<u64> own_ioctl(fs::FileCommand request) override;
    void ip_options_changed() override { apply_settings(); }
    std::optional<Ipv4Address> peer_address() override;

  private:
    using ControlBlock = tcp::ControlBlock;
    struct Setup {
        Ref<tcp::PortHold> port;
        Endpoint local;
        tcp::Settings settings;
        u32 defer_accept = 0;
        bool is_connecting = false;  ///< connect(2) has not told its outcome yet.
        u32 known_send_buffer = 0;  ///< What the options said last: a change means that a program has set it.
        u32 known_receive_buffer = 0;
    };
    /// What the socket is now. Whoever uses it takes a reference.
    struct Current {
        Ref<tcp::Connection> connection;
        Ref<tcp::Listener> listener;
    };

    Ref<tcp::Connection> connection() const { return current_.lock()->connection; }
    Ref<tcp::Listener> listener() const { return current_.lock()->listener; }
    void set_current(Ref<tcp::Connection> connection, Ref<tcp::Listener> listener);
    tcp::IpFields ip_fields() const;
    tcp::PortHold::Request port_request(Endpoint local, const fs::Credentials* credentials) const;
    Result<> start_connecting(Setup& setup, Endpoint peer, const Caller& caller);
    Result<> wait_for_connection(const Ref<tcp::Connection>& connection, bool is_new);
    Result<> finish_connecting(Setup& setup, tcp::Connection& connection);
    void disconnect(Setup& setup);
    void copy_options_to(TcpSocket& child) const;
    void read_options(Setup& setup);
    void apply_settings();
    void show_buffers(const ControlBlock& block);
    void linger(tcp::Connection& connection);

    // tcp_transfer.cpp
    Result<> wait_until_connected(tcp::Connection& connection, ipc::Wait wait);
    Result<usize> send_some(tcp::Connection& connection, vm::InBuffer& data, bool is_urgent,
                            ControlBlock::More more);
    Result<usize> send_all(vm::InBuffer& data, abi::MessageFlags flags);
    struct Look;
    Result<> look_at_arrivals(tcp::Connection& connection, Look& look, u32 skip, usize most, bool has_some);
    Result<usize> receive_some(tcp::Connection& connection, vm::OutBuffer* data, usize most, u32 skip,
                               bool is_peeking, bool has_some);
    Result<usize> receive_all(vm::OutBuffer& data, abi::MessageFlags flags, abi::MessageFlags& outcome);
    Result<usize> receive_urgent(tcp::Connection& connection, vm::OutBuffer& data, abi::MessageFlags flags,
                                 abi::MessageFlags& outcome);

    const Ref<tcp::SocketQueues> queues_;
    mutable sync::SpinLocked<Current, sync::LockRank::SocketExtras> current_;
    std::atomic<bool> is_listening_{false};
    std::atomic<bool> is_quick_before_{true};  ///< TCP_QUICKACK of a socket without a connection.
    std::atomic<bool> is_shut_before_{false};  ///< shutdown(2) came before any connection.
    scheduler::Mutex<Setup, sync::LockRank::Socket> setup_;
    scheduler::Mutex<tcp::ChunkFiller, sync::LockRank::Socket> sending_;
    struct Receiving {};
    scheduler::Mutex<Receiving, sync::LockRank::Socket> receiving_;
};

}  // namespace exo::net
