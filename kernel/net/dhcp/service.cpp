#include "net/dhcp/service.hpp"

#include <bit>
#include <cstring>

#include "drivers/random/random.hpp"
#include "log/log.hpp"
#include "net/ip/header.hpp"
#include "net/ip/output.hpp"
#include "net/link/activity.hpp"
#include "net/link/chores.hpp"
#include "net/packet/checksum.hpp"
#include "net/udp/udp.hpp"
#include "scheduler/mutex.hpp"

namespace exo::net::dhcp {

namespace {

constexpr u16 CLIENT_PORT = 68;
constexpr u16 SERVER_PORT = 67;
constexpr Nanoseconds LONGEST_WAIT = 10 * time::SECOND;
/// LINUX: RTPROT_DHCP.
constexpr u8 BY_DHCP = 16;

u64 random_number() { return drivers::RANDOM.next_u64(); }

struct Service {
    EthernetInterface* interface = nullptr;
    std::optional<Client> client;
    std::optional<Lease> applied;
    FixedVector<Address, 4> name_servers;  ///< Of the command line.
};
[[clang::no_destroy]] constinit scheduler::Mutex<Service, sync::LockRank::SleepingLeaf> service;
constinit std::atomic<bool> was_started{false};
constinit std::atomic<bool> has_address{false};
[[clang::no_destroy]] constinit scheduler::WaitQueue gained;

Nanoseconds run(Nanoseconds now);
constinit Chore chore(&run);

void send(EthernetInterface& interface, const Message& message) {
    Result<PacketPtr> packet = Packet::create();
    if (!packet || !(*packet)->append_copy(message.payload)) return;
    const Ipv4Address source{message.source};
    const Ipv4Address destination{message.destination};
    const u32 size = (*packet)->size() + static_cast<u32>(sizeof(UdpHeader));
    UdpHeader& header = (*packet)->push_header<UdpHeader>();
    header.source_port = CLIENT_PORT;
    header.destination_port = SERVER_PORT;
    header.size = static_cast<u16>(size);
    header.checksum = u16{0};
    Checksum sum;
    sum.add_pseudo_header(source, destination, Protocol::Udp, size);
    add_packet(sum, **packet);
    const u16 value = sum.value() == 0 ? u16{0xffff} : sum.value();
    std::memcpy(&header.checksum, &value, sizeof(value));
    (*packet)->checksum = ChecksumState::Complete;
    const bool is_broadcast = destination.is_limited_broadcast();
    Result<Route> route = is_broadcast ? Route{.interface = &interface,
                                               .source = source,
                                               .destination = destination,
                                               .next_hop = destination,
                                               .kind = RouteKind::Broadcast,
                                               .mtu = interface.mtu()}
                                       : find_route(destination, source, &interface);
    if (!route) return;
    (void)send_ip(std::move(*packet),
                  {.source = source, .destination = destination, .protocol = Protocol::Udp}, *route);
}

InterfaceAddress address_of(EthernetInterface& interface, const Lease& lease) {
    const u8 length = lease.mask == 0 ? u8{24} : static_cast<u8>(std::countl_one(lease.mask));
    InterfaceAddress address{.interface = &interface, .prefix = {Ipv4Address{lease.address}, length}};
    if (length < 31) address.broadcast = address.prefix.broadcast();
    interface.name().copy(address.label.data(), address.label.size() - 1);
    return address;
}

/// Takes away what the last lease has set. Its routes go with its address.
void withdraw(Service& state) {
    if (!state.applied) return;
    (void)remove_address(*state.interface, address_of(*state.interface, *state.applied).prefix);
    (void)remove_route({.interface = state.interface, .protocol = BY_DHCP});
    state.applied.reset();
}

void apply(Service& state, const Lease& lease) {
    EthernetInterface& interface = *state.interface;
    const bool is_same = state.applied && state.applied->address == lease.address &&
                         state.applied->mask == lease.mask && state.applied->router == lease.router;
    if (!is_same) {
        withdraw(state);
        const InterfaceAddress address = address_of(interface, lease);
        if (!add_address(address)) return;
        const Ipv4Address router{lease.router};
        if (!router.is_any()) {
            // A router may be outside the network of the leased address (RFC 3442): a route says that the router is on the link.
            if (!address.prefix.contains(router))
                (void)add_route({.destination = {router, 32},
                                 .interface = &interface,
                                 .protocol = BY_DHCP,
                                 .scope = 253});
            (void)add_route({.gateway = router, .interface = &interface, .protocol = BY_DHCP});
        }
        log::info("{}: address {}.{}.{}.{}/{}", interface.name(), lease.address >> 24,
                  lease.address >> 16 & 255, lease.address >> 8 & 255, lease.address & 255,
                  address.prefix.length);
    }
    if (lease.mtu != 0) (void)interface.set_mtu(lease.mtu);
    for (const Address server : lease.name_servers) allow_name_server(Ipv4Address{server});
    state.applied = lease;
    if (!state.name_servers.is_empty()) state.applied->name_servers = state.name_servers;
    has_address.store(true, std::memory_order_seq_cst);
    gained.wake_all();
}

/// Sends what is due, and sets what has changed.
void drive(Service& state, Nanoseconds now) {
    while (const std::optional<Message> message = state.client->next(now)) send(*state.interface, *message);
    switch (state.client->take_change()) {
        case Change::None: break;
        case Change::Gained:
        case Change::Renewed:
            if (const Lease* lease = state.client->lease()) apply(state, *lease);
            break;
        case Change::Lost: withdraw(state); break;
    }
    if (const Nanoseconds due = state.client->due(); due != ~Nanoseconds{0}) chore.run_at(due);
}

Nanoseconds run(Nanoseconds now) {
    auto state = service.lock();
    drive(*state, now);
    return 0;
}

/// A packet that has arrived, IP header in front. Answers of DHCP servers are not for anybody else.
bool take(Packet& packet) {
    const Ipv4Header* header = packet.front_as<Ipv4Header>();
    if (header == nullptr || header->version() != 4 || header->size() < Ipv4Header::SIZE) return false;
    if (header->protocol != std::to_underlying(Protocol::Udp) || header->is_fragment()) return false;
    const u32 header_size = header->size();
    const u32 size = header->total_size;
    constexpr u32 MOST_PAYLOAD = 1500;
    if (size < header_size + sizeof(UdpHeader) || size > packet.size() || size > MOST_PAYLOAD) return false;
    UdpHeader udp;
    // SAFETY: a header is bytes.
    packet.copy_out(header_size, {reinterpret_cast<u8*>(&udp), sizeof(udp)});
    if (udp.destination_port != CLIENT_PORT || udp.source_port != SERVER_PORT) return false;
    if (udp.size < sizeof(UdpHeader) || udp.size > size - header_size) return true;
    const u32 payload_size = udp.size - static_cast<u32>(sizeof(UdpHeader));
    std::array<u8, MOST_PAYLOAD> payload;
    packet.copy_out(header_size + static_cast<u32>(sizeof(UdpHeader)),
                    std::span(payload).first(payload_size));
    auto state = service.lock();
    const Nanoseconds now = time::monotonic();
    state->client->received(std::span(payload).first(payload_size), now);
    drive(*state, now);
    return true;
}

}  // namespace

void use_name_servers(std::span<const Address> servers) {
    auto state = service.lock();
    for (const Address server : servers)
        if (!state->name_servers.push(server)) break;
}

Result<> start(EthernetInterface& interface) {
    TRY(set_up(interface, true));
    {
        auto state = service.lock();
        state->interface = &interface;
        state->client.emplace(interface.hardware_address(), &random_number);
    }
    was_started.store(true, std::memory_order_release);
    interface.set_tap(&take);
    chore.run_at(1);
    return {};
}

void wait_for_address() {
    if (!was_started.load(std::memory_order_acquire)) return;
    const Result<> waited = gained.wait(
        scheduler::WaitMode::Uninterruptible, [] { return has_address.load(std::memory_order_seq_cst); },
        time::Deadline::after(LONGEST_WAIT));
    if (!waited) log::warning("nobody has answered DHCP; programs start without an address");
}

std::optional<Lease> current_lease() {
    auto state = service.lock();
    return state->applied;
}

}  // namespace exo::net::dhcp
