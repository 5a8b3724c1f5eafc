// Connections of Unix sockets: how they are made and how they end. LINUX: unix_stream_connect, unix_dgram_connect, unix_accept,
// unix_shutdown, unix_release_sock.
#include "ipc/unix/in_flight.hpp"
#include "ipc/unix/unix_end.hpp"

namespace exo::ipc {

void UnixEnd::connect_pair(UnixEnd& one, UnixEnd& other, const abi::ucred& credentials) {
    const auto connect = [&](UnixEnd& end, UnixEnd& peer) {
        State& state = end.state_.unsafe_value();
        state.peer = Ref<UnixEnd>(&peer);
        state.peer_credentials = credentials;
        if (end.has_connections()) end.phase_.store(Phase::Connected, std::memory_order_release);
    };
    connect(one, other);
    connect(other, one);
}

Result<> UnixEnd::listen(u32 backlog, const abi::ucred& self) {
    if (!has_connections()) return Error::Eopnotsupp;
    auto state = state_.lock();
    if (!state->address || phase() == Phase::Connected) return Error::Einval;
    state->own_credentials = self;
    state->peer_credentials =
        self;  // LINUX: unix_listen: SO_PEERCRED of a listening socket gives its own credentials
    most_queued_.store(backlog, std::memory_order_relaxed);
    phase_.store(Phase::Listening, std::memory_order_release);
    state.unlock();
    tell_room();
    return {};
}

/// Fresh becomes Connected. Errors: Eisconn, Einval (it listens).
Result<> UnixEnd::begin_connection() {
    Phase before = Phase::Fresh;
    if (phase_.compare_exchange_strong(before, Phase::Connected, std::memory_order_acq_rel)) return {};
    return before == Phase::Connected ? Error::Eisconn : Error::Einval;
}

Result<> UnixEnd::connect_to_listener(UnixEnd& listener, Wait wait, const abi::ucred& self) {
    Ref<UnixEnd> far = TRY(make_ref<UnixEnd>(type_));
    Packet* packet = TRY(Packet::for_connection(far));
    far->phase_.store(Phase::Connected, std::memory_order_release);
    State& fars = far->state_.unsafe_value();  // no other thread has the far end before it is in the queue
    fars.peer = Ref<UnixEnd>(this);
    fars.peer_credentials = self;
    abi::ucred listeners{};
    const auto attempt = [&]() -> Result<> {
        auto queue = listener.state_.lock();
        if (!queue->is_open) return Error::Estale;
        if (listener.phase() != Phase::Listening || listener.is_shut(Shut::Receiving))
            return Error::Econnrefused;
        if (listener.is_full()) return Error::Eagain;
        TRY(begin_connection());
        fars.address = queue->address;
        listeners = queue->own_credentials;
        listener.append(*queue, *packet);
        return {};
    };
    const auto may_go_on = [&] {
        return !listener.is_full() || listener.phase() != Phase::Listening ||
               listener.is_shut(Shut::Receiving);
    };
    if (const Result<> connected = wait_until(listener.room_, wait, may_go_on, attempt); !connected) {
        packet->connection = nullptr;  // no other thread knows of it
        delete packet;
        return connected;
    }
    {
        auto own = state_.lock();
        own->peer = std::move(far);
        own->peer_credentials = listeners;
    }
    listener.readable_.wake_one(READABLE);
    return {};
}

Result<> UnixEnd::set_peer(Ref<UnixEnd> peer) {
    if (peer) {
        const Ref<UnixEnd> its_peer = peer->peer();
        if (its_peer && its_peer.get() != this) return Error::Eperm;
    }
    Ref<UnixEnd> old = peer;
    {
        auto state = state_.lock();
        std::swap(state->peer, old);
        if (!peer) phase_.store(Phase::Fresh, std::memory_order_release);
    }
    if (!old || old == peer) return {};
    old->forget_blocked(*this);
    // LINUX: unix_dgram_disconnected: what the old peer has sent is not for the new one, and it learns that it has lost its own.
    if (queued_.load(std::memory_order_seq_cst) != 0) {
        drop_packets();
        tell_room();
        if (old->peer().get() == this) old->shut(Shut::None, static_cast<i32>(Error::Econnreset));
    }
    writable_.wake_all(WRITABLE);
    return {};
}

Result<Ref<UnixEnd>> UnixEnd::accept(Wait wait) {
    const auto attempt = [&]() -> Result<Ref<UnixEnd>> {
        auto state = state_.lock();
        if (phase() != Phase::Listening) return Error::Einval;
        Packet* packet = state->queue.front();
        // LINUX: accept on a socket that has been shut is EAGAIN, not EINVAL, if the caller may not wait.
        if (packet == nullptr)
            return is_shut(Shut::Receiving) && wait.may_block ? Error::Einval : Error::Eagain;
        remove(*state, *packet);
        state.unlock();
        Ref<UnixEnd> end = std::move(packet->connection);
        delete packet;
        return end;
    };
    Ref<UnixEnd> end = TRY(wait_until(readable_, wait, [this] { return has_news(); }, attempt));
    if (queued_.load(std::memory_order_seq_cst) != 0 && readable_.has_threads()) readable_.hand_on();
    tell_room();
    return end;
}

void UnixEnd::shut(Shut directions, i32 error) {
    {
        const auto state = state_.lock();
        shut_.store(shut_.load(std::memory_order_relaxed) | directions, std::memory_order_seq_cst);
        if (error != 0) error_.store(error, std::memory_order_seq_cst);
    }
    readable_.wake_all();
    writable_.wake_all();
    room_.wake_all();
}

void UnixEnd::shut_down(Shut directions) {
    shut(directions, 0);
    if (!has_connections()) return;
    const Ref<UnixEnd> other = peer();
    if (!other) return;
    Shut mirrored = Shut::None;
    if (has(directions, Shut::Receiving)) mirrored |= Shut::Sending;
    if (has(directions, Shut::Sending)) mirrored |= Shut::Receiving;
    other->shut(mirrored, 0);
}

/// Whether packets that nobody has read reset the connection. LINUX: unix_release_sock passes over a first packet without bytes.
static bool has_unread(PacketQueue& unread) {
    const Packet* packet = unread.front();
    if (packet != nullptr && packet->remaining() == 0) packet = unread.after(*packet);
    return packet != nullptr;
}

void UnixEnd::close(Unread unread_counts) {
    Ref<UnixEnd> old_peer;
    PacketQueue unread;
    {
        auto state = state_.lock();
        state->is_open = false;
        old_peer = std::move(state->peer);
        phase_.store(Phase::Fresh, std::memory_order_release);
        unread.splice_back(state->queue);
        queued_bytes_.store(0, std::memory_order_relaxed);
        queued_.store(0, std::memory_order_seq_cst);
        if (state->address) state->address->withdraw();
    }
    shut(Shut::Both, 0);
    tell_room();
    if (old_peer) {
        old_peer->forget_blocked(*this);
        const bool is_reset = unread_counts == Unread::AlwaysResets || has_unread(unread);
        if (has_connections()) old_peer->shut(Shut::Both, is_reset ? static_cast<i32>(Error::Econnreset) : 0);
    }
    destroy_packets(unread);
}

abi::ucred UnixEnd::peer_credentials() { return state_.lock()->peer_credentials; }

}  // namespace exo::ipc
