// The DHCP client at work: it sends and receives by one interface and sets what the server grants (ip=dhcp).
#pragma once

#include "net/dhcp/lease.hpp"
#include "net/link/ethernet.hpp"

namespace exo::net::dhcp {

/// Name servers that programs are told of instead of those that the server names. At boot, before start.
void use_name_servers(std::span<const Address> servers);
/// Brings the interface up and asks for an address. At boot. Errors: Enomem.
Result<> start(EthernetInterface& interface);
/// Waits until there is an address, or until nobody has answered for a while. Does nothing where no client was started.
void wait_for_address();
/// The lease of the interface; nothing: there is none.
std::optional<Lease> current_lease();

}  // namespace exo::net::dhcp
