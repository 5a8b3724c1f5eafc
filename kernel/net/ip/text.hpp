// IPv4 addresses as text.
#pragma once

#include <optional>
#include <string_view>

#include "net/packet/address.hpp"

namespace exo::net {

/// Reads "192.0.2.1". Nothing if it is none.
std::optional<Ipv4Address> parse_address(std::string_view text);
/// Reads "192.0.2.0/24", or an address, which is a prefix of 32 bits.
std::optional<Ipv4Prefix> parse_prefix(std::string_view text);

}  // namespace exo::net
