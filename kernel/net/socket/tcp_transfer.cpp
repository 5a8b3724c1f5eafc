// Sending and receiving on TCP sockets.
#include <cstring>

#include "net/link/activity.hpp"
#include "net/socket/tcp_socket.hpp"

namespace exo::net {

using abi::MessageFlags;
using abi::SocketOption;
using tcp::Connection;
using tcp::Nanoseconds;
using tcp::State;

namespace {

/// How many bytes one turn moves: a packet's worth, so that what was sent is on its way while the rest is copied.
constexpr usize MOST_IN_ONE_TURN = 64 * KIB;
constexpr usize MOST_SLICES = 40;

bool is_opening(State state) { return state == State::SynSent || state == State::SynReceived; }

/// LINUX: sock_intr_errno.
Error interrupted(ipc::Wait wait, Error error) { return wait.patience == ipc::NO_END ? error : Error::Eintr; }

time::Deadline deadline_of(ipc::Wait wait) {
    return wait.patience == ipc::NO_END ? time::Deadline::never() : time::Deadline::after(wait.patience);
}

}  // namespace

// ---- Sending.

/// LINUX: sk_stream_wait_connect. Errors: the connection's, Epipe, Eagain, Eintr, RestartSys.
Result<> TcpSocket::wait_until_connected(Connection& connection, ipc::Wait wait) {
    const auto is_over = [&] {
        return connection.look([](ControlBlock& block) { return !is_opening(block.state()); });
    };
    if (is_over()) return {};
    if (!wait.may_block) return Error::Eagain;
    const Result<> waited =
        queues_->writable.wait(scheduler::WaitMode::Interruptible, is_over, deadline_of(wait));
    if (waited) return {};
    return waited.error() == Error::Etimedout ? Error::Eagain : interrupted(wait, waited.error());
}

/// Moves bytes into the send buffer, at most one turn's. Errors: Eagain (it is full), Epipe and the connection's, Efault, Enomem.
Result<usize> TcpSocket::send_some(Connection& connection, vm::InBuffer& data, bool is_urgent,
                                   ControlBlock::More more) {
    auto filler = sending_.lock();
    u32 room = 0;
    TRY(connection.look([&](ControlBlock& block) -> Result<> {
        if (const Error error = block.error(); error != Error{}) {
            (void)block.take_error();
            return error;
        }
        if (!block.may_send()) return Error::Epipe;
        room = block.send_room();
        if (room == 0) connection.want_room();
        return {};
    }));
    if (room == 0) return Error::Eagain;
    // LINUX: a segment is filled although the buffer has only a little room left.
    usize wanted = std::min({data.remaining(), MOST_IN_ONE_TURN, std::max<usize>(room, 2 * KIB)});
    SliceList<MOST_SLICES> slices;
    usize copied = 0;
    while (wanted != 0 && !slices.is_full()) {
        const Result<std::span<u8>> to = filler->room(static_cast<u32>(wanted));
        if (!to) {
            if (copied != 0) break;
            return to.error();
        }
        const Result<usize> moved = data.read(*to);
        if (!moved) {
            if (copied != 0) break;
            return moved.error();
        }
        slices.push(filler->take(static_cast<u32>(*moved)));
        copied += *moved;
        wanted -= *moved;
        if (*moved != to->size()) break;
    }
    const bool is_last = data.remaining() == 0;
    Result<usize> result = connection.with([&](ControlBlock& block, Nanoseconds now) -> Result<usize> {
        if (!block.may_send()) return block.error() != Error{} ? block.take_error() : Error::Epipe;
        usize appended = 0;
        for (usize i = 0; i < slices.size(); ++i) {
            const u32 size = slices[i].size;
            const Result<> added = block.append(std::move(slices[i]));
            if (!added) {
                if (appended == 0) return added.error();
                break;
            }
            appended += size;
        }
        if (is_urgent && is_last) block.mark_urgent();
        block.push(is_last ? more : ControlBlock::More::No, now);
        return appended;
    });
    return result;
}

/// LINUX: tcp_sendmsg_locked.
Result<usize> TcpSocket::send_all(vm::InBuffer& data, MessageFlags flags) {
    const Ref<Connection> open = connection();
    if (!open) {
        if (const i32 error = take_error(); error != 0) return static_cast<Error>(error);
        return Error::Epipe;
    }
    const ipc::Wait wait = send_wait(flags);
    TRY(wait_until_connected(*open, wait));
    const bool is_urgent = abi::has(flags, MessageFlags::OutOfBand);
    const ControlBlock::More more =
        abi::has(flags, MessageFlags::More) ? ControlBlock::More::Yes : ControlBlock::More::No;
    usize total = 0;
    const auto attempt = [&]() -> Result<usize> { return send_some(*open, data, is_urgent, more); };
    const auto is_ready = [&] {
        return open->look([&](ControlBlock& block) {
            if (!block.may_send() || block.error() != Error{} || Connection::is_writable(block)) return true;
            open->want_room();
            return false;
        });
    };
    do {
        const Result<usize> sent = ipc::wait_until(queues_->writable, wait, is_ready, attempt);
        if (!sent) {
            if (total != 0) return total;
            return sent.error();
        }
        total += *sent;
        if (*sent == 0) break;
    } while (data.remaining() != 0);
    return total;
}

Result<usize> TcpSocket::send(vm::InBuffer& data, ipc::Message& message, const Caller&, const ipc::Sender&) {
    if (data.remaining() == 0) {
        // LINUX: nothing is sent, but the state is checked.
        const Ref<Connection> open = connection();
        if (!open) return Error::Epipe;
        TRY(wait_until_connected(*open, send_wait(message.flags)));
        return open->look([](ControlBlock& block) -> Result<usize> {
            if (block.may_send()) return 0UZ;
            return block.error() != Error{} ? block.take_error() : Error::Epipe;
        });
    }
    return send_all(data, message.flags);
}

Result<usize> TcpSocket::do_write(vm::InBuffer& from, u64&, const fs::WriteContext&) {
    if (from.remaining() == 0) return 0UZ;
    return send_all(from, MessageFlags::None);
}

// ---- Receiving.

/// What is there to be read: references to the bytes, which stay although the lock is given up.
struct TcpSocket::Look {
    SliceList<MOST_SLICES> slices;
    usize size = 0;
    bool skips_urgent = false;  ///< The next byte is urgent and not in line.
};

/// Errors: Eagain (nothing is there, and more may come), Enotconn, the connection's.
Result<> TcpSocket::look_at_arrivals(Connection& connection, Look& look, u32 skip, usize most,
                                     bool has_some) {
    return connection.look([&](ControlBlock& block) -> Result<> {
        const u32 readable = block.arrivals().readable();
        usize limit = std::min<usize>(most, readable > skip ? readable - skip : 0);
        if (const std::optional<u32> urgent = block.urgent_distance(); urgent && *urgent >= skip)
            [[unlikely]] {
            // LINUX: a read stops in front of the urgent byte.
            const u32 distance = *urgent - skip;
            if (distance == 0 && has_some) return {};
            if (distance != 0) {
                limit = std::min<usize>(limit, distance);
            } else if (!block.settings.inlines_urgent && limit != 0) {
                look.skips_urgent = true;
                return {};
            }
        }
        if (limit != 0) {
            block.arrivals().ready().for_each(skip, static_cast<u32>(limit),
                                              [&](const Slice& slice, u32 start, u32 length) {
                                                  look.slices.push(slice.part(start, length));
                                                  look.size += length;
                                                  return !look.slices.is_full();
                                              });
            return {};
        }
        // LINUX: tcp_recvmsg_locked.
        if (block.is_peer_done()) return {};
        // The error is left to the next call if this one has bytes.
        if (has_some && block.error() != Error{}) return Error::Eagain;
        if (const Error error = block.take_error(); error != Error{}) return error;
        if (block.is_receiving_shut() || block.state() == State::Closed) return {};
        return Error::Eagain;
    });
}

/// Copies bytes that are there; with `data` null they are dropped. Returns 0 at the end of the stream.
Result<usize> TcpSocket::receive_some(Connection& connection, vm::OutBuffer* data, usize most, u32 skip,
                                      bool is_peeking, bool has_some) {
    const auto turn = receiving_.lock();
    Look look;
    TRY(look_at_arrivals(connection, look, skip, most, has_some));
    if (look.skips_urgent) [[unlikely]] {
        look.skips_urgent = false;
        if (is_peeking) {
            TRY(look_at_arrivals(connection, look, skip + 1, most, has_some));
            ++skip;
        } else {
            connection.with([](ControlBlock& block, Nanoseconds now) {
                block.consume(1, now);
                block.pass_mark();
            });
            TRY(look_at_arrivals(connection, look, skip, most, has_some));
        }
    }
    usize copied = 0;
    for (usize i = 0; i < look.slices.size(); ++i) {
        const Slice& slice = look.slices[i];
        if (data != nullptr) {
            const Result<usize> moved = data->write(slice.bytes());
            if (!moved) {
                if (copied == 0) return moved.error();
                break;
            }
            copied += *moved;
            if (*moved != slice.size) break;
        } else {
            copied += slice.size;
        }
    }
    if (!is_peeking && copied != 0)
        connection.with(
            [&](ControlBlock& block, Nanoseconds now) { block.consume(static_cast<u32>(copied), now); });
    return copied;
}

/// LINUX: tcp_recvmsg_locked.
Result<usize> TcpSocket::receive_all(vm::OutBuffer& data, MessageFlags flags, MessageFlags& outcome) {
    if (accepts_connections()) return Error::Enotconn;
    const Ref<Connection> open = connection();
    if (!open) {
        if (const i32 error = take_error(); error != 0) return static_cast<Error>(error);
        if (is_shut_before_.load(std::memory_order_relaxed)) return 0UZ;
        return Error::Enotconn;
    }
    if (abi::has(flags, MessageFlags::OutOfBand)) return receive_urgent(*open, data, flags, outcome);
    const bool is_peeking = abi::has(flags, MessageFlags::Peek);
    const bool is_dropping = abi::has(flags, MessageFlags::Truncated);
    const ipc::Wait wait = receive_wait(flags);
    const usize wanted = data.remaining();
    const usize low_water =
        static_cast<usize>(std::max(options().receive_low_water.load(std::memory_order_relaxed), 1));
    const usize target =
        std::max<usize>(abi::has(flags, MessageFlags::WaitAll) ? wanted : std::min(low_water, wanted), 1);
    usize total = 0;
    const auto attempt = [&]() -> Result<usize> {
        const usize most = std::min<usize>(std::max<usize>(wanted - total, 1), MOST_IN_ONE_TURN);
        if (wanted == 0) {
            // A read of nothing waits for something.
            Look look;
            TRY(look_at_arrivals(*open, look, 0, most, false));
            return 0UZ;
        }
        return receive_some(*open, is_dropping ? nullptr : &data, most,
                            is_peeking ? static_cast<u32>(total) : 0, is_peeking, total != 0);
    };
    const auto is_ready = [&] {
        return open->look([&](ControlBlock& block) {
            const u32 seen = is_peeking ? static_cast<u32>(total) : 0;
            return block.arrivals().readable() > seen || block.is_peer_done() || block.is_receiving_shut() ||
                   block.state() == State::Closed || block.error() != Error{};
        });
    };
    while (true) {
        // What is there is taken without a wait once enough has come.
        const ipc::Wait now{wait.may_block && total < target, wait.patience};
        const Result<usize> got = ipc::wait_until(queues_->readable, now, is_ready, attempt);
        if (!got) {
            if (total != 0) return total;
            return got.error();
        }
        total += *got;
        if (*got == 0 || total >= wanted) break;
    }
    return total;
}

/// LINUX: tcp_recv_urg.
Result<usize> TcpSocket::receive_urgent(Connection& connection, vm::OutBuffer& data, MessageFlags flags,
                                        MessageFlags& outcome) {
    u8 byte = 0;
    TRY(connection.look([&](ControlBlock& block) -> Result<> {
        const bool is_gone = block.has_urgent_mark() && !block.has_urgent_byte() && block.was_urgent_taken();
        if (block.settings.inlines_urgent || !block.has_urgent_mark() || is_gone) return Error::Einval;
        if (!block.has_urgent_byte()) return block.state() == State::Closed ? Error::Enotconn : Error::Eagain;
        byte = block.urgent_byte();
        if (!abi::has(flags, MessageFlags::Peek)) block.take_urgent_byte();
        return {};
    }));
    outcome |= MessageFlags::OutOfBand;
    if (data.remaining() == 0) {
        outcome |= MessageFlags::Truncated;
        return 0UZ;
    }
    if (!abi::has(flags, MessageFlags::Truncated)) TRY(data.write({&byte, 1}));
    return 1UZ;
}

Result<usize> TcpSocket::receive(vm::OutBuffer& data, ipc::Message& message) {
    if (abi::has(message.flags, MessageFlags::ErrorQueue)) return receive_error(data, message);
    return receive_all(data, message.flags, message.outcome);
}

Result<usize> TcpSocket::do_read(vm::OutBuffer& to, u64) {
    if (to.remaining() == 0) return 0UZ;  // LINUX: sock_read_iter
    MessageFlags outcome = MessageFlags::None;
    return receive_all(to, MessageFlags::None, outcome);
}

}  // namespace exo::net
