// Socket options at the level that all families share (socket(7)). LINUX: sk_setsockopt and sk_getsockopt.
#include "posix_x/socket/option_calls.hpp"

#include <algorithm>
#include <array>

#include "net/link/interface.hpp"
#include "posix_x/socket/use_socket.hpp"
#include "posix_x/syscalls/time_values.hpp"
#include "utils/bytes.hpp"

namespace exo::posix_x {

namespace {

using abi::SocketOption;
using ipc::SocketOptions;

/// LINUX: timeouts are rounded up to ticks of 4 ms.
constexpr Nanoseconds TICK = 4 * time::MILLISECOND;

using Value = ipc::OptionValue;

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
        case SocketOption::Timestamp:
        case SocketOption::TimestampNs:
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
        case SocketOption::Mark:
            if (!may_administer() && !current_task().credentials().may(fs::Privilege::NetRaw))
                return Error::Eperm;
            options.mark = static_cast<u32>(value);
            return {};
        case SocketOption::ReceiveLowWater:
            options.receive_low_water = value < 0 ? INT32_MAX : std::max(value, 1);
            return {};
        default: return Error::Enoprotoopt;
    }
}

/// LINUX: sock_setbindtodevice: only who has CAP_NET_RAW may change from one interface to another.
Result<> bind_to_device(SocketOptions& options, const Value& value) {
    if (options.device.load(std::memory_order_relaxed) != 0 &&
        !current_task().credentials().may(fs::Privilege::NetRaw))
        return Error::Eperm;
    std::array<u8, abi::INTERFACE_NAME_SIZE> bytes{};
    TRY(value.read_bytes(std::span(bytes).first(bytes.size() - 1)));
    std::string_view name = as_text(bytes);
    name = name.substr(0, name.find('\0'));
    const net::Interface* const interface = name.empty() ? nullptr : net::find_interface(name);
    if (!name.empty() && interface == nullptr) return Error::Enodev;
    options.device = interface == nullptr ? 0 : interface->index();
    return {};
}

Result<> set_option(ipc::Socket& socket, SocketOption option, const Value& value) {
    SocketOptions& options = socket.options();
    const i32 number = TRY(value.read<i32>());
    if (is_flag(option)) {
        if (option == SocketOption::Debug && number != 0 && !may_administer()) return Error::Eacces;
        // LINUX: the port of an address; Unix sockets have none.
        if (option == SocketOption::ReusePort && number != 0 && !socket.has_ports()) return Error::Eopnotsupp;
        // LINUX: sock_set_timestamp: one kind of time stamp replaces the other.
        if (option == SocketOption::Timestamp && number != 0) options.set(SocketOption::TimestampNs, false);
        if (option == SocketOption::TimestampNs && number != 0) options.set(SocketOption::Timestamp, false);
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

using Told = ipc::OptionResult;

/// The name of the interface that the socket is bound to. LINUX: sock_getbindtodevice. Errors: Einval (no room for a name).
Result<Told> told_device(const SocketOptions& options, u32 room) {
    Told told;
    const net::Interface* const bound = net::find_interface(options.device.load(std::memory_order_relaxed));
    if (bound == nullptr) return told;
    if (room < abi::INTERFACE_NAME_SIZE) return Error::Einval;
    std::memcpy(told.bytes.data(), bound->name().data(), bound->name().size());
    told.bytes[bound->name().size()] = 0;
    told.size = static_cast<u32>(bound->name().size() + 1);
    return told;
}

Result<Told> read_option(ipc::Socket& socket, SocketOption option, u32 room) {
    const SocketOptions& options = socket.options();
    if (is_flag(option)) return Told::of(i32{options.has(option)});
    switch (option) {
        case SocketOption::Type: return Told::of(std::to_underlying(socket.type()));
        case SocketOption::Domain: return Told::of(std::to_underlying(socket.family()));
        case SocketOption::Protocol: return Told::of(socket.protocol());
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
        case SocketOption::Mark: return Told::of(options.mark.load());
        case SocketOption::BindToDevice: return told_device(options, room);
        default: return Error::Enoprotoopt;
    }
}

}  // namespace

Result<> sys_setsockopt(Context&, Descriptor fd, abi::SocketLevel level, SocketOption option,
                        InBytes<4> value, SignedSize size) {
    if (size < 0) return Error::Einval;
    const SocketUse socket = TRY(use_socket(fd, Rights::Configure));
    const Value given(value.address, static_cast<u32>(size));
    if (level != abi::SocketLevel::Socket)
        return socket->set_protocol_option(std::to_underlying(level), std::to_underlying(option), given,
                                           current_task().caller());
    // LINUX: sk_setsockopt: a name, which may be shorter than a number.
    const Result<> set = option == SocketOption::BindToDevice ? bind_to_device(socket->options(), given)
                                                              : set_option(*socket, option, given);
    if (set) socket->options_changed();
    return set;
}

Result<> sys_getsockopt(Context&, Descriptor fd, abi::SocketLevel level, SocketOption option,
                        UserAddress value, vm::UserInOut<IntegerInMemory> size) {
    const SocketUse socket = TRY(use_socket(fd, Rights::Inspect));
    // LINUX: a family without options of other levels says so before it looks at the size.
    if (level != abi::SocketLevel::Socket && socket->family() == abi::AddressFamily::Unix)
        return Error::Eopnotsupp;
    const i32 room = TRY(size.read());
    if (room < 0) return Error::Einval;
    const Told told = level == abi::SocketLevel::Socket
                          ? TRY(read_option(*socket, option, static_cast<u32>(room)))
                          : TRY(socket->protocol_option(std::to_underlying(level), std::to_underlying(option),
                                                        static_cast<u32>(room)));
    const u32 fitting = std::min(static_cast<u32>(room), told.size);
    TRY(vm::write_user(value.value, std::span(told.bytes).first(fitting)));
    return size.write(static_cast<i32>(fitting));
}

}  // namespace exo::posix_x
