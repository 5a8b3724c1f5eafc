// RawSocket: a socket of the kind SOCK_RAW (raw(7)): whole IPv4 packets of one protocol.
#pragma once

#include "net/socket/datagram_socket.hpp"

namespace exo::net {

class RawSocket final : public DatagramSocket {
  public:
    RawSocket(Ref<fs::Inode> inode, abi::OpenFlags flags, u8 protocol);
    ~RawSocket() override;
    /// Whether there may be one more: each packet visits those of its protocol under a lock.
    static bool has_room();

    Result<> bind(const ipc::Address& address, const Caller& caller) override;
    Result<> connect(const ipc::Address& address, const Caller& caller, const abi::ucred& self) override;
    Result<> name(ipc::Address& out) override;
    i32 protocol() const override { return number_; }

    ListNode table_link;

  protected:
    Result<usize> send_datagram(vm::InBuffer& data, ipc::Message& message,
                                const fs::Credentials& credentials) override;
    Result<> set_own_option(i32 level, i32 option, const ipc::OptionValue& value,
                            const Caller& caller) override;
    Result<ipc::OptionResult> own_option(i32 level, i32 option, u32 room) override;

  private:
    friend class RawTable;
    bool wants(const Packet& packet, std::optional<u8> icmp_type) const;

    static constexpr u32 MOST = 2048;

    u8 number_;
    std::atomic<bool> has_chosen_address_{false};
    std::atomic<u32> icmp_filter_{0};  ///< Types of ICMP that it does not get, one bit each.
};

/// Calls `visit` with what can be told of each raw socket. For /proc/net/raw. Errors: Enomem, RestartSys, those of `visit`.
Result<> for_each_raw_socket(FunctionRef<Result<>(const SocketView&)> visit);
/// At boot.
void start_raw();

}  // namespace exo::net
