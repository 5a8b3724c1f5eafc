// Capabilities in flight: those in queued packets of Unix sockets (SCM_RIGHTS).
//
// Two sockets in each other's queues are never closed: only the queues refer to them. The collector finds
// such circles and empties their queues. LINUX: net/unix/garbage.c.
//
// Locking: a thread that puts capabilities into a packet, takes them out or destroys the packet holds the
// gate (rank InFlight) shared, and counts them under a spin lock. The collector holds the gate exclusively
// and locks the ends one after the other, so no reference moves while it runs. An end that only packets refer
// to, and that no other end can receive, is unreachable.
#pragma once

#include "ipc/unix/packet.hpp"
#include "scheduler/mutex.hpp"

namespace exo::ipc {

class UnixEnd;

struct FlightGate {};
using InFlightLock = scheduler::RwLock<FlightGate, sync::LockRank::InFlight>;
/// Taken before the lock of an end whose packets with capabilities are read.
inline constinit InFlightLock in_flight_gate;

/// Counts the capabilities of `packet` as in flight, for the user `passer`, who may have `most` (~0: no
/// limit). Errors: Etoomanyrefs.
Result<> send_off(Packet& packet, Ref<security::UserRecord> passer, u64 most);
/// Takes the capabilities out of a received packet. The caller holds the gate.
Vector<security::Capability> take_in(Packet& packet);
/// Copies the capabilities of a packet, for MSG_PEEK. The caller holds the gate. Errors: Enomem.
Result<Vector<security::Capability>> peek_in(const Packet& packet);

/// Destroys packets and what they carry. A packet may carry the last reference to a socket; the packets of
/// that socket are destroyed in the same loop, not by recursion, so chains of any length need no more stack.
void destroy_packets(PacketQueue& packets);
void destroy_packet(Packet& packet);
/// Finds circles of sockets in flight and empties their queues.
void collect_circles();
/// Called after a socket was closed: runs the collector if few sockets are in flight, or if their number has
/// doubled since its last run.
void collect_circles_if_due();

}  // namespace exo::ipc
