#include "net/socket/create.hpp"

#include "net/socket/raw_socket.hpp"
#include "net/socket/tcp_socket.hpp"
#include "net/socket/udp_socket.hpp"

namespace exo::net {

using abi::SocketType;

namespace {

/// LINUX: IPPROTO_MAX.
constexpr i32 PROTOCOLS = 263;
constexpr i32 NUMBERS_IN_HEADERS = 256;

template <class T, class... Args>
Result<Ref<ipc::Socket>> make(abi::OpenFlags flags, const fs::Credentials& credentials, Args... args) {
    TRY(fs::check_open_file_count(credentials));
    const abi::OpenFlags status = abi::OpenFlags::Rdwr | (flags & abi::OpenFlags::Nonblock);
    return TRY(make_ref<T>(TRY(ipc::make_socket_inode(credentials)), status, args...));
}

bool is(i32 number, Protocol protocol) { return number == 0 || number == std::to_underlying(protocol); }

}  // namespace

// LINUX: inet_create.
Result<Ref<ipc::Socket>> create_inet_socket(SocketType type, i32 protocol, abi::OpenFlags flags,
                                            const fs::Credentials& credentials) {
    if (protocol < 0 || protocol >= PROTOCOLS) return Error::Einval;
    switch (type) {
        case SocketType::Dgram:
            if (is(protocol, Protocol::Udp)) return make<UdpSocket>(flags, credentials);
            // LINUX: net.ipv4.ping_group_range is empty, so nobody may make ping sockets.
            return protocol == std::to_underlying(Protocol::Icmp) ? Error::Eacces : Error::Eprotonosupport;
        case SocketType::Raw:
            if (protocol == 0) return Error::Eprotonosupport;
            if (!credentials.may(fs::Privilege::NetRaw)) return Error::Eperm;
            if (protocol >= NUMBERS_IN_HEADERS) return Error::Eprotonosupport;
            if (!RawSocket::has_room()) return Error::Enobufs;
            return make<RawSocket>(flags, credentials, static_cast<u8>(protocol));
        case SocketType::Stream:
            if (!is(protocol, Protocol::Tcp)) return Error::Eprotonosupport;
            return make<TcpSocket>(flags, credentials, TRY(make_ref<tcp::SocketQueues>()));
        default: return Error::Esocktnosupport;
    }
}

}  // namespace exo::net
