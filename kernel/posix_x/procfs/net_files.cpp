// /proc/net: the network in Linux's formats (proc(5)).
#include <algorithm>
#include <bit>

#include "fs/pseudo/pseudo.hpp"
#include "net/dhcp/service.hpp"
#include "net/ip/configuration.hpp"
#include "net/link/neighbours.hpp"
#include "net/socket/raw_socket.hpp"
#include "net/socket/udp_socket.hpp"
#include "net/tcp/listener.hpp"
#include "posix_x/procfs/procfs.hpp"
#include "utils/format.hpp"

namespace exo::posix_x::procfs {

namespace {

constexpr u32 READABLE = 0444;

/// Pads the line that begins at `start` with blanks and ends it.
Result<> finish_line(String& out, usize start, usize width) {
    while (out.size() - start < width) TRY(out.push(' '));
    return out.push('\n');
}

/// An address as Linux prints it: the number whose bytes in memory are in network order.
u32 in_memory(net::Ipv4Address address) { return std::byteswap(address.value); }

/// Appends a number in hexadecimal with capital letters.
Result<> append_hex(String& out, u64 number, u32 digits) {
    while (digits-- != 0) TRY(out.push("0123456789ABCDEF"[number >> (4 * digits) & 15]));
    return {};
}

Result<> append_endpoint(String& out, net::Endpoint endpoint) {
    TRY(append_hex(out, in_memory(endpoint.address), 8));
    TRY(out.push(':'));
    return append_hex(out, endpoint.port, 4);
}

/// The columns from "st" to "inode" of a socket's line. The numbers of timers are 0.
Result<> append_state(String& out, u32 state, u32 sent, u32 received, u32 owner, u64 inode) {
    TRY(out.push(' '));
    TRY(append_hex(out, state, 2));
    TRY(out.push(' '));
    TRY(append_hex(out, sent, 8));
    TRY(out.push(':'));
    TRY(append_hex(out, received, 8));
    return format_append(out, " 00:00000000 00000000 {:5}        0 {}", owner, inode);
}

// ---- Interfaces

Result<> generate_dev(String& out) {
    TRY(out.append(
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo "
        "colls carrier compressed\n"));
    Result<> result;
    net::for_each_interface([&](net::Interface& interface) {
        if (!result) return;
        const auto count = [](const std::atomic<u64>& counter) {
            return counter.load(std::memory_order_relaxed);
        };
        const net::TrafficCounters& in = interface.received;
        const net::TrafficCounters& sent = interface.sent;
        const net::LinkLosses losses = interface.link_losses();
        for (usize i = interface.name().size(); i < 6; ++i)
            if (!(result = out.push(' '))) return;
        result = format_append(
            out, "{}: {:7} {:7} {:4} {:4} {:4} {:5} {:10} {:9} {:8} {:7} {:4} {:4} {:4} {:5} {:7} {:10}\n",
            interface.name(), count(in.bytes), count(in.packets), count(in.errors) + losses.received_errors,
            count(in.dropped) + losses.received_dropped, 0, 0, 0, 0, count(sent.bytes), count(sent.packets),
            count(sent.errors) + losses.sent_errors, count(sent.dropped) + losses.sent_dropped, 0, 0, 0, 0);
    });
    return result;
}

Result<> generate_route(String& out) {
    constexpr usize WIDTH = 127;
    const usize head = out.size();
    TRY(out.append("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"));
    TRY(finish_line(out, head, WIDTH));
    const Vector<net::RouteEntry> all = TRY(net::routes());
    for (const net::RouteEntry& entry : all) {
        constexpr u32 UP = 1;
        constexpr u32 GATEWAY = 2;
        constexpr u32 HOST = 4;
        if (entry.interface == nullptr) continue;
        const u32 flags =
            UP | (entry.gateway.is_any() ? 0 : GATEWAY) | (entry.destination.length == 32 ? HOST : 0);
        const usize start = out.size();
        TRY(format_append(out, "{}\t", entry.interface->name()));
        TRY(append_hex(out, in_memory(entry.destination.address), 8));
        TRY(out.push('\t'));
        TRY(append_hex(out, in_memory(entry.gateway), 8));
        TRY(out.push('\t'));
        TRY(append_hex(out, flags, 4));
        TRY(format_append(out, "\t0\t0\t{}\t", entry.metric));
        TRY(append_hex(out, std::byteswap(entry.destination.mask()), 8));
        TRY(out.append("\t0\t0\t0"));
        TRY(finish_line(out, start, WIDTH));
    }
    return {};
}

Result<> append_address(String& out, net::Ipv4Address address, usize width) {
    const usize start = out.size();
    const u32 value = address.value;
    TRY(format_append(out, "{}.{}.{}.{}", value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255));
    while (out.size() - start < width) TRY(out.push(' '));
    return {};
}

Result<> generate_arp(String& out) {
    TRY(out.append("IP address       HW type     Flags       HW address            Mask     Device\n"));
    const Vector<net::NeighbourEntry> all = TRY(net::neighbours());
    for (const net::NeighbourEntry& entry : all) {
        constexpr u32 COMPLETE = 2;
        u32 flags = 0;
        if (entry.state != net::NeighbourState::Incomplete && entry.state != net::NeighbourState::Failed)
            flags = COMPLETE;
        TRY(append_address(out, entry.address, 16));
        TRY(format_append(out, " 0x1         0x{:x}         ", flags));
        for (usize i = 0; i < entry.hardware.size(); ++i) {
            if (i != 0) TRY(out.push(':'));
            TRY(format_append(out, "{:02x}", entry.hardware[i]));
        }
        TRY(format_append(out, "     *        {}\n", entry.interface->name()));
    }
    return {};
}

/// LINUX: ipconfig's file: what ip=dhcp was told.
Result<> generate_pnp(String& out) {
    const std::optional<net::dhcp::Lease> lease = net::dhcp::current_lease();
    if (!lease) return out.append("#MANUAL\n");
    TRY(out.append("#PROTO: DHCP\n"));
    if (lease->domain.size() != 0)
        TRY(format_append(out, "domain {}\n", std::string_view(lease->domain.begin(), lease->domain.size())));
    for (const net::dhcp::Address server : lease->name_servers) {
        TRY(out.append("nameserver "));
        TRY(append_address(out, net::Ipv4Address{server}, 0));
        TRY(out.push('\n'));
    }
    return {};
}

// ---- Sockets

/// One line of udp and raw.
Result<> append_datagram_socket(String& out, u64 bucket, const net::SocketView& socket, net::Endpoint local) {
    constexpr usize WIDTH = 127;
    constexpr u32 ESTABLISHED = 1;
    constexpr u32 CLOSED = 7;
    const usize start = out.size();
    TRY(format_append(out, "{:5}: ", bucket));
    TRY(append_endpoint(out, local));
    TRY(out.push(' '));
    TRY(append_endpoint(out, socket.remote));
    TRY(append_state(out, socket.is_connected ? ESTABLISHED : CLOSED, 0, socket.queued_memory, socket.owner,
                     socket.inode_number));
    TRY(format_append(out, " 2 0000000000000000 {}", socket.dropped));
    return finish_line(out, start, WIDTH);
}

constexpr std::string_view DATAGRAM_HEAD =
    "local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer "
    "drops";

Result<> generate_udp(String& out) {
    constexpr usize WIDTH = 127;
    const usize head = out.size();
    TRY(format_append(out, "   sl  {}", DATAGRAM_HEAD));
    TRY(finish_line(out, head, WIDTH));
    return net::for_each_udp_socket([&](const net::SocketView& socket) {
        return append_datagram_socket(out, socket.local.port, socket, socket.local);
    });
}

Result<> generate_raw(String& out) {
    TRY(format_append(out, "  sl  {}\n", DATAGRAM_HEAD));
    return net::for_each_raw_socket([&](const net::SocketView& socket) {
        return append_datagram_socket(out, socket.protocol, socket, {socket.local.address, socket.protocol});
    });
}

struct StreamLine {
    net::Flow flow;
    u32 state;
    u32 sent = 0;
    u32 received = 0;
    u32 owner = 0;
    u64 inode = 0;
};

Result<> append_stream(String& out, u64 number, const StreamLine& line) {
    constexpr usize WIDTH = 149;
    const usize start = out.size();
    TRY(format_append(out, "{:4}: ", number));
    TRY(append_endpoint(out, line.flow.local));
    TRY(out.push(' '));
    TRY(append_endpoint(out, line.flow.remote));
    TRY(append_state(out, line.state, line.sent, line.received, line.owner, line.inode));
    TRY(out.append(" 1 0000000000000000"));
    return finish_line(out, start, WIDTH);
}

Result<> generate_tcp(String& out) {
    constexpr usize WIDTH = 149;
    constexpr u32 SYN_RECEIVED = 3;
    constexpr u32 TIME_WAIT = 6;
    constexpr u32 LISTEN = 10;
    const usize head = out.size();
    TRY(out.append(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"));
    TRY(finish_line(out, head, WIDTH));
    u64 number = 0;
    Result<> result;
    net::tcp::for_each_listener([&](net::tcp::Listener& listener) {
        if (!result) return;
        result = append_stream(out, number++,
                               {.flow = {listener.local(), {}},
                                .state = LISTEN,
                                .received = listener.waiting(),
                                .owner = listener.queues()->owner.load(std::memory_order_relaxed),
                                .inode = listener.queues()->inode_number.load(std::memory_order_relaxed)});
    });
    net::tcp::for_each_flow([&](net::tcp::FlowEntry& entry) {
        if (!result) return;
        StreamLine line{.flow = entry.flow(), .state = SYN_RECEIVED};
        if (entry.kind() == net::tcp::FlowEntry::Kind::TimeWait) line.state = TIME_WAIT;
        if (entry.kind() == net::tcp::FlowEntry::Kind::Connection) {
            auto& connection = static_cast<net::tcp::Connection&>(entry);
            connection.look([&](net::tcp::ControlBlock& block) {
                line.state = std::to_underlying(block.state());
                line.sent = block.unacknowledged();
            });
            if (const auto& queues = connection.queues()) {
                line.owner = queues->owner.load(std::memory_order_relaxed);
                line.inode = queues->inode_number.load(std::memory_order_relaxed);
            }
        }
        result = append_stream(out, number++, line);
    });
    return result;
}

}  // namespace

Result<> add_net_files() {
    fs::StaticDirectory& directory = *TRY(fs::procfs().directory->add_directory("net"));
    TRY(directory.add_file("arp", READABLE, generate_arp));
    TRY(directory.add_file("dev", READABLE, generate_dev));
    TRY(directory.add_file("pnp", READABLE, generate_pnp));
    TRY(directory.add_file("raw", READABLE, generate_raw));
    TRY(directory.add_file("route", READABLE, generate_route));
    TRY(directory.add_file("tcp", READABLE, generate_tcp));
    return directory.add_file("udp", READABLE, generate_udp);
}

}  // namespace exo::posix_x::procfs
