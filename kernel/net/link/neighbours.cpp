#include "net/link/neighbours.hpp"

#include <algorithm>
#include <cstring>

#include "net/link/chores.hpp"
#include "net/link/ethernet.hpp"
#include "sync/spin_lock.hpp"
#include "utils/box.hpp"

namespace exo::net {

using time::Nanoseconds;

namespace {

constexpr usize MOST_NEIGHBOURS = 256;
/// LINUX: unres_qlen_bytes: what one neighbour's packets may keep in use while they wait.
constexpr u32 MOST_WAITING_BYTES = 212992;
constexpr u32 MOST_QUESTIONS = 3;
constexpr Nanoseconds QUESTION_PAUSE = time::SECOND;
constexpr Nanoseconds BELIEVED = 30 * time::SECOND;
constexpr Nanoseconds DELAY = 5 * time::SECOND;

struct ArpPacket {
    Be16 hardware_type;
    Be16 protocol_type;
    u8 hardware_size;
    u8 protocol_size;
    Be16 operation;
    std::array<u8, 6> sender_hardware;
    Be32 sender;
    std::array<u8, 6> target_hardware;
    Be32 target;
};
static_assert(sizeof(ArpPacket) == 28 && alignof(ArpPacket) == 1);
constexpr u16 REQUEST = 1;
constexpr u16 REPLY = 2;

struct Neighbour {
    EthernetInterface* interface = nullptr;
    Ipv4Address address;
    HardwareAddress hardware{};
    NeighbourState state{};
    u32 questions = 0;
    Nanoseconds due = 0;  ///< When the state changes, or the next question is asked. 0: never by itself.
    Nanoseconds used = 0;
    PacketQueue waiting;
    u32 waiting_bytes = 0;
};

using State = Vector<Box<Neighbour>>;
[[clang::no_destroy]] constinit sync::SpinLocked<State, sync::LockRank::Neighbours> table;

Nanoseconds run(Nanoseconds now);
constinit Chore chore(&run);

Neighbour* find(State& state, const Interface& interface, Ipv4Address address) {
    for (const Box<Neighbour>& entry : state)
        if (entry->address == address && entry->interface == &interface) return entry.get();
    return nullptr;
}

/// A new entry, in the place of the one that was used least recently if there are many. Null: there is no memory, or no place.
Neighbour* make(State& state, EthernetInterface& interface, Ipv4Address address) {
    Result<Box<Neighbour>> entry = make_box<Neighbour>();
    if (!entry) return nullptr;
    (*entry)->interface = &interface;
    (*entry)->address = address;
    Neighbour* const made = entry->get();
    if (state.size() < MOST_NEIGHBOURS) return state.push(std::move(*entry)) ? made : nullptr;
    Box<Neighbour>* oldest = nullptr;
    for (Box<Neighbour>& other : state) {
        if (!other->waiting.is_empty()) continue;
        if (oldest == nullptr || other->used < (*oldest)->used) oldest = &other;
    }
    if (oldest == nullptr) return nullptr;
    *oldest = std::move(*entry);
    return made;
}

bool is_known(NeighbourState state) {
    return state == NeighbourState::Reachable || state == NeighbourState::Stale ||
           state == NeighbourState::Delay || state == NeighbourState::Probe;
}

void set_due(Neighbour& entry, Nanoseconds due) {
    entry.due = due;
    chore.run_at(due);
}

void send_arp(EthernetInterface& interface, u16 operation, const HardwareAddress& to,
              const HardwareAddress& target_hardware, Ipv4Address own, Ipv4Address target) {
    const Result<PacketPtr> packet = Packet::create();
    if (!packet) return;
    ArpPacket& arp = (*packet)->push_header<ArpPacket>();
    arp.hardware_type = u16{1};
    arp.protocol_type = TYPE_IPV4;
    arp.hardware_size = 6;
    arp.protocol_size = 4;
    arp.operation = operation;
    arp.sender_hardware = interface.hardware_address();
    arp.sender = own.value;
    arp.target_hardware = target_hardware;
    arp.target = target.value;
    (void)interface.transmit_to(**packet, to, TYPE_ARP);
}

void ask(EthernetInterface& interface, Ipv4Address address, const HardwareAddress& to) {
    send_arp(interface, REQUEST, to, HardwareAddress{}, network_layer().own_address(interface, address),
             address);
}

/// What there is to do for one entry, decided with the lock and done without it.
struct Task {
    EthernetInterface* interface = nullptr;
    Ipv4Address address;
    HardwareAddress to{};
    bool asks = false;
    PacketQueue lost;
};

void advance(Neighbour& entry, Nanoseconds now, Task& task) {
    entry.due = 0;
    task.interface = entry.interface;
    task.address = entry.address;
    switch (entry.state) {
        case NeighbourState::Incomplete:
        case NeighbourState::Probe:
            if (entry.questions < MOST_QUESTIONS) {
                ++entry.questions;
                task.asks = true;
                task.to = entry.state == NeighbourState::Probe ? entry.hardware : HARDWARE_BROADCAST;
                set_due(entry, now + QUESTION_PAUSE);
            } else {
                entry.state = NeighbourState::Failed;
                task.lost.splice_back(entry.waiting);
                entry.waiting_bytes = 0;
            }
            break;
        case NeighbourState::Reachable: entry.state = NeighbourState::Stale; break;
        case NeighbourState::Delay:
            entry.state = NeighbourState::Probe;
            entry.questions = 1;
            task.asks = true;
            task.to = entry.hardware;
            set_due(entry, now + QUESTION_PAUSE);
            break;
        default: break;
    }
}

Nanoseconds run(Nanoseconds now) {
    for (usize i = 0;; ++i) {
        Task task;
        {
            auto state = table.lock();
            if (i >= state->size()) break;
            Neighbour& entry = *(*state)[i];
            if (entry.due == 0) continue;
            if (entry.due > now) {
                chore.run_at(entry.due);
                continue;
            }
            advance(entry, now, task);
        }
        if (task.asks) ask(*task.interface, task.address, task.to);
        while (PacketPtr packet = task.lost.pop_front())
            network_layer().report_unreachable(std::move(packet));
    }
    return 0;
}

/// Notes what a neighbour has said of itself, and sends what has waited for it.
void learn(EthernetInterface& interface, Ipv4Address address, const HardwareAddress& hardware, bool is_answer,
           bool may_make) {
    PacketQueue waiting;
    {
        auto state = table.lock();
        Neighbour* entry = find(*state, interface, address);
        if (entry == nullptr && may_make) entry = make(*state, interface, address);
        if (entry == nullptr) return;
        entry->hardware = hardware;
        entry->questions = 0;
        entry->used = time::monotonic();
        const bool is_believed = is_answer || entry->state == NeighbourState::Incomplete;
        entry->state = is_believed ? NeighbourState::Reachable : NeighbourState::Stale;
        entry->due = 0;
        if (is_believed) set_due(*entry, entry->used + BELIEVED);
        waiting.splice_back(entry->waiting);
        entry->waiting_bytes = 0;
    }
    while (PacketPtr packet = waiting.pop_front()) (void)interface.transmit_to(*packet, hardware, TYPE_IPV4);
}

}  // namespace

std::optional<HardwareAddress> resolve_neighbour(EthernetInterface& interface, Ipv4Address address,
                                                 PacketPtr& packet) {
    bool asks = false;
    {
        auto state = table.lock();
        Neighbour* entry = find(*state, interface, address);
        if (entry == nullptr) entry = make(*state, interface, address);
        if (entry == nullptr) {
            packet.reset();
            return std::nullopt;
        }
        const Nanoseconds now = time::monotonic();
        entry->used = now;
        if (is_known(entry->state)) {
            if (entry->state == NeighbourState::Stale) {
                entry->state = NeighbourState::Delay;
                set_due(*entry, now + DELAY);
            }
            return entry->hardware;
        }
        if (entry->state != NeighbourState::Incomplete) {
            entry->state = NeighbourState::Incomplete;
            entry->questions = 1;
            asks = true;
            set_due(*entry, now + QUESTION_PAUSE);
        }
        entry->waiting_bytes += packet->memory_size();
        entry->waiting.push_back(std::move(packet));
        // The oldest packets make room; the newest one stays in any case.
        while (entry->waiting_bytes > MOST_WAITING_BYTES && entry->waiting.count() > 1)
            entry->waiting_bytes -= entry->waiting.pop_front()->memory_size();
    }
    if (asks) ask(interface, address, HARDWARE_BROADCAST);
    return std::nullopt;
}

void receive_arp(EthernetInterface& interface, std::span<const u8> bytes) {
    if (bytes.size() < sizeof(ArpPacket)) return;
    ArpPacket arp;
    std::memcpy(&arp, bytes.data(), sizeof(arp));
    if (arp.hardware_type != 1 || arp.protocol_type != TYPE_IPV4 || arp.hardware_size != 6 ||
        arp.protocol_size != 4)
        return;
    if (arp.operation != REQUEST && arp.operation != REPLY) return;
    const Ipv4Address sender{u32{arp.sender}};
    const Ipv4Address target{u32{arp.target}};
    if (target.is_loopback() || target.is_multicast() || sender.is_multicast()) return;
    if ((arp.sender_hardware[0] & 1) != 0) return;
    const bool is_for_us = network_layer().is_own(target);
    if (arp.operation == REQUEST && is_for_us) {
        if (!sender.is_any()) learn(interface, sender, arp.sender_hardware, false, true);
        send_arp(interface, REPLY, arp.sender_hardware, arp.sender_hardware, target, sender);
        return;
    }
    if (!sender.is_any())
        learn(interface, sender, arp.sender_hardware, arp.operation == REPLY && is_for_us, false);
}

Result<Vector<NeighbourEntry>> neighbours() {
    Vector<NeighbourEntry> copy;
    TRY(copy.reserve(MOST_NEIGHBOURS));
    auto state = table.lock();
    for (const Box<Neighbour>& entry : *state)
        copy.push_within_capacity({entry->address, entry->hardware, entry->state, entry->interface});
    return copy;
}

}  // namespace exo::net
