// Capabilities in flight: those that wait in packets of Unix sockets (SCM_RIGHTS).
//
// Two sockets that carry each other are closed by nobody: their last references wait in their own queues. The collector finds such
// circles and empties their queues. LINUX: net/unix/garbage.c.
//
// Locking: whoever puts capabilities into a packet, takes them out or destroys the packet shares the gate (rank InFlight), and counts them
// under a spin lock. The collector has the gate for itself and locks the ends one after the other. So no reference moves while it
// looks: an end that only packets hold, and that no other end holds as well, cannot be received by anybody.
#pragma once

#include "ipc/unix/packet.hpp"
#include "scheduler/mutex.hpp"

namespace exo::ipc {

class UnixEnd;

struct FlightGate {};
using InFlightLock = scheduler::RwLock<FlightGate, sync::LockRank::InFlight>;
/// Taken before the lock of an end whose packets with capabilities are read.
inline constinit InFlightLock in_flight_gate;

/// Counts the capabilities of `packet` as in flight, for `passer`, of whom `most` may be (~0: any number). Errors: Etoomanyrefs.
Result<> send_off(Packet& packet, Ref<security::UserRecord> passer, u64 most);
/// Takes the capabilities out of a packet that has arrived. The caller has the gate.
Vector<security::Capability> take_in(Packet& packet);
/// The same capabilities again, for who only peeks and has the gate. Errors: Enomem.
Result<Vector<security::Capability>> peek_in(const Packet& packet);

/// Destroys packets, with whatever they carry. A packet may carry the last reference to a socket, whose own packets are destroyed by the
/// same call, not by one inside it: chains of any length need no more stack.
void destroy_packets(PacketQueue& packets);
void destroy_packet(Packet& packet);
/// Empties the queues of circles.
void collect_circles();
/// After a socket was closed: collects if the sockets in flight have doubled since the last time.
void collect_circles_if_due();

}  // namespace exo::ipc
