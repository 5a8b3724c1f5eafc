// Sending on Unix sockets. LINUX: unix_stream_sendmsg, unix_dgram_sendmsg, sock_alloc_send_pskb.
#include <algorithm>

#include "ipc/unix/in_flight.hpp"
#include "ipc/unix/unix_end.hpp"
#include "utils/bits.hpp"

namespace exo::ipc {

namespace {

// Linux's charge for a packet besides its bytes. It decides how much a sender can send before it must wait.
constexpr u32 HEAD_STRUCTURE = 256;  ///< sk_buff
constexpr u32 SHARED_INFO = 320;     ///< skb_shared_info, in one allocation with the head's bytes
constexpr u32 FIRST_PAGE_BYTES = PAGE_SIZE - SHARED_INFO;
constexpr u32 MOST_HEAD_BYTES = 4 * PAGE_SIZE - SHARED_INFO;
constexpr u32 MOST_STREAM_PAGES = 8 * PAGE_SIZE;
constexpr u32 MOST_DATAGRAM_PAGES = 17 * PAGE_SIZE;

/// An allocation's size class.
constexpr u32 allocated(u32 size) {
    if (size > 128 && size <= 192) return 192;
    return std::max(std::bit_ceil(size), 8U);
}
constexpr u32 charge_for(u32 head_bytes, u32 page_bytes) {
    return HEAD_STRUCTURE + allocated(head_bytes + SHARED_INFO) +
           static_cast<u32>(align_up(u64{page_bytes}, PAGE_SIZE));
}
/// The charge of a piece of a stream.
constexpr u32 stream_charge(u32 size) {
    const u32 pages =
        size > FIRST_PAGE_BYTES ? static_cast<u32>(align_up(u64{size - FIRST_PAGE_BYTES}, PAGE_SIZE)) : 0;
    const u32 in_pages = std::min(size, pages);
    return charge_for(size - in_pages, in_pages);
}
constexpr u32 packet_charge(u32 size) {
    if (size <= MOST_HEAD_BYTES) return charge_for(size, 0);
    const u32 in_pages = std::min(
        size,
        static_cast<u32>(align_up(u64{std::min(size - MOST_HEAD_BYTES, MOST_DATAGRAM_PAGES)}, PAGE_SIZE)));
    return charge_for(size - in_pages, in_pages);
}

}  // namespace

/// Until the sender's buffer has room. Errors: what waits as an error, Epipe, Eagain, Eintr, RestartSys.
Result<> UnixEnd::wait_for_buffer(const SendContext& context) {
    const auto attempt = [&]() -> Result<> {
        if (const i32 error = take_error(); error != 0) return static_cast<Error>(error);
        if (is_shut(Shut::Sending)) return Error::Epipe;
        return sent_.load(std::memory_order_seq_cst) < context.send_buffer ? Result<>()
                                                                           : Result<>(Error::Eagain);
    };
    const auto ready = [&] {
        return has_room_to_send(context.send_buffer) || is_shut(Shut::Sending) ||
               error_.load(std::memory_order_seq_cst) != 0;
    };
    return wait_until(writable_, context.wait, ready, attempt);
}

/// Makes a packet with `size` bytes of `data` and charges it to this end's buffer.
Result<Packet*> UnixEnd::make_packet(vm::InBuffer& data, usize size, u32 charge, const SendContext& context) {
    TRY(wait_for_buffer(context));
    Packet* packet = TRY(Packet::create(data, size));
    packet->sender = Ref<UnixEnd>(this);
    packet->charge = charge;
    sent_.fetch_add(charge, std::memory_order_seq_cst);
    return packet;
}

/// Moves the message's control data into the packet. Errors: Etoomanyrefs.
Result<> UnixEnd::load(Packet& packet, Message& message, const SendContext& context,
                       const UnixEnd& receiver) {
    if (message.credentials) {
        packet.credentials = *message.credentials;
        packet.has_credentials = true;
    } else if (context.tells_credentials || receiver.passes_credentials.load(std::memory_order_relaxed)) {
        packet.credentials = context.self;
        packet.has_credentials = true;
    }
    if (message.capabilities.is_empty()) return {};
    packet.capabilities = std::move(message.capabilities);
    return send_off(packet, context.payer, context.most_in_flight);
}

Result<> UnixEnd::deliver_to_stream(Packet& packet) {
    {
        auto state = state_.lock();
        if (!state->is_open || is_shut(Shut::Receiving)) return Error::Epipe;
        append(*state, packet);
    }
    readable_.wake_one(READABLE);
    return {};
}

Result<usize> UnixEnd::send_stream(vm::InBuffer& data, Message& message, const SendContext& context) {
    if (message.address.size != 0) return phase() == Phase::Connected ? Error::Eisconn : Error::Eopnotsupp;
    const Ref<UnixEnd> receiver = peer();
    if (!receiver) return Error::Enotconn;
    if (is_shut(Shut::Sending)) return Error::Epipe;
    usize sent = 0;
    while (data.remaining() != 0) {
        // LINUX: two pieces at least fit into the buffer.
        const u32 size = static_cast<u32>(std::min({data.remaining(), usize{context.send_buffer / 2 - 64},
                                                    usize{FIRST_PAGE_BYTES + MOST_STREAM_PAGES}}));
        const Result<Packet*> packet = make_packet(data, size, stream_charge(size), context);
        Result<> delivered;
        if (!packet) {
            delivered = packet.error();
        } else {
            delivered = load(**packet, message, context, *receiver);
            if (delivered) delivered = receiver->deliver_to_stream(**packet);
            if (!delivered) destroy_packet(**packet);
        }
        if (!delivered) return sent != 0 ? Result<usize>(sent) : Result<usize>(delivered.error());
        sent += size;
    }
    return sent;
}

/// Errors: Estale (this end was closed), Epipe (it receives nothing any more), Eperm, Eagain (there is no room).
Result<> UnixEnd::deliver_packet(Packet& packet, const UnixEnd& sender) {
    {
        auto state = state_.lock();
        const bool is_its_peer = state->peer.get() == &sender;
        if (state->peer && !is_its_peer) return Error::Eperm;
        if (!state->is_open) return Error::Estale;
        if (is_shut(Shut::Receiving)) return Error::Epipe;
        if (&sender != this && !is_its_peer && is_full()) return Error::Eagain;
        append(*state, packet);
    }
    readable_.wake_one(READABLE);
    return {};
}

Result<usize> UnixEnd::send_packet(vm::InBuffer& data, Message& message, const SendContext& context,
                                   Ref<UnixEnd> receiver) {
    const bool was_named = bool(receiver);
    if (!receiver) receiver = peer();
    if (!receiver) return Error::Enotconn;
    const usize size = data.remaining();
    if (size > context.send_buffer - 32) return Error::Emsgsize;
    Packet* packet = TRY(make_packet(data, size, packet_charge(static_cast<u32>(size)), context));
    Result<> delivered = load(*packet, message, context, *receiver);
    if (delivered) {
        const auto may_go_on = [&] { return !receiver->is_full() || receiver->is_shut(Shut::Receiving); };
        delivered = wait_until(receiver->room_, context.wait, may_go_on,
                               [&] { return receiver->deliver_packet(*packet, *this); });
    }
    if (delivered) return size;
    destroy_packet(*packet);
    if (delivered.error() != Error::Estale || was_named) return delivered.error();
    // The peer was closed.
    if (has_connections()) return Error::Epipe;
    (void)set_peer(nullptr);
    return Error::Econnrefused;
}

}  // namespace exo::ipc
