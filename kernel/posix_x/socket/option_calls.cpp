// Socket options at the level that all families share (socket(7)). LINUX: sk_setsockopt and sk_getsockopt.
#include "posix_x/socket/option_calls.hpp"

#include <algorithm>
#include <array>

#include "posix_x/socket/use_socket.hpp"
#include "posix_x/syscalls/time_values.hpp"

namespace exo::posix_x {

namespace {

using abi::SocketOption;
using ipc::SocketOptions;

/// LINUX: timeouts are rounded up to ticks of 4 ms.
constexpr Nanoseconds TICK = 4 * time::MILLISECOND;

struct Value {
    u64 address;
    i32 size;
    /// Errors: Einval (too small), Efault.
    template <class T> Result<T> read() const {
        if (size < static_cast<i32>(sizeof(T))) return Error::Einval;
        return vm::UserIn<T>(address).read();
    }
};

bool is_flag(SocketOption option) {
    switch (option) {
        case SocketOption::Debug:
        case SocketOption::ReuseAddress:
        case SocketOption::ReusePort:
        case SocketOption::DontRoute:
        case SocketOption::Broadcast:
        case SocketOption::KeepAlive:
        case SocketOption::OutOfBandInline:
        case SocketOption::NoCheck:
        case SocketOption::PassCredentials: return true;
        default: return false;
    }
}

bool may_administer() { return current_task().identity().can(Capability::NetAdmin); }

/// LINUX: the size is doubled, to account for the kernel's own structures.
u32 buffer_size(i32 wanted, u32 most, u32 least) {
    const u32 bounded = std::min({static_cast<u32>(wanted), most, static_cast<u32>(INT32_MAX) / 2});
    return std::max(bounded * 2, least);
}

/// The timeout of SO_RCVTIMEO or SO_SNDTIMEO: 0 means none; a negative time has already passed. Errors: Edom.
Result<Nanoseconds> patience_from(const abi::timeval& value) {
    constexpr i64 MICROSECONDS = 1'000'000;
    if (value.tv_usec < 0 || value.tv_usec >= MICROSECONDS) return Error::Edom;
    if (value.tv_sec < 0) return 0ULL;
    if (value.tv_sec == 0 && value.tv_usec == 0) return ipc::NO_END;
    const Nanoseconds time = TRY(to_nanoseconds(value));
    return time >= LONGEST_TIME ? ipc::NO_END : divide_round_up(time, TICK) * TICK;
}

abi::timeval to_timeval_of(Nanoseconds patience) {
    return patience == ipc::NO_END ? abi::timeval{0, 0} : to_timeval(patience);
}

Result<> set_number(SocketOptions& options, SocketOption option, i32 value) {
    switch (option) {
        case SocketOption::SendBuffer:
            options.send_buffer = buffer_size(value, ipc::MOST_BUFFER, ipc::LEAST_SEND_BUFFER);
            return {};
        case SocketOption::ReceiveBuffer:
            options.receive_buffer = buffer_size(value, ipc::MOST_BUFFER, ipc::LEAST_RECEIVE_BUFFER);
            return {};
        case SocketOption::SendBufferForce:
            if (!may_administer()) return Error::Eperm;
            options.send_buffer = buffer_size(std::max(value, 0), ~0U, ipc::LEAST_SEND_BUFFER);
            return {};
        case SocketOption::ReceiveBufferForce:
            if (!may_administer()) return Error::Eperm;
            options.receive_buffer = buffer_size(std::max(value, 0), ~0U, ipc::LEAST_RECEIVE_BUFFER);
            return {};
        case SocketOption::Priority:
            if ((value < 0 || value > 6) && !may_administer()) return Error::Eperm;
            options.priority = value;
            return {};
        case SocketOption::ReceiveLowWater:
            options.receive_low_water = value < 0 ? INT32_MAX : std::max(value, 1);
            return {};
        default: return Error::Enoprotoopt;
    }
}

Result<> set_option(ipc::Socket& socket, SocketOption option, const Value& value) {
    SocketOptions& options = socket.options();
    const i32 number = TRY(value.read<i32>());
    if (is_flag(option)) {
        if (option == SocketOption::Debug && number != 0 && !may_administer()) return Error::Eacces;
        // LINUX: the port of an address; Unix sockets have none.
        if (option == SocketOption::ReusePort && number != 0) return Error::Eopnotsupp;
        options.set(option, number != 0);
        return {};
    }
    switch (option) {
        case SocketOption::Linger: {
            const auto wanted = TRY(value.read<abi::linger>());
            options.set(option, wanted.l_onoff != 0);
            if (wanted.l_onoff != 0) options.linger_seconds = wanted.l_linger;
            return {};
        }
        case SocketOption::ReceiveTimeout:
        case SocketOption::ReceiveTimeoutNew:
            options.receive_patience = TRY(patience_from(TRY(value.read<abi::timeval>())));
            return {};
        case SocketOption::SendTimeout:
        case SocketOption::SendTimeoutNew:
            options.send_patience = TRY(patience_from(TRY(value.read<abi::timeval>())));
            return {};
        default: return set_number(options, option, number);
    }
}

/// A value that getsockopt returns.
struct Told {
    std::array<u8, 16> bytes{};
    u32 size = 0;
    template <class T> static Told of(const T& value) {
        static_assert(sizeof(T) <= sizeof(bytes));
        Told told;
        std::memcpy(told.bytes.data(), &value, sizeof(T));
        told.size = sizeof(T);
        return told;
    }
};

Result<Told> read_option(ipc::Socket& socket, SocketOption option) {
    const SocketOptions& options = socket.options();
    if (is_flag(option)) return Told::of(i32{options.has(option)});
    switch (option) {
        case SocketOption::Type: return Told::of(std::to_underlying(socket.type()));
        case SocketOption::Domain: return Told::of(std::to_underlying(socket.family()));
        case SocketOption::Protocol: return Told::of(i32{0});
        case SocketOption::Error: return Told::of(socket.take_error());
        case SocketOption::AcceptsConnections: return Told::of(i32{socket.accepts_connections()});
        case SocketOption::SendBuffer: return Told::of(options.send_buffer.load());
        case SocketOption::ReceiveBuffer: return Told::of(options.receive_buffer.load());
        case SocketOption::Priority: return Told::of(options.priority.load());
        case SocketOption::ReceiveLowWater: return Told::of(options.receive_low_water.load());
        case SocketOption::SendLowWater: return Told::of(i32{1});
        case SocketOption::Linger:
            return Told::of(abi::linger{options.has(option), options.linger_seconds.load()});
        case SocketOption::ReceiveTimeout:
        case SocketOption::ReceiveTimeoutNew: return Told::of(to_timeval_of(options.receive_patience));
        case SocketOption::SendTimeout:
        case SocketOption::SendTimeoutNew: return Told::of(to_timeval_of(options.send_patience));
        case SocketOption::PeerCredentials: return Told::of(socket.peer_credentials());
        default: return Error::Enoprotoopt;
    }
}

}  // namespace

Result<> sys_setsockopt(Context&, Descriptor fd, abi::SocketLevel level, SocketOption option,
                        InBytes<4> value, SignedSize size) {
    if (size < 0) return Error::Einval;
    const SocketUse socket = TRY(use_socket(fd, Rights::Configure));
    if (level != abi::SocketLevel::Socket) return Error::Eopnotsupp;
    TRY(set_option(*socket, option, {value.address, size}));
    socket->options_changed();
    return {};
}

Result<> sys_getsockopt(Context&, Descriptor fd, abi::SocketLevel level, SocketOption option,
                        UserAddress value, vm::UserInOut<IntegerInMemory> size) {
    const SocketUse socket = TRY(use_socket(fd, Rights::Inspect));
    if (level != abi::SocketLevel::Socket) return Error::Eopnotsupp;
    const i32 room = TRY(size.read());
    if (room < 0) return Error::Einval;
    const Told told = TRY(read_option(*socket, option));
    const u32 fitting = std::min(static_cast<u32>(room), told.size);
    TRY(vm::write_user(value.value, std::span(told.bytes).first(fitting)));
    return size.write(static_cast<i32>(fitting));
}

}  // namespace exo::posix_x
