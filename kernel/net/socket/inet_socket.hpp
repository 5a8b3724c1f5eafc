// InetSocket: what all sockets of the family AF_INET have: addresses, the options of the level IP, errors that the network reports,
// ioctls about interfaces (ip(7)).
#pragma once

#include <array>
#include <atomic>

#include "ipc/socket/socket.hpp"
#include "net/ip/input.hpp"
#include "net/ip/output.hpp"

namespace exo::net {

/// Options of the level IP that are on or off.
enum class IpFlag : u32 {
    None = 0,
    PacketInformation = 1,
    ReceiveTtl = 2,
    ReceiveTos = 4,
    ReceiveErrors = 8,
    ReceiveOriginalDestination = 64,
    HeaderIncluded = 128,
    Freebind = 256,
    MulticastLoop = 512,
    MulticastAll = 1024,
    BindAddressNoPort = 2048,
};
EXO_FLAGS(IpFlag);

/// The options of the level IP. Each is read without a lock.
struct IpOptions {
    std::atomic<IpFlag> flags{IpFlag::MulticastLoop | IpFlag::MulticastAll};
    std::atomic<i32> ttl{-1};  ///< -1: the machine's default.
    std::atomic<u8> tos{0};
    std::atomic<u8> min_ttl{0};
    std::atomic<u8> multicast_ttl{1};
    std::atomic<abi::MtuDiscovery> mtu_discovery{abi::MtuDiscovery::Want};
    std::atomic<u32> multicast_interface{0};
    std::atomic<Ipv4Address> multicast_address{};
    std::atomic<u32> unicast_interface{0};

    bool is_on(IpFlag flag) const {
        return (static_cast<u32>(flags.load(std::memory_order_relaxed)) & static_cast<u32>(flag)) != 0;
    }
};

class InetSocket : public ipc::Socket {
  public:
    InetSocket(Ref<fs::Inode> inode, abi::OpenFlags flags, abi::SocketType type, Protocol protocol)
        : Socket(std::move(inode), flags, abi::AddressFamily::Inet, type),
          protocol_(protocol) {}
    ~InetSocket() override;

    i32 protocol() const override { return std::to_underlying(protocol_); }
    bool has_ports() const override { return true; }
    i32 take_error() override { return error_.exchange(0, std::memory_order_seq_cst); }
    void set_error(Error error) override { error_.store(static_cast<i32>(error), std::memory_order_seq_cst); }
    bool has_error() const { return error_.load(std::memory_order_seq_cst) != 0; }
    abi::ucred peer_credentials() override { return {0, ~0U, ~0U}; }
    bool accepts_connections() const override { return false; }

    /// The options of the level IP; others go to set_own_option.
    Result<> set_protocol_option(i32 level, i32 option, const ipc::OptionValue& value,
                                 const Caller& caller) override;
    Result<ipc::OptionResult> protocol_option(i32 level, i32 option, u32 room) override;
    Result<u64> ioctl(fs::FileCommand request) override;

    const IpOptions& ip_options() const { return ip_; }
    /// SO_BINDTODEVICE; null: none.
    const Interface* bound_interface() const {
        const u32 index = options().device.load(std::memory_order_relaxed);
        return index == 0 ? nullptr : find_interface(index);
    }

    /// Whether a packet to a multicast group is for this socket.
    bool receives_group(Ipv4Address group, const Interface& interface) const;

    // ---- Addresses of programs.

    /// Reads a sockaddr_in. Errors: Einval (too short), Eafnosupport.
    static Result<Endpoint> endpoint_from(const ipc::Address& address);
    static void write_endpoint(Endpoint endpoint, ipc::Address& out);
    /// The checks of bind(2) before a port is taken. Errors: Einval, Eafnosupport, Eaddrnotavail, Eacces.
    Result<Endpoint> check_bind(const ipc::Address& address, const Caller& caller) const;

    /// The IP header's fields and the way, as the options say. Errors: those of find_route, Eacces.
    Outgoing outgoing(Ipv4Address source, Ipv4Address destination) const;
    Result<Route> route_to(Ipv4Address destination, Ipv4Address source) const;

    /// Notes an error that the network reported, for IP_RECVERR's queue. `packet`: the packet in error, from the transport header
    /// on. Returns whether the socket has the queue.
    bool queue_error(const NetworkError& error, const Packet& packet, u32 transport_header_size);

  protected:
    /// Options of the protocol's own level. Errors: Eopnotsupp (no such level), Enoprotoopt.
    virtual Result<> set_own_option(i32 level, i32 option, const ipc::OptionValue& value,
                                    const Caller& caller);
    virtual Result<ipc::OptionResult> own_option(i32 level, i32 option, u32 room);
    /// ioctls of the protocol. Errors: Enotty.
    virtual Result<u64> own_ioctl(fs::FileCommand request);
    /// Called after an option of the level IP changed (the time to live, the type of service).
    virtual void ip_options_changed() {}
    /// The peer's address, for IP_MTU; nothing: not connected.
    virtual std::optional<Ipv4Address> peer_address() { return std::nullopt; }

    /// MSG_ERRQUEUE: takes the oldest error. Errors: Eagain.
    Result<usize> receive_error(vm::OutBuffer& data, ipc::Message& message);
    bool has_queued_errors() const { return queued_errors_.load(std::memory_order_seq_cst) != 0; }
    /// The control data that the options ask for, of a received packet. Errors: Enomem.
    Result<> add_control(const Packet& packet, ipc::Message& message) const;
    /// What sendmsg's control data change of one packet.
    struct SendControl {
        std::optional<u8> ttl;
        std::optional<u8> tos;
        Ipv4Address source;
        u32 interface = 0;
    };
    static Result<SendControl> send_control(const ipc::Message& message);
    Result<> check_control(const ipc::ControlPiece& piece) const override;

    /// Joins and leaves multicast groups; those joined are left as the socket closes.
    struct Membership {
        Ipv4Address group;
        u32 interface = 0;
    };
    bool is_member(Ipv4Address group, const Interface& interface) const;

    IpOptions ip_;
    /// Woken when an error arrives; a socket that polls adds its own.
    virtual void error_arrived() {}

  private:
    Result<> set_ip_option(abi::IpOption option, const ipc::OptionValue& value);
    Result<ipc::OptionResult> ip_option(abi::IpOption option, u32 room);
    Result<> change_membership(const ipc::OptionValue& value, bool joins);

    struct QueuedError {
        abi::sock_extended_err error{};
        Ipv4Address reporter;
        Endpoint destination;
        PacketPtr payload;
    };
    static constexpr usize MOST_MEMBERSHIPS = 20;  ///< LINUX: net.ipv4.igmp_max_memberships.
    static constexpr usize MOST_ERRORS = 64;
    struct Shared {
        Vector<Membership> memberships;
        Vector<QueuedError> errors;
    };

    Protocol protocol_;
    std::atomic<i32> error_{0};
    std::atomic<u32> queued_errors_{0};
    mutable sync::SpinLocked<Shared, sync::LockRank::SocketExtras> shared_;
};

}  // namespace exo::net
