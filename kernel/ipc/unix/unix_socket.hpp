// UnixSocket: an open Unix socket (unix(7)). Its end (unix_end.hpp) has the queue and the peer; this class
// finds other ends by name.
#pragma once

#include "ipc/unix/unix_end.hpp"

namespace exo::ipc {

struct SocketPair {
    Ref<Socket> first;
    Ref<Socket> second;
};

/// Makes a socket. Of `flags`, only Nonblock is used. Errors: Esocktnosupport, Enomem, Enfile.
Result<Ref<Socket>> create_unix_socket(abi::SocketType type, abi::OpenFlags flags,
                                       const fs::Credentials& credentials);
/// socketpair: makes two connected sockets. `self`: the credentials of the caller. Errors: those of
/// create_unix_socket.
Result<SocketPair> create_unix_pair(abi::SocketType type, abi::OpenFlags flags,
                                    const fs::Credentials& credentials, const abi::ucred& self);

class UnixSocket final : public Socket {
  public:
    UnixSocket(Ref<fs::Inode> inode, abi::OpenFlags flags, Ref<UnixEnd> end);
    ~UnixSocket() override;

    UnixEnd& end() const { return *end_; }

    Result<> bind(const Address& address, const Caller& caller) override;
    Result<> listen(u32 backlog, const abi::ucred& self) override { return end_->listen(backlog, self); }
    Result<Ref<Socket>> accept(abi::OpenFlags flags, const fs::Credentials& credentials) override;
    Result<> connect(const Address& address, const Caller& caller, const abi::ucred& self) override;
    Result<> name(Address& out) override;
    Result<> peer_name(Address& out) override;
    Result<> shut_down(Shut directions) override;
    Result<> check_sending() override;
    Result<usize> send(vm::InBuffer& data, Message& message, const Caller& caller,
                       const Sender& sender) override;
    Result<usize> receive(vm::OutBuffer& data, Message& message) override;
    void options_changed() override;
    i32 take_error() override { return end_->take_error(); }
    void set_error(Error error) override { end_->set_error(error); }
    bool accepts_connections() const override { return end_->phase() == UnixEnd::Phase::Listening; }
    abi::ucred peer_credentials() override { return end_->peer_credentials(); }

    Result<usize> do_read(vm::OutBuffer& to, u64 offset) override;
    Result<usize> do_write(vm::InBuffer& from, u64& offset, const fs::WriteContext& context) override;
    fs::PollEvents poll(fs::PollTable* table) override;
    Result<u64> readable_bytes() override;
    Result<u64> ioctl(fs::FileCommand request) override;
    u64 held_bytes() const override { return end_->queued_bytes(); }

  private:
    Result<> bind_to_path(std::string_view path, const Caller& caller);
    Result<> bind_to_any();
    Result<> bind_if_credentials_are_told();
    Result<usize> send_to(Ref<UnixEnd> receiver, vm::InBuffer& data, Message& message, const Sender& sender);

    Ref<UnixEnd> end_;
    fs::Path place_;  ///< The place of the name to which it is bound. Set once, under the end's lock.
};

}  // namespace exo::ipc
