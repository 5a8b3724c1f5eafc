// UdpSocket: a socket of the kind SOCK_DGRAM (udp(7)).
//
// Locking: the table of sockets by port has a spin lock for each bucket; packets are handed to sockets under it, so that no socket
// ends meanwhile. A sleeping lock of the socket serialises bind, connect and the packet that MSG_MORE gathers.
#pragma once

#include "net/socket/datagram_socket.hpp"
#include "net/udp/udp.hpp"
#include "scheduler/mutex.hpp"

namespace exo::net {

class UdpSocket final : public DatagramSocket {
  public:
    UdpSocket(Ref<fs::Inode> inode, abi::OpenFlags flags)
        : DatagramSocket(std::move(inode), flags, abi::SocketType::Dgram, Protocol::Udp) {}
    ~UdpSocket() override;

    Result<> bind(const ipc::Address& address, const Caller& caller) override;
    Result<> connect(const ipc::Address& address, const Caller& caller, const abi::ucred& self) override;
    Result<> name(ipc::Address& out) override;
    u64 held_bytes() const override {
        return DatagramSocket::held_bytes() + gathered_bytes_.load(std::memory_order_relaxed);
    }

    ListNode table_link;

  protected:
    Result<usize> send_datagram(vm::InBuffer& data, ipc::Message& message,
                                const fs::Credentials& credentials) override;
    Result<> set_own_option(i32 level, i32 option, const ipc::OptionValue& value,
                            const Caller& caller) override;
    Result<ipc::OptionResult> own_option(i32 level, i32 option, u32 room) override;

  private:
    friend class UdpTable;
    /// Where a packet goes.
    struct Way {
        Endpoint destination;
        Route route;
        Outgoing outgoing;
    };
    struct Setup {
        bool has_chosen_address = false;  ///< By bind: disconnecting keeps it.
        bool has_chosen_port = false;
        PacketPtr gathered;  ///< What MSG_MORE and UDP_CORK have put together.
        Way way;             ///< Of `gathered`.
    };
    /// The caller holds the lock of the setup. Errors: Eagain (there is no free port), Enobufs, RestartSys.
    Result<> bind_to_any_port();
    Result<> disconnect(Setup& setup);
    Result<Way> way_for(const ipc::Message& message);
    Result<> send_packet(PacketPtr packet, const Way& way);

    scheduler::Mutex<Setup, sync::LockRank::Socket> setup_;
    std::atomic<bool> is_bound_{false};  ///< In the table, under the lock of the bucket of its port.
    std::atomic<bool> is_corked_{false};
    std::atomic<u32> gathered_bytes_{0};  ///< What Setup::gathered keeps in use; 0: nothing is gathered.
};

/// Calls `visit` with what can be told of each bound socket. For /proc/net/udp. Errors: Enomem, RestartSys, those of `visit`.
Result<> for_each_udp_socket(FunctionRef<Result<>(const SocketView&)> visit);
/// At boot.
void start_udp();

}  // namespace exo::net
