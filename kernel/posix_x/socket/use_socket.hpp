// Functions that all socket calls share: descriptors to sockets, addresses from and to programs, credentials
// of the caller.
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

/// Chooses the error for a descriptor that cannot be used. LINUX: "not a socket" is reported before "not open
/// for this". Errors: Enotsock, Ebadf.
Error why_no_socket(Descriptor fd, Error error);

/// Looks a socket up and checks rights. Errors: Ebadf, Enotsock.
inline Result<SocketUse> use_socket(Descriptor fd, Rights needed) {
    Result<FileUse> file = use_file(fd, needed);
    if (!file) [[unlikely]]
        return why_no_socket(fd, file.error());
    // LINUX: a descriptor of O_PATH counts as closed (sockfd_lookup_light).
    if ((*file)->is_path_only()) [[unlikely]]
        return Error::Ebadf;
    ipc::Socket* socket = TRY(ipc::as_socket(**file));
    return SocketUse(std::move(*file), *socket);
}

/// The size of an address in user memory. On entry the size of the buffer; on return the size of the address.
using AddressSizeInOut = vm::UserInOut<IntegerInMemory>;

/// Copies an address from the program. LINUX: move_addr_to_kernel. Errors: Einval (longer than any address),
/// Efault.
Result<ipc::Address> read_address(u64 address, i32 size);
/// Copies an address to the program. LINUX: move_addr_to_user: the address is cut off where it does not fit,
/// but `size` gets its full size. Errors: Efault, Einval (a negative size).
Result<> write_address(const ipc::Address& value, u64 address, AddressSizeInOut size);

/// The credentials of the calling task: real ids, for the sender of a message, or effective ids, for a peer.
abi::ucred real_credentials();
abi::ucred effective_credentials();
/// The calling task as the sender of a message.
ipc::Sender sender_of(Task& task);

}  // namespace exo::posix_x
