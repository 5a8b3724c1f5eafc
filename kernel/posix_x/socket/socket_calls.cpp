// The calls that make, name and connect sockets (socket(7)).
#include "posix_x/socket/socket_calls.hpp"

#include <algorithm>

#include "ipc/unix/unix_socket.hpp"
#include "net/socket/create.hpp"
#include "posix_x/socket/use_socket.hpp"

namespace exo::posix_x {

using abi::AddressFamily;
using abi::OpenFlags;
using abi::SocketFlags;
using abi::SocketType;

namespace {

/// LINUX: net.core.somaxconn
constexpr u32 MOST_WAITING = 4096;

struct SocketKind {
    SocketType type;
    OpenFlags flags;
};

/// Splits the type argument into type and flags. Errors: Einval (unknown flags).
Result<SocketKind> kind_of(SocketTypeWord word) {
    const i32 flags = word.value & ~abi::SOCKET_TYPES;
    constexpr i32 KNOWN = static_cast<i32>(abi::raw(SocketFlags::Nonblock) | abi::raw(SocketFlags::Cloexec));
    if ((flags & ~KNOWN) != 0) return Error::Einval;
    return SocketKind{static_cast<SocketType>(word.value & abi::SOCKET_TYPES), static_cast<OpenFlags>(flags)};
}

/// The checks that do not depend on the family. Errors: Eafnosupport, Einval (unknown type), Eprotonosupport.
Result<> check_family(AddressFamily family, SocketType type, i32 protocol) {
    constexpr i32 FAMILIES = 46;
    constexpr i32 TYPES = 11;
    const i32 number = std::to_underlying(family);
    if (number < 0 || number >= FAMILIES) return Error::Eafnosupport;
    if (std::to_underlying(type) >= TYPES) return Error::Einval;
    if (family == AddressFamily::Inet) return {};
    if (family != AddressFamily::Unix) return Error::Eafnosupport;
    return protocol == 0 || protocol == std::to_underlying(AddressFamily::Unix)
               ? Result<>()
               : Result<>(Error::Eprotonosupport);
}

security::OnExec on_exec(OpenFlags flags) {
    return has(flags, OpenFlags::Cloexec) ? security::OnExec::Close : security::OnExec::Keep;
}

}  // namespace

Answer<NewDescriptor> sys_socket(Context&, AddressFamily family, SocketTypeWord word,
                                 ProtocolNumber protocol) {
    const SocketKind kind = TRY(kind_of(word));
    TRY(check_family(family, kind.type, protocol));
    const fs::Credentials& credentials = current_task().credentials();
    Ref<ipc::Socket> socket = TRY(family == AddressFamily::Inet
                                      ? net::create_inet_socket(kind.type, protocol, kind.flags, credentials)
                                      : ipc::create_unix_socket(kind.type, kind.flags, credentials));
    return install_file(std::move(socket), on_exec(kind.flags));
}

// LINUX: the descriptors' numbers are stored before the sockets are made.
Result<> sys_socketpair(Context&, AddressFamily family, SocketTypeWord word, ProtocolNumber protocol,
                        SocketPairOut out) {
    Task& task = current_task();
    const SocketKind kind = TRY(kind_of(word));
    security::ReservedPair slots = TRY(task.files()->reserve_pair(descriptor_limit()));
    struct Numbers {
        u32 first;
        u32 second;
    };
    TRY(vm::UserOut<Numbers>(out.address).write({slots.first.number(), slots.second.number()}));
    TRY(check_family(family, kind.type, protocol));
    if (family == AddressFamily::Inet) {
        // LINUX: both are made before the family is asked to join them.
        (void)TRY(net::create_inet_socket(kind.type, protocol, kind.flags, task.credentials()));
        return Error::Eopnotsupp;
    }
    ipc::SocketPair pair =
        TRY(ipc::create_unix_pair(kind.type, kind.flags, task.credentials(), effective_credentials()));
    const Rights rights = pair.first->rights();
    slots.first.commit({std::move(pair.first), rights}, on_exec(kind.flags));
    slots.second.commit({std::move(pair.second), rights}, on_exec(kind.flags));
    return {};
}

Result<> sys_bind(Context&, Descriptor fd, InBytes<2> address, SignedSize size) {
    const SocketUse socket = TRY(use_socket(fd, Rights::Configure));
    return socket->bind(TRY(read_address(address.address, size)), current_task().caller());
}

Result<> sys_listen(Context&, Descriptor fd, SignedCount backlog) {
    const SocketUse socket = TRY(use_socket(fd, Rights::Configure));
    return socket->listen(std::min(static_cast<u32>(static_cast<i32>(backlog)), MOST_WAITING),
                          effective_credentials());
}

Answer<NewDescriptor> sys_accept4(Context&, Descriptor fd, UserAddress address, OrNull<AddressSize> size,
                                  Known<SocketFlags::Nonblock | SocketFlags::Cloexec> given) {
    Task& task = current_task();
    const auto flags = static_cast<OpenFlags>(abi::raw(TRY(given.checked())));
    const SocketUse socket = TRY(use_socket(fd, Rights::Read));
    security::Reservation slot = TRY(task.files()->reserve(descriptor_limit()));
    Ref<ipc::Socket> accepted = TRY(socket->accept(flags, task.credentials()));
    if (address.value != 0) {
        ipc::Address peer;
        TRY(accepted->peer_name(peer));
        TRY(write_address(peer, address.value, size));
    }
    const Rights rights = accepted->rights();
    return slot.commit({std::move(accepted), rights}, on_exec(flags));
}

Answer<NewDescriptor> sys_accept(Context& context, Descriptor fd, UserAddress address,
                                 OrNull<AddressSize> size) {
    return sys_accept4(context, fd, address, size, SocketFlags::None);
}

// LINUX: the address is copied before the descriptor is checked for being a socket.
Result<> sys_connect(Context&, Descriptor fd, InBytes<2> address, SignedSize size) {
    (void)TRY(use_file(fd, Rights::Control));
    const ipc::Address wanted = TRY(read_address(address.address, size));
    const SocketUse socket = TRY(use_socket(fd, Rights::Configure));
    return socket->connect(wanted, current_task().caller(), effective_credentials());
}

Result<> sys_getsockname(Context&, Descriptor fd, UserAddress address, AddressSize size) {
    const SocketUse socket = TRY(use_socket(fd, Rights::Inspect));
    ipc::Address name;
    TRY(socket->name(name));
    return write_address(name, address.value, size);
}

Result<> sys_getpeername(Context&, Descriptor fd, UserAddress address, AddressSize size) {
    const SocketUse socket = TRY(use_socket(fd, Rights::Inspect));
    ipc::Address name;
    TRY(socket->peer_name(name));
    return write_address(name, address.value, size);
}

Result<> sys_shutdown(Context&, Descriptor fd, abi::ShutdownHow how) {
    const SocketUse socket = TRY(use_socket(fd, Rights::Configure));
    switch (how) {
        case abi::ShutdownHow::Read: return socket->shut_down(ipc::Shut::Receiving);
        case abi::ShutdownHow::Write: return socket->shut_down(ipc::Shut::Sending);
        case abi::ShutdownHow::Both: return socket->shut_down(ipc::Shut::Both);
        default: return Error::Einval;
    }
}

}  // namespace exo::posix_x
