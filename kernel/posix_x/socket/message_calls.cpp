// The calls that send and receive messages through sockets (send(2), recv(2)).
#include "posix_x/socket/message_calls.hpp"

#include <algorithm>

#include "posix_x/socket/control_data.hpp"
#include "posix_x/syscalls/time_values.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

using abi::MessageFlags;

Result<usize> send(ipc::Socket& socket, vm::InBuffer& data, ipc::Message& message) {
    Task& task = current_task();
    Result<usize> sent = socket.send(data, message, task.caller(), sender_of(task));
    const bool signals =
        socket.type() == abi::SocketType::Stream && !abi::has(message.flags, MessageFlags::NoSignal);
    if (!sent && sent.error() == Error::Epipe && signals) raise_write_signal(Error::Epipe);
    return sent;
}

/// Copies the header of a message. LINUX: copy_msghdr_from_user. Errors: Efault, Einval (a negative size).
Result<abi::msghdr> read_header(vm::UserIn<abi::msghdr> place) {
    abi::msghdr header = TRY(place.read());
    if (header.msg_name == 0) header.msg_namelen = 0;
    if (static_cast<i32>(header.msg_namelen) < 0) return Error::Einval;
    header.msg_namelen = std::min(header.msg_namelen, static_cast<u32>(abi::MAX_ADDRESS_SIZE));
    return header;
}

/// Imports the message's iovecs. Errors: Emsgsize (too many), Efault, Einval.
Result<> import_pieces(const abi::msghdr& header, vm::UserVector& pieces) {
    if (header.msg_iovlen > vm::UserVector::MAX_COUNT) return Error::Emsgsize;
    return pieces.import(header.msg_iov, header.msg_iovlen);
}

Result<usize> send_message(ipc::Socket& socket, vm::UserIn<abi::msghdr> place, MessageFlags flags) {
    const abi::msghdr header = TRY(read_header(place));
    ipc::Message message;
    message.flags = flags;
    if (header.msg_namelen != 0)
        message.address = TRY(read_address(header.msg_name, static_cast<i32>(header.msg_namelen)));
    [[clang::uninitialized]] vm::UserVector pieces;
    TRY(import_pieces(header, pieces));
    TRY(socket.check_sending());
    TRY(read_control(header, socket, message));
    vm::InBuffer data = vm::InBuffer::from_segments(pieces.span());
    return send(socket, data, message);
}

Result<usize> receive_message(ipc::Socket& socket, vm::UserInOut<abi::msghdr> place, MessageFlags flags) {
    abi::msghdr header = TRY(read_header(vm::UserIn<abi::msghdr>(place.address())));
    [[clang::uninitialized]] vm::UserVector pieces;
    TRY(import_pieces(header, pieces));
    ipc::Message message;
    message.flags = flags;
    message.outcome = flags & MessageFlags::CloseOnExec;
    vm::OutBuffer data = vm::OutBuffer::from_segments(pieces.span());
    const Result<usize> size = socket.receive(data, message);
    if (!size) {
        // LINUX: credentials are written before it is known that the call fails.
        if (message.credentials) (void)write_control(header, message);
        return size;
    }
    const u64 control = write_control(header, message);
    const u64 start = place.address();
    if (header.msg_name != 0)
        TRY(write_address(message.address, header.msg_name,
                          AddressSizeInOut(start + offsetof(abi::msghdr, msg_namelen))));
    TRY(vm::UserOut<u32>(start + offsetof(abi::msghdr, msg_flags))
            .write(static_cast<u32>(abi::raw(message.outcome))));
    TRY(vm::UserOut<u64>(start + offsetof(abi::msghdr, msg_controllen)).write(control));
    return size;
}

/// Checks flags. LINUX: programs may not use MSG_CMSG_COMPAT, which is internal to the kernel.
Result<> check_flags(MessageFlags flags) {
    return abi::has(flags, MessageFlags::Compat32) ? Result<>(Error::Einval) : Result<>();
}

}  // namespace

Answer<Size> sys_sendto(Context&, Descriptor fd, InBytes<2> bytes, Size size, MessageFlags flags,
                        InBytes<5> address, SignedSize address_size) {
    vm::InBuffer data = vm::InBuffer::from_user(bytes.address, std::min<u64>(size, MAX_TRANSFER));
    TRY(data.check());
    const SocketUse socket = TRY(use_socket(fd, Rights::Write));
    ipc::Message message;
    message.flags = flags;
    if (address.address != 0) message.address = TRY(read_address(address.address, address_size));
    return send(*socket, data, message);
}

Answer<Size> sys_recvfrom(Context&, Descriptor fd, OutBytes<2> bytes, Size size, MessageFlags flags,
                          UserAddress address, AddressSizeOut address_size) {
    vm::OutBuffer data = vm::OutBuffer::from_user(bytes.address, std::min<u64>(size, MAX_TRANSFER));
    TRY(data.check());
    const SocketUse socket = TRY(use_socket(fd, Rights::Read));
    ipc::Message message;
    message.flags = flags;
    const usize received = TRY(socket->receive(data, message));
    if (address.value != 0) TRY(write_address(message.address, address.value, address_size));
    return received;
}

Answer<Size> sys_sendmsg(Context&, Descriptor fd, vm::UserIn<abi::msghdr> message, MessageFlags flags) {
    TRY(check_flags(flags));
    const SocketUse socket = TRY(use_socket(fd, Rights::Write));
    return send_message(*socket, message, flags);
}

Answer<Size> sys_recvmsg(Context&, Descriptor fd, vm::UserInOut<abi::msghdr> message, MessageFlags flags) {
    TRY(check_flags(flags));
    const SocketUse socket = TRY(use_socket(fd, Rights::Read));
    return receive_message(*socket, message, flags);
}

// LINUX: returns the number of messages sent, even if a later one failed.
Answer<Count> sys_sendmmsg(Context&, Descriptor fd, InOutArray<abi::mmsghdr, 2> messages, Count32 count,
                           MessageFlags flags) {
    TRY(check_flags(flags));
    const SocketUse socket = TRY(use_socket(fd, Rights::Write));
    const u64 most = std::min<u64>(count, vm::UserVector::MAX_COUNT);
    for (u64 i = 0; i < most; ++i) {
        const u64 place = messages.address + i * sizeof(abi::mmsghdr);
        const Result<usize> sent = send_message(*socket, vm::UserIn<abi::msghdr>(place), flags);
        Result<> stored = sent ? Result<>() : Result<>(sent.error());
        if (sent)
            stored = vm::UserOut<u32>(place + offsetof(abi::mmsghdr, msg_len)).write(static_cast<u32>(*sent));
        if (!stored) return i != 0 ? Result<u64>(i) : Result<u64>(stored.error());
        scheduler::preempt_point();
    }
    return most;
}

Answer<Count> sys_recvmmsg(Context&, Descriptor fd, InOutArray<abi::mmsghdr, 2> messages, Count32 count,
                           MessageFlags flags, OrNull<vm::UserInOut<abi::timespec>> timeout) {
    TRY(check_flags(flags));
    time::Deadline deadline = time::Deadline::never();
    if (!timeout.is_null()) deadline = time::Deadline::after(TRY(to_nanoseconds(TRY(timeout.read()))));
    const SocketUse socket = TRY(use_socket(fd, Rights::Read));
    if (!abi::has(flags, MessageFlags::ErrorQueue)) {
        if (const i32 error = socket->take_error(); error != 0) return static_cast<Error>(error);
    } else if (count == 0) {
        return Error::
            Ebadf;  // LINUX: do_recvmmsg answers with what it had before it looked for the descriptor
    }
    u64 received = 0;
    while (received < count) {
        const u64 place = messages.address + received * sizeof(abi::mmsghdr);
        const Result<usize> size =
            receive_message(*socket, vm::UserInOut<abi::msghdr>(place), flags & ~MessageFlags::WaitForOne);
        Result<> stored = size ? Result<>() : Result<>(size.error());
        if (size)
            stored = vm::UserOut<u32>(place + offsetof(abi::mmsghdr, msg_len)).write(static_cast<u32>(*size));
        if (!stored) {
            if (received == 0) return stored.error();
            // LINUX: __sys_recvmmsg: the next call hears of it.
            if (stored.error() != Error::Eagain) socket->set_error(stored.error());
            break;
        }
        ++received;
        if (abi::has(flags, MessageFlags::WaitForOne)) flags |= MessageFlags::DontWait;
        if (deadline.has_passed()) break;
        TRY(scheduler::preempt_point(scheduler::WaitMode::Killable));
    }
    if (!timeout.is_null()) TRY(timeout.write(to_timespec(time_left(deadline))));
    return received;
}

}  // namespace exo::posix_x
