#include "net/socket/tcp_socket.hpp"

#include "net/link/activity.hpp"

namespace exo::net {

using abi::PollEvents;
using abi::SocketOption;
using tcp::Connection;
using tcp::Listener;
using tcp::Nanoseconds;
using tcp::State;

namespace {

bool is_opening(State state) { return state == State::SynSent || state == State::SynReceived; }

}  // namespace

TcpSocket::TcpSocket(Ref<fs::Inode> inode, abi::OpenFlags flags, Ref<tcp::SocketQueues> queues,
                     Ref<Connection> connection)
    : InetSocket(std::move(inode), flags, abi::SocketType::Stream, Protocol::Tcp),
      queues_(std::move(queues)) {
    queues_->inode_number.store(this->inode().number(), std::memory_order_relaxed);
    queues_->owner.store(this->inode().uid(), std::memory_order_relaxed);
    Setup& setup = setup_.unsafe_value();
    setup.known_send_buffer = setup.settings.send_buffer;
    setup.known_receive_buffer = setup.settings.receive_buffer;
    options().send_buffer.store(setup.known_send_buffer, std::memory_order_relaxed);
    options().receive_buffer.store(setup.known_receive_buffer, std::memory_order_relaxed);
    if (!connection) return;
    setup.local = connection->flow().local;
    setup.port = connection->port();
    set_current(std::move(connection), nullptr);
}

TcpSocket::~TcpSocket() {
    queues_->inode_number.store(0, std::memory_order_relaxed);
    // LINUX: __tcp_close.
    const Ref<Listener> listening = listener();
    if (listening) {
        const Activity activity;
        listening->close();
    }
    if (const Ref<Connection> open = connection()) {
        const bool lingers = options().has(SocketOption::Linger);
        const bool resets = !open->become_orphan() ||
                            (lingers && options().linger_seconds.load(std::memory_order_relaxed) == 0);
        open->with([&](ControlBlock& block, Nanoseconds now) {
            block.close(resets ? ControlBlock::Closing::Reset : ControlBlock::Closing::Orderly, now);
        });
        if (lingers && !resets) linger(*open);
    }
}

/// Waits until the peer has everything, as long as SO_LINGER says.
void TcpSocket::linger(Connection& connection) {
    const auto is_over = [&] {
        return connection.look([](ControlBlock& block) {
            return block.state() != State::FinWait1 && block.state() != State::Closing &&
                   block.state() != State::LastAck;
        });
    };
    const u64 seconds = static_cast<u32>(options().linger_seconds.load(std::memory_order_relaxed));
    const time::Deadline deadline = time::Deadline::after(seconds * time::SECOND);
    (void)queues_->writable.wait(scheduler::WaitMode::Interruptible, is_over, deadline);
}

void TcpSocket::set_current(Ref<Connection> connection, Ref<Listener> listener) {
    const auto current = current_.lock();
    is_listening_.store(static_cast<bool>(listener), std::memory_order_relaxed);
    // The old ones are destroyed by the caller's parameters, without the lock.
    std::swap(current->connection, connection);
    std::swap(current->listener, listener);
}

tcp::IpFields TcpSocket::ip_fields() const {
    const Outgoing like = outgoing(ANY_ADDRESS, ANY_ADDRESS);
    tcp::IpFields fields{
        .ttl = like.ttl, .tos = like.tos, .fragmenting = like.fragmenting, .interface = bound_interface()};
    // Segments are made to fit; DF tells the routers to say so where they do not.
    if (fields.fragmenting == Fragmenting::HereOnly) fields.fragmenting = Fragmenting::Forbidden;
    return fields;
}

tcp::PortHold::Request TcpSocket::port_request(Endpoint local, const fs::Credentials* credentials) const {
    (void)credentials;
    return {.local = local,
            .interface = bound_interface(),
            .user = inode().uid(),
            .reuses_address = options().has(SocketOption::ReuseAddress),
            .reuses_port = options().has(SocketOption::ReusePort)};
}

// ---- bind, listen, accept.

Result<> TcpSocket::bind(const ipc::Address& address, const Caller& caller) {
    const Endpoint wanted = TRY(check_bind(address, caller));
    if (const AddressKind kind = kind_of(wanted.address);
        (kind == AddressKind::Broadcast || kind == AddressKind::Multicast) && !wanted.address.is_any())
        return Error::Eaddrnotavail;
    const auto setup = setup_.lock();
    if (setup->port || connection() || listener()) return Error::Einval;
    if (wanted.port == 0 && ip_.is_on(IpFlag::BindAddressNoPort)) {
        // LINUX: __inet_bind: connect chooses the port, which other destinations may share.
        setup->local = wanted;
        return {};
    }
    setup->port = TRY(tcp::PortHold::bind(port_request(wanted, &caller.credentials)));
    setup->local = {wanted.address, setup->port->port()};
    return {};
}

Result<> TcpSocket::listen(u32 backlog, const abi::ucred&) {
    // LINUX: inet_listen.
    const auto setup = setup_.lock();
    if (const Ref<Listener> present = listener()) {
        present->set_backlog(backlog);
        return {};
    }
    if (const Ref<Connection> present = connection()) {
        if (setup->is_connecting ||
            present->look([](ControlBlock& block) { return block.state() != State::Closed; }))
            return Error::Einval;
        return Error::Einval;
    }
    if (!setup->port) {
        setup->port = TRY(tcp::PortHold::bind(port_request(setup->local, nullptr)));
        setup->local.port = setup->port->port();
    }
    read_options(*setup);
    Ref<Listener> fresh = TRY(Listener::start(setup->port, backlog, setup->settings, ip_fields(), queues_));
    fresh->set_defer_accept(setup->defer_accept);
    set_current(nullptr, std::move(fresh));
    return {};
}

Result<Ref<ipc::Socket>> TcpSocket::accept(abi::OpenFlags flags, const fs::Credentials& credentials) {
    const Ref<Listener> listening = listener();
    if (!listening) return Error::Einval;
    Ref<Connection> taken = TRY(ipc::wait_until(
        queues_->readable, receive_wait(abi::MessageFlags::None),
        [&] { return listening->waiting() != 0 || !accepts_connections(); },
        [&] { return listening->take(); }));
    const auto make = [&]() -> Result<Ref<TcpSocket>> {
        TRY(fs::check_open_file_count(credentials));
        const abi::OpenFlags status = abi::OpenFlags::Rdwr | (flags & abi::OpenFlags::Nonblock);
        Ref<fs::Inode> node = TRY(ipc::make_socket_inode(credentials));
        return make_ref<TcpSocket>(std::move(node), status, taken->queues(), taken);
    };
    Result<Ref<TcpSocket>> made = make();
    if (!made) {
        taken->with(
            [](ControlBlock& block, Nanoseconds now) { block.close(ControlBlock::Closing::Reset, now); });
        return made.error();
    }
    copy_options_to(**made);
    taken->look([&](ControlBlock& block) {
        (*made)->setup_.unsafe_value().settings = block.settings;
        (*made)->show_buffers(block);
        return 0;
    });
    return Ref<ipc::Socket>(std::move(*made));
}

/// LINUX: sk_clone_lock: an accepted socket has the options of the one that listened.
void TcpSocket::copy_options_to(TcpSocket& child) const {
    const ipc::SocketOptions& own = options();
    ipc::SocketOptions& other = child.options();
    const auto copy = [](const auto& from, auto& to) {
        to.store(from.load(std::memory_order_relaxed), std::memory_order_relaxed);
    };
    copy(own.flags, other.flags);
    copy(own.receive_low_water, other.receive_low_water);
    copy(own.priority, other.priority);
    copy(own.linger_seconds, other.linger_seconds);
    copy(own.receive_patience, other.receive_patience);
    copy(own.send_patience, other.send_patience);
    copy(ip_.flags, child.ip_.flags);
    copy(ip_.ttl, child.ip_.ttl);
    copy(ip_.tos, child.ip_.tos);
    copy(ip_.mtu_discovery, child.ip_.mtu_discovery);
}

// ---- connect.

Result<> TcpSocket::connect(const ipc::Address& address, const Caller& caller, const abi::ucred&) {
    // LINUX: __inet_stream_connect.
    if (address.size < abi::ADDRESS_FAMILY_SIZE) return Error::Einval;
    Ref<Connection> waited;
    bool is_new = false;
    {
        const auto setup = setup_.lock();
        if (address.family() == abi::AddressFamily::Unspec) {
            disconnect(*setup);
            return {};
        }
        waited = connection();
        if (!setup->is_connecting) {
            if (waited || listener()) return Error::Eisconn;
            const Endpoint peer = TRY(endpoint_from(address));
            TRY(start_connecting(*setup, peer, caller));
            waited = connection();
            is_new = true;
        }
    }
    if (!waited) return Error::Econnaborted;
    TRY(wait_for_connection(waited, is_new));
    const auto setup = setup_.lock();
    if (!setup->is_connecting || connection() != waited) return {};
    return finish_connecting(*setup, *waited);
}

/// LINUX: tcp_v4_connect.
Result<> TcpSocket::start_connecting(Setup& setup, Endpoint peer, const Caller& caller) {
    const Route route = TRY(route_to(peer.address, setup.local.address));
    if (route.kind == RouteKind::Broadcast || route.kind == RouteKind::Multicast) return Error::Enetunreach;
    if (!may_leave({route.destination, peer.port}, Protocol::Tcp, *route.interface)) return Error::Eacces;
    read_options(setup);
    const Endpoint local{setup.local.address.is_any() ? route.source : setup.local.address, setup.local.port};
    Ref<Connection> opened =
        TRY(Connection::open(local, {route.destination, peer.port}, setup.port,
                             port_request(local, &caller.credentials), setup.settings, ip_fields(), queues_));
    setup.is_connecting = true;
    set_current(std::move(opened), nullptr);
    return {};
}

Result<> TcpSocket::wait_for_connection(const Ref<Connection>& connection, bool is_new) {
    const ipc::Wait wait = send_wait(abi::MessageFlags::None);
    const auto is_over = [&] {
        return connection->look([](ControlBlock& block) { return !is_opening(block.state()); });
    };
    if (!wait.may_block) {
        // LINUX: a call that has only begun is told so, even where the peer has answered already.
        if (is_new) return Error::Einprogress;
        return is_over() ? Result<>() : Result<>(Error::Ealready);
    }
    const time::Deadline deadline =
        wait.patience == ipc::NO_END ? time::Deadline::never() : time::Deadline::after(wait.patience);
    const Result<> waited = queues_->writable.wait(scheduler::WaitMode::Interruptible, is_over, deadline);
    if (waited) return {};
    if (waited.error() == Error::Etimedout) return is_new ? Error::Einprogress : Error::Ealready;
    return wait.patience == ipc::NO_END ? waited.error() : Error::Eintr;
}

/// Tells the outcome of an attempt that is over.
Result<> TcpSocket::finish_connecting(Setup& setup, Connection& connection) {
    setup.is_connecting = false;
    Error failure{};
    bool has_failed = false;
    connection.look([&](ControlBlock& block) {
        // The connection may have been made and closed by the peer since.
        has_failed = block.state() == State::Closed;
        failure = block.take_error();
        show_buffers(block);
        return 0;
    });
    if (!has_failed) return {};
    set_current(nullptr, nullptr);
    return failure != Error{} ? failure : Error::Econnaborted;
}

/// connect(2) with AF_UNSPEC. LINUX: tcp_disconnect.
void TcpSocket::disconnect(Setup& setup) {
    if (const Ref<Listener> listening = listener()) {
        const Activity activity;
        listening->close();
    }
    if (const Ref<Connection> open = connection())
        open->with([](ControlBlock& block, Nanoseconds now) { block.abort(now); });
    // LINUX: tcp_disconnect: the port stays, an address that bind has not chosen goes.
    if (const Ref<Connection> open = connection()) {
        if (!setup.port) setup.local = {ANY_ADDRESS, open->flow().local.port};
        set_error(Error::Econnreset);
    }
    set_current(nullptr, nullptr);
    setup.is_connecting = false;
    queues_->readable.wake_all();
    queues_->writable.wake_all();
}

// ---- Names, shutdown, errors.

Result<> TcpSocket::name(ipc::Address& out) {
    if (const Ref<Connection> open = connection()) {
        write_endpoint(open->flow().local, out);
        return {};
    }
    const auto setup = setup_.lock();
    write_endpoint(setup->local, out);
    return {};
}

Result<> TcpSocket::peer_name(ipc::Address& out) {
    // LINUX: inet_getname.
    const Ref<Connection> open = connection();
    if (!open) return Error::Enotconn;
    const State state = open->look([](ControlBlock& block) { return block.state(); });
    if (state == State::Closed || state == State::SynSent) return Error::Enotconn;
    write_endpoint(open->flow().remote, out);
    return {};
}

std::optional<Ipv4Address> TcpSocket::peer_address() {
    const Ref<Connection> open = connection();
    return open ? std::optional(open->flow().remote.address) : std::nullopt;
}

Result<> TcpSocket::shut_down(ipc::Shut directions) {
    // LINUX: inet_shutdown.
    const auto setup = setup_.lock();
    if (listener()) {
        if (ipc::has(directions, ipc::Shut::Receiving)) disconnect(*setup);
        return {};
    }
    const Ref<Connection> open = connection();
    if (!open) {
        // LINUX: inet_shutdown: what is not connected is told so, but is shut all the same.
        if (ipc::has(directions, ipc::Shut::Receiving))
            is_shut_before_.store(true, std::memory_order_relaxed);
        return Error::Enotconn;
    }
    const State before = open->look([](ControlBlock& block) { return block.state(); });
    if (before == State::SynSent) {
        disconnect(*setup);
        return {};
    }
    open->with([&](ControlBlock& block, Nanoseconds now) {
        if (ipc::has(directions, ipc::Shut::Receiving)) block.shut_receiving();
        if (ipc::has(directions, ipc::Shut::Sending)) block.shut_sending(now);
    });
    queues_->readable.wake_all();
    queues_->writable.wake_all();
    return before == State::Closed ? Result<>(Error::Enotconn) : Result<>();
}

i32 TcpSocket::take_error() {
    if (const Ref<Connection> open = connection()) {
        const Error error = open->look([](ControlBlock& block) { return block.take_error(); });
        if (error != Error{}) return static_cast<i32>(error);
    }
    return InetSocket::take_error();
}

// ---- poll.

fs::PollEvents TcpSocket::poll(fs::PollTable* table) {
    // LINUX: tcp_poll.
    if (table != nullptr) {
        table->add(queues_->readable, queues_.get());
        table->add(queues_->writable, queues_.get());
    }
    if (const Ref<Listener> listening = listener())
        return listening->waiting() != 0 ? PollEvents::In | PollEvents::Rdnorm : PollEvents::None;
    const Ref<Connection> open = connection();
    if (!open)
        return PollEvents::Out | PollEvents::Wrnorm | PollEvents::Hup |
               (has_error() ? PollEvents::Err : PollEvents::None);
    const u32 low_water =
        static_cast<u32>(std::max(options().receive_low_water.load(std::memory_order_relaxed), 1));
    const bool is_inline = options().has(SocketOption::OutOfBandInline);
    const bool has_network_error = has_error() || has_queued_errors();
    return open->look([&](ControlBlock& block) {
        PollEvents events = PollEvents::None;
        const State state = block.state();
        const bool is_closed = state == State::Closed;
        const bool is_receiving_shut = is_closed || block.is_peer_done() || block.is_receiving_shut();
        const bool is_sending_shut = is_closed || block.is_sending_shut();
        if ((is_receiving_shut && is_sending_shut) || is_closed) events |= PollEvents::Hup;
        if (is_receiving_shut) events |= PollEvents::In | PollEvents::Rdnorm | PollEvents::Rdhup;
        if (!is_opening(state)) {
            const u32 target = low_water + (block.is_at_mark() && !is_inline ? 1 : 0);
            if (block.arrivals().readable() >= target) events |= PollEvents::In | PollEvents::Rdnorm;
            if (is_sending_shut || Connection::is_writable(block))
                events |= PollEvents::Out | PollEvents::Wrnorm;
            else
                open->want_room();
            if (block.has_urgent_byte()) events |= PollEvents::Pri;
        }
        if (block.error() != Error{} || has_network_error) events |= PollEvents::Err;
        return events;
    });
}

Result<u64> TcpSocket::readable_bytes() {
    if (listener()) return Error::Einval;
    const Ref<Connection> open = connection();
    if (!open) return 0ULL;
    return open->look([](ControlBlock& block) -> u64 {
        if (is_opening(block.state())) return 0;
        const u32 readable = block.arrivals().readable();
        const std::optional<u32> urgent = block.urgent_distance();
        // LINUX: tcp_inq: bytes behind the urgent one are not counted.
        return urgent && *urgent < readable && *urgent != 0 && !block.settings.inlines_urgent ? *urgent
                                                                                              : readable;
    });
}

u64 TcpSocket::held_bytes() const {
    const Ref<Connection> open = connection();
    if (!open) return 0;
    return open->look(
        [](ControlBlock& block) -> u64 { return u64{block.arrivals().readable()} + block.unacknowledged(); });
}

}  // namespace exo::net
