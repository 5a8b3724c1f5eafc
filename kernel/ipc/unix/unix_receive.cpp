// Receiving on Unix sockets. LINUX: unix_stream_read_generic, __unix_dgram_recvmsg.
#include <algorithm>

#include "ipc/unix/in_flight.hpp"
#include "ipc/unix/unix_end.hpp"

namespace exo::ipc {

using abi::MessageFlags;

namespace {

/// The credentials of a sender that was not asked for its own.
constexpr abi::ucred UNKNOWN{0, 65534, 65534};

const abi::ucred& credentials_of(const Packet& packet) {
    return packet.has_credentials ? packet.credentials : UNKNOWN;
}

bool are_same(const abi::ucred& one, const abi::ucred& other) {
    return one.pid == other.pid && one.uid == other.uid && one.gid == other.gid;
}

/// The sender's name as it is now, also where the sender was closed meanwhile. LINUX: unix_copy_addr. No end may be locked.
void name_sender(const Ref<UnixEnd>& sender, Message& message) {
    if (const Ref<UnixAddress> name = sender ? sender->address() : Ref<UnixAddress>())
        name->copy_to(message.address);
}

/// Moves the packet's control data into the message. Errors: Enomem (MSG_PEEK).
Result<> unload(Packet& packet, Message& message, bool wants_credentials) {
    if (wants_credentials) message.credentials = credentials_of(packet);
    if (packet.capabilities.is_empty()) return {};
    message.capabilities = abi::has(message.flags, MessageFlags::Peek) ? TRY(peek_in(packet)) : take_in(packet);
    return {};
}

}  // namespace

/// One call that reads from a stream. It ends behind a packet that carries capabilities, and before one of another sender where that
/// matters.
struct UnixEnd::StreamRead {
    vm::OutBuffer& data;
    Message& message;
    const ReceiveContext& context;
    PacketQueue done{};
    Ref<UnixEnd> sender{};  ///< Of the first packet.
    usize copied = 0;
    bool has_gate = false;
    bool needs_gate = false;  ///< It has come to a packet with capabilities.
    bool has_begun = false;
    bool is_over = false;

    bool is_peeking() const { return abi::has(message.flags, MessageFlags::Peek); }
    bool may_take(const Packet& packet) const {
        return !has_begun || !context.wants_credentials ||
               are_same(credentials_of(packet), *message.credentials);
    }
    Result<> take(Packet& packet);
};

/// Errors: Efault (nothing was copied by the whole call), Enomem.
Result<> UnixEnd::StreamRead::take(Packet& packet) {
    const bool carries = !packet.capabilities.is_empty();
    const usize fitting = std::min(packet.remaining(), data.remaining());
    // LINUX: who sent is told even where nothing can be copied.
    if (context.wants_credentials) message.credentials = credentials_of(packet);
    const auto moved = packet.copy_to(data, packet.taken);
    if (!moved) {
        is_over = true;
        return copied != 0 ? Result<>() : Result<>(moved.error());
    }
    TRY(unload(packet, message, context.wants_credentials));
    if (!has_begun) sender = packet.sender;
    has_begun = true;
    copied += *moved;
    // LINUX: who peeks looks on without room, up to the first packet that carries something.
    is_over = carries || *moved < fitting || (!is_peeking() && data.remaining() == 0);
    if (!is_peeking()) packet.taken += *moved;
    return {};
}

/// Reads queued packets, up to the end of the call. Errors: those of take.
Result<> UnixEnd::read_queued(State& state, StreamRead& read) {
    Packet* packet = state.queue.front();
    while (packet != nullptr && !read.is_over) {
        read.needs_gate = !packet->capabilities.is_empty() && !read.has_gate;
        if (read.needs_gate) return {};
        if (!read.may_take(*packet)) {
            read.is_over = true;
            return {};
        }
        const usize before = packet->remaining();
        TRY(read.take(*packet));
        queued_bytes_.fetch_sub(before - packet->remaining(), std::memory_order_relaxed);
        Packet* const following = state.queue.after(*packet);
        if (!read.is_peeking() && packet->remaining() == 0) {
            remove(state, *packet);
            read.done.push_back(*packet);
        }
        packet = following;
    }
    return {};
}

/// Locks the end, and the gate before it if `takes_gate`, and calls `look`. It does so again with the gate where `look` sets `takes_gate`.
template <class Look> Result<> UnixEnd::look_with_gate(bool& takes_gate, Look look) {
    while (true) {
        std::optional<InFlightLock::Guard<false>> gate;
        if (takes_gate) gate.emplace(in_flight_gate.lock_shared());
        auto state = TRY(state_.lock_killable());
        const Result<> looked = look(state);
        if (!takes_gate || gate) return looked;
    }
}

Result<usize> UnixEnd::receive_stream(vm::OutBuffer& data, Message& message, const ReceiveContext& context) {
    if (phase() != Phase::Connected) return Error::Einval;
    StreamRead read{data, message, context};
    const usize size = data.remaining();
    const usize wanted = abi::has(message.flags, MessageFlags::WaitAll)
                             ? std::max(size, 1UZ)
                             : std::min(std::max(context.low_water, 1UZ), std::max(size, 1UZ));
    const auto attempt = [&]() -> Result<usize> {
        bool takes_gate = read.is_peeking();
        const Result<> looked = look_with_gate(takes_gate, [&](Guard& state) -> Result<> {
            read.has_gate = takes_gate;
            const Result<> result = read_queued(*state, read);
            takes_gate |= read.needs_gate;
            return result;
        });
        destroy_packets(read.done);
        TRY(looked);
        const bool has_peeked = read.is_peeking() && read.has_begun;
        if (read.is_over || read.copied >= wanted || has_peeked) return read.copied;
        if (read.copied == 0)
            if (const i32 error = take_error(); error != 0) return static_cast<Error>(error);
        if (is_shut(Shut::Receiving)) return read.copied;
        const bool ends = read.copied != 0 && !context.wait.may_block;
        return ends ? Result<usize>(read.copied) : Result<usize>(Error::Eagain);
    };
    Result<usize> result = wait_until(readable_, context.wait, [this] { return has_news(); }, attempt);
    if (queued_.load(std::memory_order_seq_cst) != 0 && readable_.has_threads()) readable_.hand_on();
    if (!result && read.copied != 0) result = read.copied;
    // LINUX: unix_stream_read_generic reports empty credentials if it received nothing, unless a signal ended
    // the wait.
    const bool is_interrupted =
        !result && (result.error() == Error::RestartSys || result.error() == Error::Eintr);
    if (context.wants_credentials && !message.credentials && !is_interrupted)
        message.credentials = abi::ucred{0, 0, 0};
    if (result) name_sender(read.sender, message);
    return result;
}

Result<usize> UnixEnd::receive_packet(vm::OutBuffer& data, Message& message, const ReceiveContext& context) {
    if (has_connections() && phase() != Phase::Connected) return Error::Enotconn;
    const bool is_peeking = abi::has(message.flags, MessageFlags::Peek);
    Result<usize> size = 0UZ;
    Ref<UnixEnd> sender;
    const auto hand_out = [&](Packet& packet) -> Result<usize> {
        const usize fitting = std::min(packet.size(), data.remaining());
        if (fitting != packet.size()) message.outcome |= MessageFlags::Truncated;
        if (fitting != 0 && TRY(packet.copy_to(data, 0)) != fitting) return Error::Efault;
        sender = packet.sender;
        TRY(unload(packet, message, context.wants_credentials));
        return abi::has(message.flags, MessageFlags::Truncated) ? packet.size() : fitting;
    };
    const auto attempt = [&]() -> Result<usize> {
        PacketQueue done;
        bool takes_gate = is_peeking;
        const Result<> looked = look_with_gate(takes_gate, [&](Guard& state) -> Result<> {
            // LINUX: __skb_try_recv_datagram: what waits as an error comes before what waits in the queue.
            if (const i32 error = take_error(); error != 0) return static_cast<Error>(error);
            Packet* packet = state->queue.front();
            if (packet == nullptr) {
                // LINUX: a receiver that may not wait is told of a shut socket only where sockets are connected.
                const bool has_ended =
                    is_shut(Shut::Receiving) && (context.wait.may_block || has_connections());
                size = 0UZ;
                return has_ended ? Result<>() : Result<>(Error::Eagain);
            }
            if (!packet->capabilities.is_empty() && !takes_gate) {
                takes_gate = true;
                return {};
            }
            if (!is_peeking) {
                remove(*state, *packet);
                done.push_back(*packet);
                state.unlock();
            }
            size = hand_out(*packet);
            return {};
        });
        if (!done.is_empty()) tell_room();
        destroy_packets(done);
        TRY(looked);
        return size;
    };
    const Result<usize> result = wait_until(readable_, context.wait, [this] { return has_news(); }, attempt);
    if (queued_.load(std::memory_order_seq_cst) != 0 && readable_.has_threads()) readable_.hand_on();
    if (result) name_sender(sender, message);
    return result;
}

}  // namespace exo::ipc
