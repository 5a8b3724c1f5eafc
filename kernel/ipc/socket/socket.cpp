#include "ipc/socket/socket.hpp"

#include "abi/linux/statfs.hpp"
#include "fs/file/anonymous.hpp"
#include "time/clock.hpp"
#include "utils/format.hpp"

namespace exo::ipc {

namespace {

struct State {
    Ref<fs::FileSystem> file_system;
};
[[clang::no_destroy]] constinit State state;
constinit OwnCredentials own_credentials_teller = nullptr;

}  // namespace

Socket::Socket(Ref<fs::Inode> inode, abi::OpenFlags flags, abi::AddressFamily family, abi::SocketType type)
    : File({}, std::move(inode), flags, {}),
      family_(family),
      type_(type) {}

void set_own_credentials(OwnCredentials teller) { own_credentials_teller = teller; }

abi::ucred own_credentials() {
    return own_credentials_teller != nullptr ? own_credentials_teller() : abi::ucred{};
}

// LINUX: __sock_recv_timestamp.
Result<> add_timestamp(const SocketOptions& options, u64 arrival, Message& message) {
    const bool in_ns = options.has(abi::SocketOption::TimestampNs);
    if (!in_ns && !options.has(abi::SocketOption::Timestamp)) return {};
    struct {
        i64 seconds;
        i64 fraction;
    } value;
    const u64 time = arrival != 0 ? arrival : time::realtime();
    value.seconds = static_cast<i64>(time / time::SECOND);
    value.fraction = static_cast<i64>(time % time::SECOND / (in_ns ? 1 : 1000));
    const abi::SocketOption type = in_ns ? abi::SocketOption::TimestampNs : abi::SocketOption::Timestamp;
    ControlPiece piece{.level = std::to_underlying(abi::SocketLevel::Socket),
                       .type = std::to_underlying(type),
                       .size = sizeof(value)};
    std::memcpy(piece.bytes.data(), &value, sizeof(value));
    return message.control.push(piece);
}

Result<Socket*> as_socket(fs::File& file) {
    if (&file.inode().file_system() != state.file_system.get()) return Error::Enotsock;
    return static_cast<Socket*>(&file);
}

Result<Ref<fs::Inode>> make_socket_inode(const fs::Credentials& credentials) {
    const fs::NewNode node{.mode = abi::mode::SOCKET | 0777, .uid = credentials.uid, .gid = credentials.gid};
    Ref<fs::Inode> inode = TRY(make_ref<fs::AnonymousInode>(state.file_system, node));
    inode->set_times({});  // LINUX: new_inode_pseudo: a socket has no times
    return inode;
}

Result<> Socket::append_description(String& out) {
    return format_append(out, "socket:[{}]", inode().number());
}

Result<> init_sockets() {
    state.file_system = TRY(make_ref<fs::AnonymousFileSystem>("sockfs", abi::magic::SOCKFS));
    return {};
}

}  // namespace exo::ipc
