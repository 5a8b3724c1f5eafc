// UdpTable: the bound UDP sockets by local port.
#pragma once

#include "net/socket/udp_socket.hpp"

namespace exo::net {

class UdpTable {
  public:
    /// Binds a socket to its local port and address. Errors: Eaddrinuse, Enobufs (too many share ports).
    Result<> add(UdpSocket& socket, Endpoint local);
    /// Binds a socket to a free port. LINUX: net.ipv4.ip_local_port_range. Errors: Eaddrinuse (there is none),
    /// RestartSys (the thread is being killed).
    Result<> add_anywhere(UdpSocket& socket, Ipv4Address address);
    void remove(UdpSocket& socket);
    /// Changes the local address of a bound socket.
    void move(UdpSocket& socket, Ipv4Address address);
    /// Hands a packet to the sockets that want it. Returns whether there is one.
    bool deliver(PacketPtr packet);
    /// Reports an error to the socket that sent a packet.
    void fail(const NetworkError& error, const Packet& packet);
    Result<> for_each(FunctionRef<Result<>(const SocketView&)> visit);

  private:
    static constexpr u32 BUCKETS = 512;
    static constexpr usize MOST_IN_BUCKET = 2048;
    using Sockets = List<UdpSocket, &UdpSocket::table_link>;
    using Bucket = sync::SpinLocked<Sockets, sync::LockRank::SocketTable>;

    Bucket& bucket(u16 port) { return buckets_[port % BUCKETS]; }
    static bool conflicts(Sockets& sockets, const UdpSocket& socket, Endpoint local);
    static UdpSocket* find(Sockets& sockets, const Packet& packet);

    std::array<Bucket, BUCKETS> buckets_;
};

UdpTable& udp_table();

}  // namespace exo::net
