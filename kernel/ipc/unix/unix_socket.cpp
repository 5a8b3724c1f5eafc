#include "ipc/unix/unix_socket.hpp"

#include <algorithm>

#include "fs/tree/permission.hpp"
#include "ipc/unix/in_flight.hpp"
#include "scheduler/preemption.hpp"
#include "utils/format.hpp"
#include "vm/user_memory.hpp"

namespace exo::ipc {

using abi::SocketType;

namespace {

std::string_view text_of(std::span<const u8> name) {
    // SAFETY: bytes are characters.
    return {reinterpret_cast<const char*>(name.data()), name.size()};
}

/// The end that is bound to a path. Errors: those of path_resolution(7), Eacces (no permission to write),
/// Econnrefused (no open socket is bound to it), Eprototype.
Result<Ref<UnixEnd>> find_by_path(std::string_view path, SocketType type, const fs::Caller& caller) {
    const fs::Path place = TRY(fs::resolve(caller, {}, path, fs::WalkFlags::FollowLast));
    fs::Inode& inode = place.inode();
    TRY(fs::check_permission(inode, abi::AccessMode::Write, caller.credentials));
    if ((inode.mode() & abi::mode::TYPE_MASK) != abi::mode::SOCKET) return Error::Econnrefused;
    Ref<UnixEnd> end;
    {
        const auto content = inode.content_lock.lock();
        end = static_ref_cast<UnixEnd>(content->shared_state);
    }
    if (!end) return Error::Econnrefused;
    if (end->type() != type) return Error::Eprototype;
    return end;
}

Result<Ref<UnixEnd>> find_end(const Address& address, SocketType type, const fs::Caller& caller) {
    const std::span<const u8> name = TRY(unix_name(address));
    if (name.empty() || name.front() != 0) return find_by_path(text_of(name), type, caller);
    Ref<UnixEnd> end = UnixAddress::find(type, name);
    return end ? Result<Ref<UnixEnd>>(std::move(end)) : Result<Ref<UnixEnd>>(Error::Econnrefused);
}

Result<Ref<Socket>> wrap(Ref<UnixEnd> end, abi::OpenFlags flags, const fs::Credentials& credentials) {
    TRY(fs::check_open_file_count(credentials));
    const abi::OpenFlags status = abi::OpenFlags::Rdwr | (flags & abi::OpenFlags::Nonblock);
    return TRY(make_ref<UnixSocket>(TRY(make_socket_inode(credentials)), status, std::move(end)));
}

Result<> check_type(SocketType type) {
    const bool is_known =
        type == SocketType::Stream || type == SocketType::Dgram || type == SocketType::Seqpacket;
    return is_known ? Result<>() : Result<>(Error::Esocktnosupport);
}

}  // namespace

// LINUX: unix_create: a raw one is a datagram socket.
Result<Ref<Socket>> create_unix_socket(SocketType type, abi::OpenFlags flags,
                                       const fs::Credentials& credentials) {
    if (type == SocketType::Raw) type = SocketType::Dgram;
    TRY(check_type(type));
    return wrap(TRY(make_ref<UnixEnd>(type)), flags, credentials);
}

Result<SocketPair> create_unix_pair(SocketType type, abi::OpenFlags flags, const fs::Credentials& credentials,
                                    const abi::ucred& self) {
    if (type == SocketType::Raw) type = SocketType::Dgram;
    TRY(check_type(type));
    Ref<UnixEnd> one = TRY(make_ref<UnixEnd>(type));
    Ref<UnixEnd> other = TRY(make_ref<UnixEnd>(type));
    SocketPair pair;
    pair.first = TRY(wrap(one, flags, credentials));
    pair.second = TRY(wrap(other, flags, credentials));
    UnixEnd::connect_pair(*one, *other, self);
    return pair;
}

UnixSocket::UnixSocket(Ref<fs::Inode> inode, abi::OpenFlags flags, Ref<UnixEnd> end)
    : Socket(std::move(inode), flags, abi::AddressFamily::Unix, end->type()),
      end_(std::move(end)) {
    end_->file.store(this, std::memory_order_relaxed);
}

UnixSocket::~UnixSocket() {
    end_->file.store(nullptr, std::memory_order_relaxed);
    end_->close();
    if (place_) {
        fs::Inode& inode = place_.inode();
        Ref<Object> bound;
        const auto content = inode.content_lock.lock();
        if (content->shared_state.get() == end_.get()) bound = std::move(content->shared_state);
    }
    collect_circles_if_due();
}

Result<> UnixSocket::bind_to_path(std::string_view path, const Caller& caller) {
    const u32 mode = abi::mode::SOCKET | (inode().mode() & 07777);
    const Result<> made = fs::make_node(caller, {}, path, mode, {});
    if (!made) return made.error() == Error::Eexist ? Error::Eaddrinuse : made.error();
    const Result<fs::Path> place = fs::resolve(caller, {}, path, fs::WalkFlags::None);
    if (!place) return place.error();
    // SAFETY: characters are bytes.
    const std::span<const u8> name(reinterpret_cast<const u8*>(path.data()), path.size());
    Result<Ref<UnixAddress>> address = UnixAddress::create(type(), name);
    const Result<> bound = address ? end_->set_address(std::move(*address)) : Result<>(address.error());
    if (!bound) {
        (void)fs::unlink(caller, {}, path);
        return bound;
    }
    place_ = *place;
    const auto content = place_.inode().content_lock.lock();
    content->shared_state = end_;
    return {};
}

/// LINUX: unix_autobind: binds to an unused abstract name of five hexadecimal digits.
Result<> UnixSocket::bind_to_any() {
    static constinit std::atomic<u32> next_name{0};
    constexpr u32 NAMES = 1 << 20;
    if (end_->address()) return {};
    for (u32 tries = 0; tries < NAMES; ++tries) {
        char text[6] = {};
        usize used = 1;
        format_to([&](std::string_view piece) { used += piece.copy(text + used, sizeof(text) - used); },
                  "{:05x}", next_name.fetch_add(1, std::memory_order_relaxed) % NAMES);
        // SAFETY: characters are bytes.
        const std::span<const u8> name(reinterpret_cast<const u8*>(text), sizeof(text));
        Ref<UnixAddress> address = TRY(UnixAddress::create(type(), name));
        const Result<> published = address->publish(*end_);
        if (published) return end_->set_address(std::move(address));
        if (published.error() != Error::Eaddrinuse) return published;
        TRY(scheduler::preempt_point(scheduler::WaitMode::Killable));
    }
    return Error::Enospc;
}

/// LINUX: unix_autobind: a socket with SO_PASSCRED that has no name gets one as it sends a packet or connects.
Result<> UnixSocket::bind_if_credentials_are_told() {
    if (!options().has(abi::SocketOption::PassCredentials)) return {};
    return bind_to_any();
}

Result<> UnixSocket::bind(const Address& address, const Caller& caller) {
    if (address.size == abi::ADDRESS_FAMILY_SIZE && address.family() == abi::AddressFamily::Unix)
        return bind_to_any();
    const std::span<const u8> name = TRY(unix_name(address));
    if (name.front() != 0) return bind_to_path(text_of(name), caller);
    if (end_->address()) return Error::Einval;
    Ref<UnixAddress> own = TRY(UnixAddress::create(type(), name));
    TRY(own->publish(*end_));
    return end_->set_address(std::move(own));
}

Result<Ref<Socket>> UnixSocket::accept(abi::OpenFlags flags, const fs::Credentials& credentials) {
    if (!end_->has_connections()) return Error::Eopnotsupp;
    Ref<UnixEnd> end = TRY(end_->accept(receive_wait(abi::MessageFlags::None)));
    Result<Ref<Socket>> accepted = wrap(end, flags, credentials);
    if (!accepted) {
        end->close();
        return accepted;
    }
    (*accepted)->options().set(abi::SocketOption::PassCredentials,
                               options().has(abi::SocketOption::PassCredentials));
    (*accepted)->options_changed();
    return accepted;
}

Result<> UnixSocket::connect(const Address& address, const Caller& caller, const abi::ucred& self) {
    if (!end_->has_connections()) {
        if (address.size < abi::ADDRESS_FAMILY_SIZE) return Error::Einval;
        if (address.family() == abi::AddressFamily::Unspec) return end_->set_peer(nullptr);
    }
    (void)TRY(unix_name(address));
    TRY(bind_if_credentials_are_told());
    while (true) {
        Ref<UnixEnd> other = TRY(find_end(address, type(), caller));
        if (!end_->has_connections()) return end_->set_peer(std::move(other));
        const Result<> connected =
            end_->connect_to_listener(*other, send_wait(abi::MessageFlags::None), self);
        if (connected || connected.error() != Error::Estale) return connected;
    }
}

/// Only the family, of a socket without a name.
static void write_name(const Ref<UnixAddress>& address, Address& out) {
    const auto family = static_cast<u16>(abi::AddressFamily::Unix);
    out = {};
    out.size = sizeof(family);
    std::memcpy(out.bytes.data(), &family, sizeof(family));
    if (address) address->copy_to(out);
}

Result<> UnixSocket::name(Address& out) {
    write_name(end_->address(), out);
    return {};
}

Result<> UnixSocket::peer_name(Address& out) {
    const Ref<UnixEnd> peer = end_->peer();
    if (!peer) return Error::Enotconn;
    write_name(peer->address(), out);
    return {};
}

Result<> UnixSocket::shut_down(Shut directions) {
    end_->shut_down(directions);
    return {};
}

Result<usize> UnixSocket::send_to(Ref<UnixEnd> receiver, vm::InBuffer& data, Message& message,
                                  const Sender& sender) {
    const SendContext context{.wait = send_wait(message.flags),
                              .send_buffer = options().send_buffer.load(std::memory_order_relaxed),
                              .tells_credentials = options().has(abi::SocketOption::PassCredentials),
                              .self = sender.self,
                              .payer = Ref<security::UserRecord>(sender.payer),
                              .most_in_flight = sender.most_in_flight};
    if (type() == SocketType::Stream) return end_->send_stream(data, message, context);
    return end_->send_packet(data, message, context, std::move(receiver));
}

// LINUX: unix_seqpacket_sendmsg: the connection is looked at before what is sent.
Result<> UnixSocket::check_sending() {
    if (type() != SocketType::Seqpacket) return {};
    if (const i32 error = take_error(); error != 0) return static_cast<Error>(error);
    return end_->phase() == UnixEnd::Phase::Connected ? Result<>() : Result<>(Error::Enotconn);
}

Result<usize> UnixSocket::send(vm::InBuffer& data, Message& message, const Caller& caller,
                               const Sender& sender) {
    TRY(check_sending());
    if (abi::has(message.flags, abi::MessageFlags::OutOfBand)) return Error::Eopnotsupp;
    if (type() == SocketType::Seqpacket)
        message.address = {};  // LINUX: a connection's packets have no other way to go
    if (type() == SocketType::Stream) return send_to(nullptr, data, message, sender);
    if (message.address.size == 0) {
        TRY(bind_if_credentials_are_told());
        return send_to(nullptr, data, message, sender);
    }
    (void)TRY(unix_name(message.address));
    TRY(bind_if_credentials_are_told());
    if (data.remaining() > options().send_buffer.load(std::memory_order_relaxed) - 32) return Error::Emsgsize;
    if (const i32 error = take_error(); error != 0) return static_cast<Error>(error);
    if (end_->is_shut(Shut::Sending)) return Error::Epipe;
    Ref<UnixEnd> receiver = TRY(find_end(message.address, type(), caller));
    const Result<usize> sent = send_to(std::move(receiver), data, message, sender);
    // It was closed after it was found.
    return sent || sent.error() != Error::Estale ? sent : Result<usize>(Error::Econnrefused);
}

Result<usize> UnixSocket::receive(vm::OutBuffer& data, Message& message) {
    const i32 low_water = options().receive_low_water.load(std::memory_order_relaxed);
    const UnixEnd::ReceiveContext context{
        .wait = receive_wait(message.flags),
        .wants_credentials = options().has(abi::SocketOption::PassCredentials),
        .low_water = static_cast<usize>(std::max(low_water, 1))};
    if (abi::has(message.flags, abi::MessageFlags::OutOfBand))
        return type() == SocketType::Stream ? Error::Einval : Error::Eopnotsupp;
    if (type() == SocketType::Stream) return end_->receive_stream(data, message, context);
    const Result<usize> received = end_->receive_packet(data, message, context);
    if (received) TRY(add_timestamp(options(), 0, message));
    return received;
}

void UnixSocket::options_changed() {
    end_->send_buffer.store(options().send_buffer.load(std::memory_order_relaxed), std::memory_order_relaxed);
    end_->passes_credentials.store(options().has(abi::SocketOption::PassCredentials),
                                   std::memory_order_relaxed);
}

Result<usize> UnixSocket::do_read(vm::OutBuffer& to, u64) {
    if (to.remaining() == 0) return 0UZ;  // LINUX: sock_read_iter
    [[clang::uninitialized]] Message message{Address::Unwritten{}};
    return receive(to, message);
}

Result<usize> UnixSocket::do_write(vm::InBuffer& from, u64&, const fs::WriteContext& context) {
    TRY(check_sending());
    if (type() != SocketType::Stream) TRY(bind_if_credentials_are_told());
    [[clang::uninitialized]] Message message{Address::Unwritten{}};
    return send_to(nullptr, from, message, {.self = own_credentials(), .payer = context.credentials.payer});
}

fs::PollEvents UnixSocket::poll(fs::PollTable* table) {
    return end_->poll(table, options().send_buffer.load(std::memory_order_relaxed));
}

Result<u64> UnixSocket::readable_bytes() {
    if (accepts_connections()) return Error::Einval;
    return u64{end_->readable_bytes()};
}

Result<u64> UnixSocket::ioctl(fs::FileCommand request) {
    if (!request.is(abi::SocketIoctl::OutputQueue)) return Error::Enotty;
    TRY(vm::UserOut<u32>(request.argument).write(end_->sent_bytes()));
    return 0ULL;
}

}  // namespace exo::ipc
