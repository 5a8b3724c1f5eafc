// Fragments of IPv4 packets, joined to whole packets (RFC 791, RFC 815) within limits.
#pragma once

#include "net/packet/packet.hpp"

namespace exo::net {

/// Takes a fragment, whose IP header is in front. Returns the whole packet, header in front, once all its fragments are here; null
/// before. Overlapping fragments make the whole packet be dropped, as Linux does (CVE-2018-5391).
PacketPtr reassemble(PacketPtr fragment);

}  // namespace exo::net
