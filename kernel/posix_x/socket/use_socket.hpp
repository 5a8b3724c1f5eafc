// What the calls of sockets share: descriptors to sockets, addresses from and to programs, who the caller is.
#pragma once

#include "ipc/socket/socket.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

/// A socket in use by the calling task.
class SocketUse {
  public:
    SocketUse(FileUse file, ipc::Socket& socket) : file_(std::move(file)), socket_(socket) {}
    ipc::Socket& operator*() const { return socket_; }
    ipc::Socket* operator->() const { return &socket_; }

  private:
    FileUse file_;
    ipc::Socket& socket_;
};

/// LINUX: that it is no socket comes before that it is not open for this. Errors: Enotsock, Ebadf.
Error why_no_socket(Descriptor fd, Error error);

/// Errors: Ebadf, Enotsock.
inline Result<SocketUse> use_socket(Descriptor fd, Rights needed) {
    Result<FileUse> file = use_file(fd, needed);
    if (!file) [[unlikely]]
        return why_no_socket(fd, file.error());
    // LINUX: a descriptor of O_PATH counts as none (sockfd_lookup_light).
    if ((*file)->is_path_only()) [[unlikely]]
        return Error::Ebadf;
    ipc::Socket* socket = TRY(ipc::as_socket(**file));
    return SocketUse(std::move(*file), *socket);
}

/// Where a call stores the size of an address: what fits before, what there is after.
using AddressSizeInOut = vm::UserInOut<IntegerInMemory>;

/// LINUX: move_addr_to_kernel. Errors: Einval (longer than any address), Efault.
Result<ipc::Address> read_address(u64 address, i32 size);
/// LINUX: move_addr_to_user: cut off where it does not fit, but the size is the whole one's. Errors: Efault, Einval (a negative size).
Result<> write_address(const ipc::Address& value, u64 address, AddressSizeInOut size);

/// Who the calling task is, by its real ids (a message's sender) or its effective ones (a peer).
abi::ucred real_credentials();
abi::ucred effective_credentials();
/// The calling task as a sender.
ipc::Sender sender_of(Task& task);

}  // namespace exo::posix_x
