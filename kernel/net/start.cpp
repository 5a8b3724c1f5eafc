#include "net/start.hpp"

#include "log/log.hpp"
#include "net/dhcp/service.hpp"
#include "net/icmp/icmp.hpp"
#include "net/ip/output.hpp"
#include "net/ip/text.hpp"
#include "net/link/chores.hpp"
#include "net/socket/raw_socket.hpp"
#include "net/socket/udp_socket.hpp"
#include "net/tcp/tcp.hpp"

namespace exo::net {

namespace {

/// Calls `visit` with each item of a list that commas separate.
template <class Visit> void for_each_item(std::string_view list, Visit visit) {
    while (!list.empty()) {
        const usize comma = std::min(list.find(','), list.size());
        visit(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
}

void apply_rules(const boot::CommandLine& command_line) {
    if (command_line.number("net.host_loopback").value_or(0) != 0) let_reach_host();
    command_line.for_each_value("net.refuse", [](std::string_view list) {
        for_each_item(list, [](std::string_view item) {
            const std::optional<Ipv4Prefix> network = parse_prefix(item);
            // A rule that cannot be kept ends the network: the machine must not reach more than it was given.
            if (!network || !refuse_network(*network)) {
                log::error("net.refuse={}: not understood; no packet leaves the machine", item);
                (void)refuse_network({});
            }
        });
    });
    FixedVector<dhcp::Address, 4> name_servers;
    command_line.for_each_value("net.dns", [&](std::string_view list) {
        for_each_item(list, [&](std::string_view item) {
            const std::optional<Ipv4Address> address = parse_address(item);
            if (!address || !name_servers.push(address->value)) {
                log::warning("net.dns={}: not used", item);
                return;
            }
            allow_name_server(*address);
        });
    });
    dhcp::use_name_servers(name_servers.span());
}

}  // namespace

Result<> start(const boot::CommandLine& command_line) {
    start_output();
    start_loopback();
    start_ip();
    start_icmp();
    start_udp();
    start_raw();
    apply_rules(command_line);
    TRY(tcp::start_tcp());
    TRY(configure_loopback());
    return start_chores();
}

void start_interfaces(const boot::CommandLine& command_line) {
    const Result<EthernetInterface*> ethernet = start_ethernet();
    if (!ethernet) log::warning("the network device does not start (error {})", ethernet.error());
    if (!ethernet || *ethernet == nullptr) return;
    if (command_line.value("ip") != "dhcp") return;
    if (const Result<> started = dhcp::start(**ethernet); !started)
        log::warning("no DHCP (error {})", started.error());
}

}  // namespace exo::net
