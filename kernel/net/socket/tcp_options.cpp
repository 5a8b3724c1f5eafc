// Options and ioctls of TCP sockets (tcp(7)). LINUX: do_tcp_setsockopt, do_tcp_getsockopt, tcp_ioctl.
#include <cstring>

#include "abi/linux/net.hpp"
#include "net/socket/tcp_socket.hpp"
#include "vm/user_memory.hpp"

namespace exo::net {

using abi::SocketOption;
using abi::TcpOption;
using tcp::Connection;
using tcp::Nanoseconds;
using tcp::State;
using time::MILLISECOND;
using time::SECOND;

namespace {

constexpr i32 MOST_KEEP_IDLE = 32767;
constexpr i32 MOST_KEEP_INTERVAL = 32767;
constexpr i32 MOST_KEEP_COUNT = 127;
constexpr i32 MOST_SYN_COUNT = 127;
constexpr i32 LEAST_SEGMENT = 88;
constexpr i32 MOST_SEGMENT = 32767;
constexpr i32 FIN_TIMEOUT = 60;
constexpr i32 MOST_FIN_TIMEOUT = 120;
constexpr std::string_view CONGESTION_NAME = "cubic";
constexpr usize CONGESTION_NAME_SIZE = 16;

}  // namespace

/// Takes what SOL_SOCKET's options say over into the settings.
void TcpSocket::read_options(Setup& setup) {
    tcp::Settings& settings = setup.settings;
    settings.keep_alive = options().has(SocketOption::KeepAlive);
    settings.inlines_urgent = options().has(SocketOption::OutOfBandInline);
    settings.receive_low_water =
        static_cast<u32>(std::max(options().receive_low_water.load(std::memory_order_relaxed), 1));
    const u32 send_buffer = options().send_buffer.load(std::memory_order_relaxed);
    if (send_buffer != setup.known_send_buffer) {
        setup.known_send_buffer = settings.send_buffer = send_buffer;
        settings.has_fixed_send_buffer = true;
    }
    const u32 receive_buffer = options().receive_buffer.load(std::memory_order_relaxed);
    if (receive_buffer != setup.known_receive_buffer) {
        setup.known_receive_buffer = settings.receive_buffer = receive_buffer;
        settings.has_fixed_receive_buffer = true;
    }
    if (setup.port) {
        setup.port->reuses_address.store(options().has(SocketOption::ReuseAddress),
                                         std::memory_order_relaxed);
        setup.port->reuses_port.store(options().has(SocketOption::ReusePort), std::memory_order_relaxed);
    }
}

/// Gives the settings to the connection or the listener.
void TcpSocket::apply_settings() {
    const auto setup = setup_.lock();
    read_options(*setup);
    if (const Ref<tcp::Listener> listening = listener()) {
        listening->set_settings(setup->settings, ip_fields());
        listening->set_defer_accept(setup->defer_accept);
    }
    const Ref<Connection> open = connection();
    if (!open) return;
    open->set_ip_fields(ip_fields());
    open->with([&](ControlBlock& block, Nanoseconds now) {
        tcp::Settings merged = setup->settings;
        // Buffers that no program has set have grown by themselves.
        if (!merged.has_fixed_send_buffer) merged.send_buffer = block.settings.send_buffer;
        if (!merged.has_fixed_receive_buffer) merged.receive_buffer = block.settings.receive_buffer;
        block.settings = merged;
        block.settings_changed(now);
    });
}

void TcpSocket::options_changed() { apply_settings(); }

/// Shows programs the sizes that the buffers have grown to. The setup's lock is held, or nobody else knows the socket.
void TcpSocket::show_buffers(const ControlBlock& block) {
    Setup& setup = setup_.unsafe_value();
    const tcp::Settings& settings = block.settings;
    setup.settings.has_fixed_send_buffer |= settings.has_fixed_send_buffer;
    setup.settings.has_fixed_receive_buffer |= settings.has_fixed_receive_buffer;
    setup.known_send_buffer = setup.settings.send_buffer = settings.send_buffer;
    setup.known_receive_buffer = setup.settings.receive_buffer = settings.receive_buffer;
    options().send_buffer.store(settings.send_buffer, std::memory_order_relaxed);
    options().receive_buffer.store(settings.receive_buffer, std::memory_order_relaxed);
}

Result<> TcpSocket::set_own_option(i32 level, i32 option, const ipc::OptionValue& value, const Caller&) {
    if (level != abi::LEVEL_TCP) return Error::Enoprotoopt;
    if (static_cast<TcpOption>(option) == TcpOption::Congestion) {
        if (value.size() < 1) return Error::Einval;
        char name[CONGESTION_NAME_SIZE] = {};
        // SAFETY: characters are bytes.
        TRY(value.read_bytes({reinterpret_cast<u8*>(name), sizeof(name) - 1}));
        return std::string_view(name) == CONGESTION_NAME ? Result<>() : Result<>(Error::Enoent);
    }
    const i32 number = TRY(value.read<i32>());
    {
        const auto setup = setup_.lock();
        tcp::Settings& settings = setup->settings;
        switch (static_cast<TcpOption>(option)) {
            case TcpOption::NoDelay: settings.no_delay = number != 0; break;
            case TcpOption::Cork: settings.cork = number != 0; break;
            case TcpOption::MaxSegment:
                if (number != 0 && (number < LEAST_SEGMENT || number > MOST_SEGMENT)) return Error::Einval;
                settings.most_segment = static_cast<u16>(number);
                break;
            case TcpOption::KeepIdle:
                if (number < 1 || number > MOST_KEEP_IDLE) return Error::Einval;
                settings.keep_idle = static_cast<u32>(number) * SECOND;
                break;
            case TcpOption::KeepInterval:
                if (number < 1 || number > MOST_KEEP_INTERVAL) return Error::Einval;
                settings.keep_interval = static_cast<u32>(number) * SECOND;
                break;
            case TcpOption::KeepCount:
                if (number < 1 || number > MOST_KEEP_COUNT) return Error::Einval;
                settings.keep_count = static_cast<u8>(number);
                break;
            case TcpOption::SynCount:
                if (number < 1 || number > MOST_SYN_COUNT) return Error::Einval;
                settings.syn_retries = static_cast<u8>(number);
                break;
            case TcpOption::Linger2:
                if (number < 0)
                    settings.fin_timeout = tcp::NEVER;
                else if (number > MOST_FIN_TIMEOUT)
                    settings.fin_timeout = MOST_FIN_TIMEOUT * SECOND;
                else
                    settings.fin_timeout = (number == 0 ? FIN_TIMEOUT : static_cast<u32>(number)) * SECOND;
                break;
            case TcpOption::DeferAccept:
                setup->defer_accept = number > 0 ? static_cast<u32>(number) : 0;
                break;
            case TcpOption::WindowClamp: {
                if (number == 0) {
                    const Ref<Connection> open = connection();
                    if (open &&
                        open->look([](ControlBlock& block) { return block.state() != State::Closed; }))
                        return Error::Einval;
                    settings.window_clamp = 0;
                    break;
                }
                // LINUX: SOCK_MIN_RCVBUF / 2.
                constexpr u32 LEAST_CLAMP = ipc::LEAST_RECEIVE_BUFFER / 2;
                settings.window_clamp = std::max(static_cast<u32>(number), LEAST_CLAMP);
                break;
            }
            case TcpOption::QuickAck: break;
            case TcpOption::UserTimeout:
                if (number < 0) return Error::Einval;
                settings.user_timeout = static_cast<u32>(number) * MILLISECOND;
                break;
            case TcpOption::NotSentLowWater:
                settings.not_sent_low_water = number == 0 ? ~0U : static_cast<u32>(number);
                break;
            case TcpOption::FastOpen:
            case TcpOption::Timestamp:
            case TcpOption::Inquire:
                // Not implemented: programs must be able to go on without it.
                if (static_cast<TcpOption>(option) == TcpOption::Inquire && (number < 0 || number > 1))
                    return Error::Einval;
                return Error::Enoprotoopt;
            default: return Error::Enoprotoopt;
        }
    }
    if (static_cast<TcpOption>(option) == TcpOption::QuickAck) {
        is_quick_before_.store(number != 0, std::memory_order_relaxed);
        if (const Ref<Connection> open = connection())
            open->with([&](ControlBlock& block, Nanoseconds now) { block.set_quick_ack(number != 0, now); });
        return {};
    }
    apply_settings();
    return {};
}

Result<ipc::OptionResult> TcpSocket::own_option(i32 level, i32 option, u32 room) {
    (void)room;
    if (level != abi::LEVEL_TCP) return Error::Enoprotoopt;
    using ipc::OptionResult;
    const Ref<Connection> open = connection();
    const auto setup = setup_.lock();
    const tcp::Settings& settings = setup->settings;
    const auto seconds = [](Nanoseconds time) { return static_cast<i32>(time / SECOND); };
    switch (static_cast<TcpOption>(option)) {
        case TcpOption::NoDelay: return OptionResult::of(i32{settings.no_delay});
        case TcpOption::Cork: return OptionResult::of(i32{settings.cork});
        case TcpOption::MaxSegment: {
            i32 size = static_cast<i32>(tcp::DEFAULT_MSS);
            State state = State::Closed;
            if (open)
                open->look([&](ControlBlock& block) {
                    state = block.state();
                    size = static_cast<i32>(block.segment_size());
                    return 0;
                });
            if (settings.most_segment != 0 && (state == State::Closed || accepts_connections()))
                size = settings.most_segment;
            return OptionResult::of(size);
        }
        case TcpOption::KeepIdle: return OptionResult::of(seconds(settings.keep_idle));
        case TcpOption::KeepInterval: return OptionResult::of(seconds(settings.keep_interval));
        case TcpOption::KeepCount: return OptionResult::of(i32{settings.keep_count});
        case TcpOption::SynCount: return OptionResult::of(i32{settings.syn_retries});
        case TcpOption::Linger2:
            return OptionResult::of(settings.fin_timeout == tcp::NEVER ? i32{-1}
                                                                       : seconds(settings.fin_timeout));
        case TcpOption::DeferAccept: {
            const Ref<tcp::Listener> listening = listener();
            return OptionResult::of(
                listening ? static_cast<i32>(listening->defer_accept())
                          : static_cast<i32>(tcp::Listener::rounded_defer_accept(setup->defer_accept)));
        }
        case TcpOption::WindowClamp: {
            // LINUX: tcp_select_initial_window: half of the receive buffer, until a program says less.
            const bool has_own = settings.window_clamp != 0 || !open;
            return OptionResult::of(
                static_cast<i32>(has_own ? settings.window_clamp : settings.receive_buffer / 2));
        }
        case TcpOption::Information: {
            abi::tcp_info info{};
            if (open) {
                open->look([&](ControlBlock& block) {
                    block.describe(info, time::monotonic());
                    return 0;
                });
            } else {
                info.tcpi_state = static_cast<u8>(State::Closed);
            }
            if (const Ref<tcp::Listener> listening = listener()) {
                // LINUX: tcp_get_info: a listener shows its queue.
                info.tcpi_state = static_cast<u8>(State::Listen);
                info.tcpi_unacked = listening->waiting();
                info.tcpi_sacked = listening->backlog();
            }
            return OptionResult::of(info);
        }
        case TcpOption::QuickAck:
            return OptionResult::of(i32{open
                                            ? open->look([](ControlBlock& block) { return block.is_quick(); })
                                            : is_quick_before_.load(std::memory_order_relaxed)});
        case TcpOption::Congestion: {
            std::array<char, CONGESTION_NAME_SIZE> name{};
            CONGESTION_NAME.copy(name.data(), name.size());
            return OptionResult::of(name);
        }
        case TcpOption::UserTimeout:
            return OptionResult::of(static_cast<i32>(settings.user_timeout / MILLISECOND));
        case TcpOption::NotSentLowWater:
            return OptionResult::of(
                settings.not_sent_low_water == ~0U ? i32{0} : static_cast<i32>(settings.not_sent_low_water));
        case TcpOption::FastOpen: return OptionResult::of(i32{0});
        case TcpOption::Timestamp: {
            const u32 now =
                open ? open->look([](ControlBlock& block) { return block.timestamp(time::monotonic()); }) : 0;
            return OptionResult::of(now);
        }
        case TcpOption::Inquire: return OptionResult::of(i32{0});
        default: return Error::Enoprotoopt;
    }
}

Result<u64> TcpSocket::own_ioctl(fs::FileCommand request) {
    enum class Request : u32 { AtMark = 0x8905, Unsent = 0x894b };
    const bool is_unsent = request.is(Request::Unsent);
    if (!request.is(abi::SocketIoctl::OutputQueue) && !is_unsent && !request.is(Request::AtMark))
        return Error::Enotty;
    const Ref<Connection> open = connection();
    u32 number = 0;
    if (request.is(Request::AtMark)) {
        if (open) number = open->look([](ControlBlock& block) { return block.is_at_mark(); }) ? 1 : 0;
    } else {
        if (accepts_connections()) return Error::Einval;
        if (open)
            number = open->look(
                [&](ControlBlock& block) { return is_unsent ? block.unsent() : block.unacknowledged(); });
    }
    TRY(vm::UserOut<u32>(request.argument).write(number));
    return 0ULL;
}

}  // namespace exo::net
