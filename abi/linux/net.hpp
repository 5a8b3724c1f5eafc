// Linux network interfaces and IPv4 sockets (include/uapi/linux/if.h, if_arp.h, in.h, ip.h, sockios.h, tcp.h, udp.h, route.h, errqueue.h).
#pragma once

#include <array>
#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

/// sa_family_t AF_INET, port and address in network byte order.
struct sockaddr_in {
    std::uint16_t sin_family;
    std::array<std::uint8_t, 2> sin_port;
    std::array<std::uint8_t, 4> sin_addr;
    std::array<std::uint8_t, 8> sin_zero;
};
static_assert(sizeof(sockaddr_in) == 16);

/// ARPHRD_*
enum class HardwareType : std::uint16_t { Ethernet = 1, Loopback = 772 };

/// IFF_*
enum class InterfaceFlags : std::uint32_t {
    None = 0,
    Up = 0x1,
    Broadcast = 0x2,
    Debug = 0x4,
    Loopback = 0x8,
    PointToPoint = 0x10,
    Running = 0x40,
    NoArp = 0x80,
    Promiscuous = 0x100,
    AllMulticast = 0x200,
    Multicast = 0x1000,
    LowerUp = 0x10000,
};
template <> inline constexpr bool IS_FLAG_ENUM<InterfaceFlags> = true;

inline constexpr std::size_t INTERFACE_NAME_SIZE = 16;

/// SIOC*: ioctls of sockets about interfaces, routes and neighbours.
enum class InterfaceIoctl : std::uint32_t {
    AddRoute = 0x890b,
    DeleteRoute = 0x890c,
    GetName = 0x8910,
    GetConfiguration = 0x8912,
    GetFlags = 0x8913,
    SetFlags = 0x8914,
    GetAddress = 0x8915,
    SetAddress = 0x8916,
    GetDestination = 0x8917,
    SetDestination = 0x8918,
    GetBroadcast = 0x8919,
    SetBroadcast = 0x891a,
    GetNetmask = 0x891b,
    SetNetmask = 0x891c,
    GetMetric = 0x891d,
    GetMtu = 0x8921,
    SetMtu = 0x8922,
    GetHardwareAddress = 0x8927,
    GetIndex = 0x8933,
    GetTransmitQueueLength = 0x8942,
    GetMap = 0x8970,
};

struct ifreq {
    std::array<char, INTERFACE_NAME_SIZE> ifr_name;
    union {
        sockaddr_in ifr_addr;
        std::int16_t ifr_flags;
        std::int32_t ifr_number;
        std::array<std::uint8_t, 24> ifr_bytes;
    };
};
static_assert(sizeof(ifreq) == 40);

struct ifconf {
    std::int32_t ifc_len;
    std::int32_t reserved;
    std::uint64_t ifc_buf;
};

struct rtentry {
    std::uint64_t rt_pad1;
    sockaddr_in rt_dst;
    sockaddr_in rt_gateway;
    sockaddr_in rt_genmask;
    std::uint16_t rt_flags;
    std::int16_t rt_pad2;
    std::uint32_t reserved;
    std::uint64_t rt_pad3;
    std::uint64_t rt_pad4_tos_class;
    std::int16_t rt_metric;
    std::array<std::uint8_t, 6> reserved_metric;
    std::uint64_t rt_dev;
    std::uint64_t rt_mtu;
    std::uint64_t rt_window;
    std::uint16_t rt_irtt;
    std::array<std::uint8_t, 6> reserved_irtt;
};
static_assert(sizeof(rtentry) == 120);

/// IP_*: options with the level IPPROTO_IP.
enum class IpOption : std::int32_t {
    Tos = 1,
    Ttl = 2,
    HeaderIncluded = 3,
    Options = 4,
    RouterAlert = 5,
    ReceiveOptions = 6,
    ReturnOptions = 7,
    PacketInformation = 8,
    PacketOptions = 9,
    MtuDiscovery = 10,
    ReceiveErrors = 11,
    ReceiveTtl = 12,
    ReceiveTos = 13,
    Mtu = 14,
    Freebind = 15,
    ReceiveOriginalDestination = 20,
    MinTtl = 21,
    Checksum = 23,
    BindAddressNoPort = 24,
    ReceiveFragmentSize = 25,
    MulticastInterface = 32,
    MulticastTtl = 33,
    MulticastLoop = 34,
    AddMembership = 35,
    DropMembership = 36,
    MulticastAll = 49,
    UnicastInterface = 50,
};

/// Where the options of TCP and of UDP are: the protocol's number.
inline constexpr std::int32_t LEVEL_IP = 0;
inline constexpr std::int32_t LEVEL_TCP = 6;
inline constexpr std::int32_t LEVEL_UDP = 17;
inline constexpr std::int32_t LEVEL_RAW = 255;

/// IP_PMTUDISC_*
enum class MtuDiscovery : std::int32_t { Dont = 0, Want = 1, Do = 2, Probe = 3, Interface = 4, Omit = 5 };

/// TCP_*
enum class TcpOption : std::int32_t {
    NoDelay = 1,
    MaxSegment = 2,
    Cork = 3,
    KeepIdle = 4,
    KeepInterval = 5,
    KeepCount = 6,
    SynCount = 7,
    Linger2 = 8,
    DeferAccept = 9,
    WindowClamp = 10,
    Information = 11,
    QuickAck = 12,
    Congestion = 13,
    UserTimeout = 18,
    FastOpen = 23,
    Timestamp = 24,
    NotSentLowWater = 25,
    Inquire = 36,
};

enum class UdpOption : std::int32_t { Cork = 1, Segment = 103, Gro = 104 };

struct in_pktinfo {
    std::int32_t ipi_ifindex;
    std::array<std::uint8_t, 4> ipi_spec_dst;
    std::array<std::uint8_t, 4> ipi_addr;
};

struct ip_mreqn {
    std::array<std::uint8_t, 4> imr_multiaddr;
    std::array<std::uint8_t, 4> imr_address;
    std::int32_t imr_ifindex;
};

/// In the control data of an error that a socket with IP_RECVERR reads (MSG_ERRQUEUE); the reporter's address follows.
struct sock_extended_err {
    std::uint32_t ee_errno;
    std::uint8_t ee_origin;
    std::uint8_t ee_type;
    std::uint8_t ee_code;
    std::uint8_t ee_pad;
    std::uint32_t ee_info;
    std::uint32_t ee_data;
};
inline constexpr std::uint8_t ERROR_ORIGIN_LOCAL = 1;
inline constexpr std::uint8_t ERROR_ORIGIN_ICMP = 2;

struct tcp_info {
    std::uint8_t tcpi_state;
    std::uint8_t tcpi_ca_state;
    std::uint8_t tcpi_retransmits;
    std::uint8_t tcpi_probes;
    std::uint8_t tcpi_backoff;
    std::uint8_t tcpi_options;
    std::uint8_t tcpi_wscale;  ///< Send scale in the low four bits, receive scale in the high ones.
    std::uint8_t tcpi_limited;
    std::uint32_t tcpi_rto;
    std::uint32_t tcpi_ato;
    std::uint32_t tcpi_snd_mss;
    std::uint32_t tcpi_rcv_mss;
    std::uint32_t tcpi_unacked;
    std::uint32_t tcpi_sacked;
    std::uint32_t tcpi_lost;
    std::uint32_t tcpi_retrans;
    std::uint32_t tcpi_fackets;
    std::uint32_t tcpi_last_data_sent;
    std::uint32_t tcpi_last_ack_sent;
    std::uint32_t tcpi_last_data_recv;
    std::uint32_t tcpi_last_ack_recv;
    std::uint32_t tcpi_pmtu;
    std::uint32_t tcpi_rcv_ssthresh;
    std::uint32_t tcpi_rtt;
    std::uint32_t tcpi_rttvar;
    std::uint32_t tcpi_snd_ssthresh;
    std::uint32_t tcpi_snd_cwnd;
    std::uint32_t tcpi_advmss;
    std::uint32_t tcpi_reordering;
    std::uint32_t tcpi_rcv_rtt;
    std::uint32_t tcpi_rcv_space;
    std::uint32_t tcpi_total_retrans;
    std::uint64_t tcpi_pacing_rate;
    std::uint64_t tcpi_max_pacing_rate;
    std::uint64_t tcpi_bytes_acked;
    std::uint64_t tcpi_bytes_received;
    std::uint32_t tcpi_segs_out;
    std::uint32_t tcpi_segs_in;
    std::uint32_t tcpi_notsent_bytes;
    std::uint32_t tcpi_min_rtt;
    std::uint32_t tcpi_data_segs_in;
    std::uint32_t tcpi_data_segs_out;
    std::uint64_t tcpi_delivery_rate;
    std::uint64_t tcpi_busy_time;
    std::uint64_t tcpi_rwnd_limited;
    std::uint64_t tcpi_sndbuf_limited;
    std::uint32_t tcpi_delivered;
    std::uint32_t tcpi_delivered_ce;
    std::uint64_t tcpi_bytes_sent;
    std::uint64_t tcpi_bytes_retrans;
    std::uint32_t tcpi_dsack_dups;
    std::uint32_t tcpi_reord_seen;
    std::uint32_t tcpi_rcv_ooopack;
    std::uint32_t tcpi_snd_wnd;
};
static_assert(sizeof(tcp_info) == 232);

}  // namespace exo::abi
