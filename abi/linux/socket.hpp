// Linux sockets: arguments of socket(2) and its kin (include/linux/socket.h, net.h; include/uapi/linux/un.h,
// asm-generic/socket.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class AddressFamily : std::int32_t {
    Unspec = 0,
    Unix = 1,
    Inet = 2,
    Inet6 = 10,
    Netlink = 16,
    Packet = 17,
    Vsock = 40,
};

enum class SocketType : std::int32_t { Stream = 1, Dgram = 2, Raw = 3, Rdm = 4, Seqpacket = 5, Packet = 10 };

/// Where the types are in their word.
inline constexpr std::int32_t SOCKET_TYPES = 0xf;
/// In the same word as the type.
enum class SocketFlags : std::int32_t { None = 0, Nonblock = 04000, Cloexec = 02000000 };
template <> inline constexpr bool IS_FLAG_ENUM<SocketFlags> = true;

/// What shutdown(2) ends.
enum class ShutdownHow : std::int32_t { Read = 0, Write = 1, Both = 2 };

/// An address starts with its family, 16 bits; none is longer than a sockaddr_storage.
inline constexpr std::size_t MAX_ADDRESS_SIZE = 128;
inline constexpr std::size_t ADDRESS_FAMILY_SIZE = 2;
/// sun_path.
inline constexpr std::size_t UNIX_PATH_SIZE = 108;

enum class MessageFlags : std::uint32_t {
    None = 0,
    OutOfBand = 0x1,
    Peek = 0x2,
    DontRoute = 0x4,
    ControlTruncated = 0x8,
    Truncated = 0x20,
    DontWait = 0x40,
    EndOfRecord = 0x80,
    WaitAll = 0x100,
    Confirm = 0x800,
    ErrorQueue = 0x2000,
    NoSignal = 0x4000,
    More = 0x8000,
    WaitForOne = 0x10000,
    CloseOnExec = 0x40000000,
    Compat32 = 0x80000000,
};
template <> inline constexpr bool IS_FLAG_ENUM<MessageFlags> = true;

struct msghdr {
    std::uint64_t msg_name;
    std::uint32_t msg_namelen;
    std::uint32_t reserved_name;
    std::uint64_t msg_iov;
    std::uint64_t msg_iovlen;
    std::uint64_t msg_control;
    std::uint64_t msg_controllen;
    std::uint32_t msg_flags;
    std::uint32_t reserved_flags;
};

struct mmsghdr {
    msghdr msg_hdr;
    std::uint32_t msg_len;
    std::uint32_t reserved_length;
};

/// In front of each piece of control data, which is aligned to 8 bytes.
struct cmsghdr {
    std::uint64_t cmsg_len;  ///< This header included.
    std::int32_t cmsg_level;
    std::int32_t cmsg_type;
};

/// Of control data with the level SOL_SOCKET.
enum class ControlType : std::int32_t { Rights = 1, Credentials = 2 };
/// SCM_MAX_FD: how many descriptors a message carries.
inline constexpr std::size_t MAX_PASSED_DESCRIPTORS = 253;

struct ucred {
    std::int32_t pid;
    std::uint32_t uid;
    std::uint32_t gid;
};

struct linger {
    std::int32_t l_onoff;
    std::int32_t l_linger;
};

/// SIOCOUTQ
enum class SocketIoctl : std::uint32_t { OutputQueue = 0x5411 };

/// Whose options and control data.
enum class SocketLevel : std::int32_t { Socket = 1 };

enum class SocketOption : std::int32_t {
    Debug = 1,
    ReuseAddress = 2,
    Type = 3,
    Error = 4,
    DontRoute = 5,
    Broadcast = 6,
    SendBuffer = 7,
    ReceiveBuffer = 8,
    KeepAlive = 9,
    OutOfBandInline = 10,
    NoCheck = 11,
    Priority = 12,
    Linger = 13,
    ReusePort = 15,
    PassCredentials = 16,
    PeerCredentials = 17,
    ReceiveLowWater = 18,
    SendLowWater = 19,
    ReceiveTimeout = 20,
    SendTimeout = 21,
    BindToDevice = 25,
    Timestamp = 29,
    AcceptsConnections = 30,
    PeerSecurity = 31,
    SendBufferForce = 32,
    ReceiveBufferForce = 33,
    TimestampNs = 35,
    Mark = 36,
    Protocol = 38,
    Domain = 39,
    PeerGroups = 59,
    ReceiveTimeoutNew = 66,
    SendTimeoutNew = 67,
};

}  // namespace exo::abi
