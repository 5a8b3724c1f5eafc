// TCP (RFC 9293): connections for sockets. This folder has, from the inside out:
//
// - segment (the header), sequence, byte_queue, arrivals, scoreboard, rtt, cubic: parts;
// - control_block: one connection as a state machine without locks, clocks and IP; handshake: what a listener answers;
// - connection, listener, ports, flow_table: these with locks, timers and IP; tcp: the way in.
//
// Neighbours: net/ip below; net/socket/tcp_socket above. Locking: connections share no lock. A segment takes the lock of its bucket
// of the flow table for the search, then that of its connection (rank NetworkFlow) for its processing; what is sent meanwhile over
// loopback arrives when the lock is free again (net/link/activity.hpp).
#pragma once

#include "utils/result.hpp"

namespace exo::net::tcp {

/// Registers TCP with IP and starts its timers. At boot, behind start_ip. Errors: Enomem.
Result<> start_tcp();

}  // namespace exo::net::tcp
