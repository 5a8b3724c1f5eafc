// Socket: an open socket of any address family. The socket calls use families through this interface.
//
// Key types: Address (in the format of programs), Message (the parts of a sendmsg or recvmsg besides the
// bytes), SocketOptions (options that every family has). Families derive from Socket: ipc/unix.
// Neighbours: posix_x/socket above, which copies addresses and control data from and to programs.
#pragma once

#include <array>
#include <atomic>
#include <cstring>
#include <optional>

#include "abi/linux/socket.hpp"
#include "fs/file/file.hpp"
#include "fs/operations/vfs.hpp"
#include "ipc/socket/option.hpp"
#include "security/capability_table.hpp"
#include "utils/vector.hpp"

namespace exo::ipc {

/// A socket address: the family, and bytes in the family's format.
struct Address {
    struct Unwritten {};

    Address() : bytes{} {}
    /// An address of size 0 whose bytes are not initialised.
    explicit Address(Unwritten) {}

    u32 size = 0;  ///< 0: no address.
    std::array<u8, abi::MAX_ADDRESS_SIZE> bytes;

    abi::AddressFamily family() const {
        u16 number = 0;
        std::memcpy(&number, bytes.data(), sizeof(number));
        return static_cast<abi::AddressFamily>(number);
    }
};

/// A piece of control data of a protocol (cmsg(3)).
struct ControlPiece {
    static constexpr usize MOST_BYTES = 64;
    i32 level = 0;
    i32 type = 0;
    u32 size = 0;
    std::array<u8, MOST_BYTES> bytes{};
};

/// The parts of a message besides its bytes.
struct Message {
    Message() = default;
    /// For read and write, which have no address. Use it for a variable marked [[clang::uninitialized]].
    explicit Message(Address::Unwritten none) : address(none) {}

    Address address;  ///< The destination, or the source.
    /// Of the sender. Absent in a received message if the sender was not asked for them.
    std::optional<abi::ucred> credentials;
    Vector<security::Capability> capabilities;            ///< SCM_RIGHTS.
    Vector<ControlPiece> control;                         ///< Of the family's protocols.
    abi::MessageFlags flags = abi::MessageFlags::None;    ///< As the program gave them.
    abi::MessageFlags outcome = abi::MessageFlags::None;  ///< The flags that recvmsg returns.
};

/// SO_RCVTIMEO, SO_SNDTIMEO. By default a call waits without limit.
using Patience = std::atomic<time::Nanoseconds>;
inline constexpr time::Nanoseconds NO_END = ~time::Nanoseconds{0};

/// Buffer sizes as the kernel counts them: twice what programs request. LINUX: net.core.wmem_default and
/// wmem_max.
inline constexpr u32 DEFAULT_BUFFER = 212992;
inline constexpr u32 MOST_BUFFER = 212992;
inline constexpr u32 LEAST_SEND_BUFFER = 4608;
inline constexpr u32 LEAST_RECEIVE_BUFFER = 2304;

/// The options of setsockopt(SOL_SOCKET) for every family. Each bit of `flags` is an option that is on or
/// off.
struct SocketOptions {
    std::atomic<u64> flags{0};
    std::atomic<u32> send_buffer{DEFAULT_BUFFER};
    std::atomic<u32> receive_buffer{DEFAULT_BUFFER};
    std::atomic<i32> receive_low_water{1};
    std::atomic<i32> priority{0};
    std::atomic<i32> linger_seconds{0};
    std::atomic<u32> mark{0};
    std::atomic<u32> device{0};  ///< SO_BINDTODEVICE: the number of an interface; 0: none.
    Patience receive_patience{NO_END};
    Patience send_patience{NO_END};

    static constexpr u64 bit(abi::SocketOption option) { return 1ULL << static_cast<u32>(option); }
    bool has(abi::SocketOption option) const {
        return (flags.load(std::memory_order_relaxed) & bit(option)) != 0;
    }
    void set(abi::SocketOption option, bool is_on) {
        if (is_on)
            flags.fetch_or(bit(option), std::memory_order_relaxed);
        else
            flags.fetch_and(~bit(option), std::memory_order_relaxed);
    }
};

/// Adds the time of arrival to a received message, if the options ask for it (SO_TIMESTAMP, SO_TIMESTAMPNS). `arrival`: ns since
/// 1970; 0: now. Errors: Enomem.
Result<> add_timestamp(const SocketOptions& options, u64 arrival, Message& message);

/// SHUT_RD and SHUT_WR, as bits.
enum class Shut : u8 { None = 0, Receiving = 1, Sending = 2, Both = 3 };
EXO_FLAGS(Shut);

/// Whether and how long a call waits.
struct Wait {
    bool may_block = true;
    time::Nanoseconds patience = NO_END;
};

/// The sender of a message.
struct Sender {
    abi::ucred self{};
    /// The user that is charged for capabilities in transit, and the limit for that user (RLIMIT_NOFILE; ~0:
    /// no limit).
    security::UserRecord* payer = nullptr;
    u64 most_in_flight = 0;
};

/// The credentials of the calling task, for write(2) on a socket. posix_x sets the function.
using OwnCredentials = abi::ucred (*)();
void set_own_credentials(OwnCredentials teller);
abi::ucred own_credentials();

class Socket : public fs::File {
  public:
    using Caller = fs::Caller;

    abi::AddressFamily family() const { return family_; }
    abi::SocketType type() const { return type_; }
    SocketOptions& options() { return options_; }
    const SocketOptions& options() const { return options_; }

    /// Binds the socket. Errors: Einval (already bound, or not an address of the family), Eaddrinuse, and
    /// those of mknod(2).
    virtual Result<> bind(const Address& address, const Caller& caller) = 0;
    /// Starts listening. Errors: Eopnotsupp (the type has no connections), Einval (not bound, connected).
    virtual Result<> listen(u32 backlog, const abi::ucred& self) = 0;
    /// Makes a socket for the oldest waiting connection. Errors: Eopnotsupp, Einval (not listening), Eagain,
    /// Eintr, Enomem.
    virtual Result<Ref<Socket>> accept(abi::OpenFlags flags, const fs::Credentials& credentials) = 0;
    /// Connects. Errors: Econnrefused, Eprototype, Eisconn, Einval, Eagain, Eperm, Eintr, and those of
    /// path_resolution(7).
    virtual Result<> connect(const Address& address, const Caller& caller, const abi::ucred& self) = 0;
    /// The socket's own address. Errors: Enomem.
    virtual Result<> name(Address& out) = 0;
    /// The peer's address. Errors: Enotconn.
    virtual Result<> peer_name(Address& out) = 0;
    virtual Result<> shut_down(Shut directions) = 0;

    /// Checks whether the socket can send, before the message is read. Errors: those of send(2).
    virtual Result<> check_sending() { return {}; }
    /// Sends the bytes of `data`. Errors: those of send(2).
    virtual Result<usize> send(vm::InBuffer& data, Message& message, const Caller& caller,
                               const Sender& sender) = 0;
    /// Receives up to data.remaining() bytes. Errors: those of recv(2).
    virtual Result<usize> receive(vm::OutBuffer& data, Message& message) = 0;

    /// Called after an option was set.
    virtual void options_changed() {}
    /// Sets an option of a protocol (a level other than SOL_SOCKET). Errors:
    /// Eopnotsupp (no such level), Enoprotoopt (no such option), Einval, Efault, Eperm.
    virtual Result<> set_protocol_option(i32 /*level*/, i32 /*option*/, const OptionValue& /*value*/,
                                         const Caller& /*caller*/) {
        return Error::Eopnotsupp;
    }
    /// The value of such an option; `room`: how many bytes the program has room for. Errors: as above.
    virtual Result<OptionResult> protocol_option(i32 /*level*/, i32 /*option*/, u32 /*room*/) {
        return Error::Eopnotsupp;
    }
    /// SO_PROTOCOL.
    virtual i32 protocol() const { return 0; }
    /// Whether sendmsg accepts control data of this kind. Errors: Einval.
    virtual Result<> check_control(const ControlPiece& /*piece*/) const { return Error::Einval; }
    /// Whether SO_REUSEPORT may be set.
    virtual bool has_ports() const { return false; }
    /// SO_ERROR: returns the pending error and clears it. 0: none.
    virtual i32 take_error() = 0;
    /// Sets the pending error.
    virtual void set_error(Error error) = 0;
    virtual bool accepts_connections() const = 0;
    /// SO_PEERCRED. Without a peer: pid 0 and no user.
    virtual abi::ucred peer_credentials() = 0;

    Result<> append_description(String& out) override;
    bool has_signals_for_input() const override { return true; }

    /// How long a receiving call with these flags waits.
    Wait receive_wait(abi::MessageFlags flags) const { return wait_for(flags, options_.receive_patience); }
    Wait send_wait(abi::MessageFlags flags) const { return wait_for(flags, options_.send_patience); }

  protected:
    Socket(Ref<fs::Inode> inode, abi::OpenFlags flags, abi::AddressFamily family, abi::SocketType type);

  private:
    Wait wait_for(abi::MessageFlags flags, const Patience& patience) const {
        const bool may_block = !abi::has(flags, abi::MessageFlags::DontWait) && !is_nonblocking();
        return {may_block, patience.load(std::memory_order_relaxed)};
    }

    abi::AddressFamily family_;
    abi::SocketType type_;
    SocketOptions options_;
};

/// The socket behind a file. Errors: Enotsock.
Result<Socket*> as_socket(fs::File& file);

/// Makes the inode of a new socket. Errors: Enomem.
Result<Ref<fs::Inode>> make_socket_inode(const fs::Credentials& credentials);
/// Makes the file system for the inodes of sockets. Errors: Enomem.
Result<> init_sockets();

/// Calls `attempt` until it returns anything but Eagain, as long as `wait` allows. Between the calls it waits
/// on `queue` until `ready()` returns true. Errors: those of `attempt`; RestartSys, or Eintr if the wait has
/// a limit; Eagain at that limit.
template <class Ready, class Attempt>
auto wait_until(scheduler::WaitQueue& queue, Wait wait, Ready ready, Attempt attempt) -> decltype(attempt()) {
    const time::Deadline deadline =
        wait.patience == NO_END ? time::Deadline::never() : time::Deadline::after(wait.patience);
    while (true) {
        auto result = attempt();
        if (result || result.error() != Error::Eagain || !wait.may_block) return result;
        const Result<> waited = queue.wait(scheduler::WaitMode::Interruptible, ready, deadline);
        if (waited) continue;
        if (ready()) queue.hand_on();
        if (waited.error() == Error::Etimedout) return Error::Eagain;
        return wait.patience == NO_END ? waited.error() : Error::Eintr;
    }
}

}  // namespace exo::ipc
