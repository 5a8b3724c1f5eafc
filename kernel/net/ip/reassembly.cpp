#include "net/ip/reassembly.hpp"

#include <cstring>

#include "net/ip/header.hpp"
#include "net/ip/input.hpp"
#include "net/link/chores.hpp"
#include "net/packet/checksum.hpp"
#include "sync/spin_lock.hpp"

namespace exo::net {

namespace {

/// LINUX: net.ipv4.ipfrag_high_thresh, ipfrag_time and inet_frag_queue's limit by the number of buckets.
constexpr u64 MOST_MEMORY = 4 * 1024 * 1024;
constexpr time::Nanoseconds LIFE = 30 * time::SECOND;
constexpr u32 MOST_INCOMPLETE = 64;
/// Fragments of one packet; 64 KiB in the smallest pieces that links carry.
constexpr u32 MOST_FRAGMENTS = 136;
constexpr u8 TIME_EXCEEDED = 11;
constexpr u8 IN_REASSEMBLY = 1;

/// A packet of which fragments are missing.
struct Incomplete {
    Ipv4Address source;
    Ipv4Address destination;
    u16 id = 0;
    u8 protocol = 0;
    bool has_last = false;
    bool is_broken = false;  ///< Fragments overlapped: what else comes is dropped.
    u32 size = 0;            ///< Of the data, where the last fragment is here.
    u32 received = 0;
    u64 memory = 0;
    time::Nanoseconds expiry = 0;
    PacketQueue fragments;  ///< By offset; each has its IP header in front.
    ListNode link;
};

struct State {
    List<Incomplete, &Incomplete::link> incomplete;  ///< The oldest first.
    u32 count = 0;
    u64 memory = 0;
};
[[clang::no_destroy]] constinit sync::SpinLocked<State, sync::LockRank::Reassembly> reassembly;

time::Nanoseconds expire(time::Nanoseconds now);
constinit Chore expiry_chore(&expire);

Incomplete* find(State& state, const Ipv4Header& header) {
    for (Incomplete& packet : state.incomplete)
        if (packet.id == header.id && packet.source == header.source() &&
            packet.destination == header.destination() && packet.protocol == header.protocol)
            return &packet;
    return nullptr;
}

/// Takes a packet out of the list. The caller deletes it without the lock.
void take_out(State& state, Incomplete& packet) {
    packet.link.unlink();
    --state.count;
    state.memory -= packet.memory;
}

void give_up(State& state, Incomplete& packet) {
    packet.is_broken = true;
    packet.fragments.clear();
    state.memory -= packet.memory;
    packet.memory = 0;
}

Incomplete* begin(State& state, const Ipv4Header& header) {
    Incomplete* packet = new (std::nothrow) Incomplete;
    if (packet == nullptr) return nullptr;
    packet->source = header.source();
    packet->destination = header.destination();
    packet->id = header.id;
    packet->protocol = header.protocol;
    packet->expiry = time::monotonic() + LIFE;
    state.incomplete.push_back(*packet);
    ++state.count;
    expiry_chore.run_at(packet->expiry);
    return packet;
}

u32 offset_of(Packet& fragment) { return fragment.front_as<Ipv4Header>()->fragment_offset(); }
u32 data_size(Packet& fragment) { return fragment.size() - fragment.front_as<Ipv4Header>()->size(); }

/// Inserts a fragment by its offset. Returns false if it overlaps another.
bool insert(State& state, Incomplete& packet, PacketPtr fragment) {
    const u32 start = offset_of(*fragment);
    const u32 size = data_size(*fragment);
    Packet* position = packet.fragments.front();
    u32 end_before = 0;
    while (position != nullptr && offset_of(*position) < start) {
        end_before = offset_of(*position) + data_size(*position);
        position = packet.fragments.after(*position);
    }
    // A copy of a fragment that is here is dropped without more.
    if (position != nullptr && offset_of(*position) == start && data_size(*position) == size) return true;
    if (start < end_before || (position != nullptr && start + size > offset_of(*position))) return false;
    const u64 memory = fragment->memory_size();
    packet.received += size;
    packet.memory += memory;
    state.memory += memory;
    if (position != nullptr)
        packet.fragments.insert_before(*position, std::move(fragment));
    else
        packet.fragments.push_back(std::move(fragment));
    return true;
}

/// Whether the fragment's place contradicts what is known of the packet's size.
bool is_contradictory(const Incomplete& packet, u32 end, bool is_last) {
    if (is_last) return packet.has_last ? end != packet.size : false;
    return packet.has_last && end > packet.size;
}

/// Joins all fragments: the first one's header, and everyone's data. Null: no memory, or too many pieces to join without a copy.
PacketPtr join(Incomplete& packet) {
    PacketPtr whole = packet.fragments.pop_front();
    const u32 header_size = whole->front_as<Ipv4Header>()->size();
    while (PacketPtr next = packet.fragments.pop_front()) {
        const u32 own_header = next->front_as<Ipv4Header>()->size();
        // Few pieces are shared, many are copied together.
        if (whole->body().size() + next->body().size() + 2 >= Packet::MOST_SLICES) {
            Result<ChunkRef> all = ChunkRef::create(packet.size);
            if (!all) return nullptr;
            u32 used = whole->size() - header_size;
            whole->copy_out(header_size, {(*all)->bytes(), used});
            const auto add = [&](Packet& piece, u32 header) {
                const u32 size = piece.size() - header;
                piece.copy_out(header, {(*all)->bytes() + used, size});
                used += size;
            };
            add(*next, own_header);
            while (PacketPtr rest = packet.fragments.pop_front())
                add(*rest, rest->front_as<Ipv4Header>()->size());
            whole->trim(header_size);
            if (!whole->append({std::move(*all), 0, used})) return nullptr;
            break;
        }
        if (!next->share(own_header, next->size() - own_header, *whole)) return nullptr;
    }
    Ipv4Header& header = *whole->front_as<Ipv4Header>();
    header.total_size = static_cast<u16>(whole->size());
    header.flags_and_offset = u16{0};
    header.checksum = u16{0};
    const u16 sum = checksum_of({&header.version_and_size, header_size});
    std::memcpy(&header.checksum, &sum, sizeof(sum));
    whole->checksum = ChecksumState::Unchecked;
    return whole;
}

/// Reports and removes packets whose time is over.
time::Nanoseconds expire(time::Nanoseconds now) {
    while (true) {
        Incomplete* old = nullptr;
        {
            auto state = reassembly.lock();
            old = state->incomplete.front();
            if (old == nullptr) return 0;
            if (old->expiry > now) return old->expiry;
            take_out(*state, *old);
        }
        // RFC 792: only where the first fragment is here.
        if (Packet* const first = old->fragments.front(); first != nullptr && offset_of(*first) == 0)
            send_error(*first, TIME_EXCEEDED, IN_REASSEMBLY);
        delete old;
    }
}

}  // namespace

PacketPtr reassemble(PacketPtr fragment) {
    const Ipv4Header& header = *fragment->front_as<Ipv4Header>();
    const u32 start = header.fragment_offset();
    const u32 size = fragment->size() - header.size();
    const bool is_last = !header.has_more_fragments();
    if (!is_last && size % 8 != 0) return nullptr;
    if (size == 0 || u64{start} + size + header.size() > Packet::MOST_BYTES) return nullptr;

    Incomplete* finished = nullptr;
    Incomplete* evicted = nullptr;
    {
        auto state = reassembly.lock();
        Incomplete* packet = find(*state, header);
        if (packet == nullptr) {
            const bool is_full =
                state->count >= MOST_INCOMPLETE || state->memory + fragment->memory_size() > MOST_MEMORY;
            // The oldest makes room: a flood of first fragments costs others only those that are as old as the flood.
            if (is_full && (evicted = state->incomplete.front()) != nullptr) take_out(*state, *evicted);
            packet = begin(*state, header);
        }
        if (packet != nullptr && !packet->is_broken) {
            if (is_contradictory(*packet, start + size, is_last) ||
                packet->fragments.count() >= MOST_FRAGMENTS ||
                state->memory + fragment->memory_size() > MOST_MEMORY) {
                give_up(*state, *packet);
            } else if (insert(*state, *packet, std::move(fragment))) {
                if (is_last) {
                    packet->has_last = true;
                    packet->size = start + size;
                }
                if (packet->has_last && packet->received == packet->size) {
                    take_out(*state, *packet);
                    finished = packet;
                } else if (packet->has_last && packet->received > packet->size) {
                    give_up(*state, *packet);
                }
            } else {
                give_up(*state, *packet);
            }
        }
    }
    delete evicted;
    if (finished == nullptr) return nullptr;
    PacketPtr whole = join(*finished);
    delete finished;
    return whole;
}

}  // namespace exo::net
