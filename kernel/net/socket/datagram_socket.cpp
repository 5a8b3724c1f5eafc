#include "net/socket/datagram_socket.hpp"

#include <algorithm>
#include <bit>

#include "net/link/activity.hpp"
#include "utils/bits.hpp"

namespace exo::net {

using abi::MessageFlags;
using abi::PollEvents;

namespace {

/// What Linux charges a receiver for a packet: it decides how many fit into SO_RCVBUF. LINUX: __ip_append_data, SKB_TRUESIZE.
u32 charge_of(const Packet& packet) {
    constexpr u32 HEAD_STRUCTURE = 256;
    constexpr u32 SHARED_INFO = 320;
    constexpr u32 LINK_AND_SLACK = 31;
    constexpr u32 HEADERS = 28;
    constexpr u32 MOST_LINEAR = 16384 - SHARED_INFO;
    const u32 size = packet.size();
    const u32 linear = size + HEADERS + LINK_AND_SLACK <= MOST_LINEAR ? size : 0;
    const u32 head =
        static_cast<u32>(align_up(u64{linear + HEADERS + LINK_AND_SLACK}, u64{64})) + SHARED_INFO;
    return HEAD_STRUCTURE + std::bit_ceil(head) + (size - linear);
}

}  // namespace

void DatagramSocket::enqueue(PacketPtr packet) {
    const u32 charge = charge_of(*packet);
    if (is_shut(ipc::Shut::Receiving) && !is_connected()) return;
    {
        auto queue = queue_.lock();
        if (queued_memory_.load(std::memory_order_relaxed) >
            options().receive_buffer.load(std::memory_order_relaxed)) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        queued_memory_.fetch_add(charge, std::memory_order_relaxed);
        queue->push_back(std::move(packet));
        queued_.fetch_add(1, std::memory_order_seq_cst);
    }
    readable_.wake_one(READABLE);
}

void DatagramSocket::report(Error error) {
    set_error(error);
    readable_.wake_all_atomically();
}

SocketView DatagramSocket::view() const {
    return {.local = local(),
            .remote = remote(),
            .is_connected = is_connected(),
            .protocol = static_cast<u8>(protocol()),
            .queued_memory = queued_memory_.load(std::memory_order_relaxed),
            .owner = owner(),
            .inode_number = inode().number(),
            .dropped = dropped_.load(std::memory_order_relaxed)};
}

// LINUX: inet_getname: a peer without a port is none.
Result<> DatagramSocket::peer_name(ipc::Address& out) {
    if (!is_connected() || remote().port == 0) return Error::Enotconn;
    write_endpoint(remote(), out);
    return {};
}

// LINUX: inet_shutdown: a socket without a peer gets an error, and is shut all the same.
Result<> DatagramSocket::shut_down(ipc::Shut directions) {
    ipc::Shut before = shut_.load(std::memory_order_relaxed);
    while (!shut_.compare_exchange_weak(before, before | directions, std::memory_order_seq_cst)) {
    }
    readable_.wake_all();
    return is_connected() ? Result<>() : Result<>(Error::Enotconn);
}

/// The first packet, or a copy of it. Errors: Eagain (nothing), Enomem, the pending error.
Result<PacketPtr> DatagramSocket::take(bool is_peeking, bool may_block) {
    // LINUX: __skb_try_recv_from_queue: an error comes before what waits.
    if (const i32 error = take_error(); error != 0) return static_cast<Error>(error);
    auto queue = queue_.lock();
    // LINUX: __skb_wait_for_more_packets: only who may wait hears of the end.
    if (queue->is_empty())
        return is_shut(ipc::Shut::Receiving) && may_block ? Result<PacketPtr>(nullptr) : Error::Eagain;
    if (is_peeking) return queue->front()->clone();
    PacketPtr packet = queue->pop_front();
    queued_.fetch_sub(1, std::memory_order_seq_cst);
    queued_memory_.fetch_sub(charge_of(*packet), std::memory_order_relaxed);
    return packet;
}

Result<usize> DatagramSocket::receive(vm::OutBuffer& data, ipc::Message& message) {
    // LINUX: udp_recvmsg ignores MSG_OOB.
    const bool is_raw = type() == abi::SocketType::Raw;
    if (is_raw && abi::has(message.flags, MessageFlags::OutOfBand)) return Error::Eopnotsupp;
    if (abi::has(message.flags, MessageFlags::ErrorQueue)) return receive_error(data, message);
    const bool is_peeking = abi::has(message.flags, MessageFlags::Peek);
    const ipc::Wait wait = receive_wait(message.flags);
    Result<PacketPtr> taken = ipc::wait_until(
        readable_, wait, [this] { return has_news(); }, [&] { return take(is_peeking, wait.may_block); });
    if (!taken) return taken.error();
    if (queued_.load(std::memory_order_seq_cst) != 0 && readable_.has_threads()) readable_.hand_on();
    const PacketPtr packet = std::move(*taken);
    if (!packet) return 0UZ;  // shut down
    const u32 size = packet->size();
    const u32 fitting = static_cast<u32>(std::min<usize>(size, data.remaining()));
    if (fitting != 0 && TRY(packet->copy_to(data, 0, fitting)) != fitting) return Error::Efault;
    if (fitting < size) message.outcome |= MessageFlags::Truncated;
    write_endpoint({packet->source, packet->source_port}, message.address);
    TRY(add_control(*packet, message));
    return abi::has(message.flags, MessageFlags::Truncated) ? size : fitting;
}

Result<usize> DatagramSocket::do_read(vm::OutBuffer& to, u64) {
    ipc::Message message;
    return receive(to, message);
}

Result<usize> DatagramSocket::do_write(vm::InBuffer& from, u64&, const fs::WriteContext& context) {
    ipc::Message message;
    return send_datagram(from, message, context.credentials);
}

fs::PollEvents DatagramSocket::poll(fs::PollTable* table) {
    if (table != nullptr) table->add(readable_);
    PollEvents events = PollEvents::Out | PollEvents::Wrnorm | PollEvents::Wrband;
    // LINUX: datagram_poll.
    if (has_error() || has_queued_errors()) events |= PollEvents::Err;
    const ipc::Shut shut = shut_.load(std::memory_order_seq_cst);
    if (ipc::has(shut, ipc::Shut::Receiving))
        events |= PollEvents::Rdhup | PollEvents::In | PollEvents::Rdnorm;
    if (shut == ipc::Shut::Both) events |= PollEvents::Hup;
    if (queued_.load(std::memory_order_seq_cst) != 0) events |= PollEvents::In | PollEvents::Rdnorm;
    return events;
}

Result<u64> DatagramSocket::readable_bytes() {
    const auto queue = queue_.lock();
    return queue->is_empty() ? 0ULL : u64{queue->front()->size()};
}

Result<u64> DatagramSocket::own_ioctl(fs::FileCommand request) {
    if (!request.is(abi::SocketIoctl::OutputQueue)) return Error::Enotty;
    TRY(vm::UserOut<u32>(request.argument).write(0));
    return 0ULL;
}

}  // namespace exo::net
