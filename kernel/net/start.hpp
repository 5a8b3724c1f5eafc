// The network at boot.
#pragma once

#include "boot/command_line.hpp"
#include "utils/result.hpp"

namespace exo::net {

/// Starts the protocols and the loopback interface, with the rules of the command line (net.host_loopback, net.refuse, net.dns).
/// Errors: Enomem.
Result<> start(const boot::CommandLine& command_line);
/// Starts the interface of the network device, if there is one; ip=dhcp lets it get its address. What fails is logged.
void start_interfaces(const boot::CommandLine& command_line);

}  // namespace exo::net
