#include "ipc/unix/in_flight.hpp"

#include "ipc/unix/unix_end.hpp"
#include "ipc/unix/unix_socket.hpp"
#include "scheduler/preemption.hpp"

namespace exo::ipc {

namespace {

using Ends = List<UnixEnd, &UnixEnd::in_flight_link>;
struct InFlight {
    Ends ends;  ///< Those whose files are in flight. Each is counted.
    usize count = 0;
    usize survivors = 0;  ///< How many there were after the collector had looked the last time.
};
constinit sync::SpinLocked<InFlight, sync::LockRank::SpinLeaf> in_flight;

/// The collector looks at all of them: whenever there are few, so that programs find what closing frees as on Linux (unix_release_sock);
/// of many only when they have doubled, so that its work is in proportion to theirs.
bool is_collection_due() {
    constexpr usize FEW = 16;
    const auto state = in_flight.lock();
    return state->count != 0 && (state->count <= FEW || state->count > 2 * state->survivors + FEW);
}

/// The end whose socket the capability is for; null: it is for something else.
UnixEnd* end_of(const security::Capability& capability) {
    if (capability.object->object_kind() != ObjectKind::File) return nullptr;
    const auto socket = as_socket(static_cast<fs::File&>(*capability.object));
    if (!socket || (*socket)->family() != abi::AddressFamily::Unix) return nullptr;
    return &static_cast<UnixSocket*>(*socket)->end();
}

void count(UnixEnd& end) {
    auto state = in_flight.lock();
    if (end.in_flight++ != 0) return;
    end.retain();
    state->ends.push_back(end);
    ++state->count;
}

void discount(UnixEnd& end) {
    {
        auto state = in_flight.lock();
        if (--end.in_flight != 0) return;
        state->ends.remove(end);
        --state->count;
    }
    end.release();
}

void land(Packet& packet) {
    if (!packet.passer) return;
    packet.passer->release_passed(packet.capabilities.size());
    packet.passer = nullptr;
    for (const security::Capability& capability : packet.capabilities)
        if (UnixEnd* end = end_of(capability)) discount(*end);
}

// ---- Destroying.

/// A thread that destroys packets.
struct Destruction {
    ListNode link;
    const scheduler::Thread* thread = nullptr;
    PacketQueue more;             ///< Packets of sockets that went with other packets.
    bool closes_sockets = false;  ///< Sockets went: there may be circles that they had kept reachable.
};
constinit sync::SpinLocked<List<Destruction, &Destruction::link>, sync::LockRank::SpinLeaf> destructions;

/// False: the calling thread destroys packets already; it goes on with these.
bool begin(Destruction& own, PacketQueue& packets) {
    auto all = destructions.lock();
    for (Destruction& other : *all) {
        if (other.thread != own.thread) continue;
        other.more.splice_back(packets);
        return false;
    }
    own.more.splice_back(packets);
    all->push_back(own);
    return true;
}

/// True: the calling thread destroys packets, and looks for circles once it is done, not once for each socket that goes.
bool put_off_collection() {
    auto all = destructions.lock();
    for (Destruction& destruction : *all) {
        if (destruction.thread != &scheduler::current_thread()) continue;
        destruction.closes_sockets = true;
        return true;
    }
    return false;
}

Packet* next(Destruction& own) {
    auto all = destructions.lock();
    Packet* packet = own.more.pop_front();
    if (packet == nullptr) all->remove(own);
    return packet;
}

}  // namespace

Result<> send_off(Packet& packet, Ref<security::UserRecord> passer, u64 most) {
    // Unreachable sockets are collected first, so that they do not use up the user's limit.
    if (!passer->charge_passed(packet.capabilities.size(), most)) {
        collect_circles();
        if (!passer->charge_passed(packet.capabilities.size(), most)) return Error::Etoomanyrefs;
    }
    const auto gate = in_flight_gate.lock_shared();
    packet.passer = std::move(passer);
    for (const security::Capability& capability : packet.capabilities)
        if (UnixEnd* end = end_of(capability)) count(*end);
    return {};
}

Vector<security::Capability> take_in(Packet& packet) {
    land(packet);
    return std::move(packet.capabilities);
}

Result<Vector<security::Capability>> peek_in(const Packet& packet) {
    return Vector<security::Capability>::copy_of(packet.capabilities.span());
}

void destroy_packets(PacketQueue& packets) {
    if (packets.is_empty()) return;
    Destruction own;
    own.thread = &scheduler::current_thread();
    if (!begin(own, packets)) return;
    while (Packet* packet = next(own)) {
        if (packet->passer) {
            const auto gate = in_flight_gate.lock_shared();
            land(*packet);
        }
        delete packet;
        scheduler::preempt_point();
    }
    if (own.closes_sockets) collect_circles_if_due();
}

void destroy_packet(Packet& packet) {
    PacketQueue one;
    one.push_back(packet);
    destroy_packets(one);
}

// ---- The collector.

namespace {

using Scan = List<UnixEnd, &UnixEnd::scan_link>;

template <class Visit> void for_each_end_in(UnixEnd& holder, Visit visit) {
    holder.for_each_packet([&](Packet& packet) {
        for (const security::Capability& capability : packet.capabilities)
            if (UnixEnd* end = end_of(capability)) visit(*end);
    });
    scheduler::preempt_point();
}

/// Finds ends that only packets refer to. No reference moves while this thread holds the gate.
void find_candidates(Ends& ends, Scan& candidates) {
    for (UnixEnd& end : ends) {
        const fs::File* file = end.file.load(std::memory_order_relaxed);
        end.is_candidate = file != nullptr && file->reference_count() == end.in_flight;
        end.unexplained = end.in_flight;
        if (end.is_candidate) candidates.push_back(end);
        scheduler::preempt_point();
    }
    for (UnixEnd& holder : candidates)
        for_each_end_in(holder, [](UnixEnd& held) {
            if (held.is_candidate) --held.unexplained;
        });
}

/// Removes reachable ends from the candidates: those in packets of other ends, and those in the packets of
/// these, and so on.
void spare_reachable(Scan& candidates) {
    Scan reachable;
    const auto spare = [&](UnixEnd& end) {
        end.is_candidate = false;
        Scan::remove(end);
        reachable.push_back(end);
    };
    for (UnixEnd& end : candidates)
        if (end.unexplained != 0) spare(end);
    while (UnixEnd* holder = reachable.pop_front())
        for_each_end_in(*holder, [&](UnixEnd& held) {
            if (held.is_candidate) spare(held);
        });
}

}  // namespace

void collect_circles() {
    PacketQueue garbage;
    {
        const auto gate = in_flight_gate.lock_exclusive();
        Scan candidates;
        find_candidates(in_flight.unsafe_value().ends,
                        candidates);  // no thread counts while this one holds the gate
        spare_reachable(candidates);
        usize collected = 0;
        while (UnixEnd* end = candidates.pop_front()) {
            end->is_candidate = false;
            end->take_packets(garbage);
            ++collected;
        }
        auto state = in_flight.lock();  // is_collection_due reads the counters without the gate
        state->survivors = state->count - collected;
    }
    destroy_packets(garbage);
}

void collect_circles_if_due() {
    if (is_collection_due() && !put_off_collection()) collect_circles();
}

}  // namespace exo::ipc
