// DatagramSocket: the queue of received packets that UDP, raw and ping sockets have.
#pragma once

#include "net/socket/inet_socket.hpp"
#include "scheduler/preemption.hpp"

namespace exo::net {

/// What /proc/net tells of a socket.
struct SocketView {
    Endpoint local;
    Endpoint remote;
    bool is_connected = false;
    u8 protocol = 0;
    u32 queued_memory = 0;
    u32 owner = 0;
    u64 inode_number = 0;
    u64 dropped = 0;
};

class DatagramSocket : public InetSocket {
  public:
    using InetSocket::InetSocket;

    /// Takes a received packet; drops it if the buffer is full. Callable under spin locks below SocketQueue.
    void enqueue(PacketPtr packet);
    /// Reports an error that the network has told. Callable under the same locks.
    void report(Error error);

    Result<> listen(u32, const abi::ucred&) override { return Error::Eopnotsupp; }
    Result<Ref<ipc::Socket>> accept(abi::OpenFlags, const fs::Credentials&) override {
        return Error::Eopnotsupp;
    }
    Result<> peer_name(ipc::Address& out) override;
    Result<> shut_down(ipc::Shut directions) override;
    Result<usize> receive(vm::OutBuffer& data, ipc::Message& message) override;
    Result<usize> send(vm::InBuffer& data, ipc::Message& message, const Caller& caller,
                       const ipc::Sender&) override {
        return send_datagram(data, message, caller.credentials);
    }
    Result<usize> do_read(vm::OutBuffer& to, u64 offset) override;
    Result<usize> do_write(vm::InBuffer& from, u64& offset, const fs::WriteContext& context) override;
    fs::PollEvents poll(fs::PollTable* table) override;
    Result<u64> readable_bytes() override;
    u64 held_bytes() const override { return queued_memory_.load(std::memory_order_relaxed); }

    Endpoint local() const { return local_.load(std::memory_order_relaxed); }
    Endpoint remote() const { return remote_.load(std::memory_order_relaxed); }
    bool is_connected() const { return is_connected_.load(std::memory_order_relaxed); }
    bool is_shut(ipc::Shut direction) const {
        return ipc::has(shut_.load(std::memory_order_seq_cst), direction);
    }
    u32 owner() const { return inode().uid(); }
    SocketView view() const;

  protected:
    Result<u64> own_ioctl(fs::FileCommand request) override;
    std::optional<Ipv4Address> peer_address() override {
        return is_connected() ? std::optional(remote().address) : std::nullopt;
    }
    void error_arrived() override { readable_.wake_all_atomically(); }
    /// Sends one packet. Errors: those of send(2).
    virtual Result<usize> send_datagram(vm::InBuffer& data, ipc::Message& message,
                                        const fs::Credentials& credentials) = 0;

    std::atomic<Endpoint> local_{};
    std::atomic<Endpoint> remote_{};
    std::atomic<bool> is_connected_{false};

  private:
    // LINUX: sock_def_readable.
    static constexpr scheduler::WakeEvents READABLE =
        fs::wake_events(abi::PollEvents::In | abi::PollEvents::Rdnorm | abi::PollEvents::Rdband);
    bool has_news() const {
        return queued_.load(std::memory_order_seq_cst) != 0 || is_shut(ipc::Shut::Receiving) || has_error();
    }
    Result<PacketPtr> take(bool is_peeking, bool may_block);

    std::atomic<ipc::Shut> shut_{ipc::Shut::None};
    std::atomic<u32> queued_{0};
    std::atomic<u32> queued_memory_{0};
    std::atomic<u64> dropped_{0};
    sync::SpinLocked<PacketQueue, sync::LockRank::SocketQueue> queue_;
    scheduler::WaitQueue readable_;
};

/// Calls `visit` with the views of the sockets in a locked list. They are copied under the lock and visited without it.
/// Errors: Enomem, RestartSys (the thread is being killed), those of `visit`.
template <class Locked> Result<> visit_views(Locked& locked, FunctionRef<Result<>(const SocketView&)> visit) {
    Vector<SocketView> views;
    while (true) {
        const usize count = locked.lock()->count();
        TRY(views.reserve(count));
        const auto sockets = locked.lock();
        // More have come meanwhile.
        if (sockets->count() > count) continue;
        for (const DatagramSocket& socket : *sockets) views.push_within_capacity(socket.view());
        break;
    }
    for (const SocketView& view : views) {
        TRY(visit(view));
        TRY(scheduler::preempt_point(scheduler::WaitMode::Killable));
    }
    return {};
}

}  // namespace exo::net
