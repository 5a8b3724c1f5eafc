#include "net/tcp/control/arrivals.hpp"

#include "utils/box.hpp"

namespace exo::net::tcp {

/// Appends bytes of a packet. Those in its header room are copied; and so are few bytes of a large chunk, which would keep more
/// memory in use than they are charged for.
Result<> Arrivals::take(ByteQueue& to, const Packet& packet, u32 offset, u32 size) {
    const u32 head = packet.header_size();
    if (offset < head) {
        const u32 part = std::min(head - offset, size);
        Result<> copied;
        packet.for_each_piece(offset, part, [&](std::span<const u8> piece) {
            if (copied) copied = filler_.append_copy(to, piece);
        });
        TRY(std::move(copied));
        offset = head;
        size -= part;
    }
    offset -= head;
    for (const Slice& slice : packet.body()) {
        if (size == 0) break;
        if (offset >= slice.size) {
            offset -= slice.size;
            continue;
        }
        const u32 part = std::min(slice.size - offset, size);
        if (part < slice.chunk->capacity() / 8 && to.piece_count() > 1) {
            TRY(filler_.append_copy(to, slice.bytes().subspan(offset, part)));
        } else {
            TRY(to.append(slice.part(offset, part)));
        }
        size -= part;
        offset = 0;
    }
    return {};
}

Result<Arrivals::Range> Arrivals::add(u64 position, const Packet& packet, u32 size) {
    u32 skip = 0;
    Range duplicate{};
    if (position < next_) {
        skip = static_cast<u32>(std::min<u64>(next_ - position, size));
        duplicate = {position, position + skip};
    }
    if (position + size <= next_) return duplicate;
    if (position > next_) return add_out_of_order(position, packet, size);
    if (!islands_.is_empty()) {
        const u64 end = position + size;
        const Island& first = *islands_.first();
        if (duplicate.is_empty() && end > first.start) duplicate = {first.start, std::min(end, first.end())};
    }
    const u32 before = ready_.size();
    const Result<> taken = take(ready_, packet, skip, size - skip);
    next_ += ready_.size() - before;
    TRY(Result<>(taken));
    if (!islands_.is_empty()) TRY(absorb_islands());
    return duplicate;
}

/// Moves the islands that the bytes in order have reached.
Result<> Arrivals::absorb_islands() {
    while (Island* island = islands_.first()) {
        if (island->start > next_) break;
        if (island->end() > next_) {
            const u32 before = ready_.size();
            const Result<> moved = ready_.append_all(island->bytes, static_cast<u32>(next_ - island->start));
            next_ += ready_.size() - before;
            TRY(Result<>(moved));
        }
        remove(*island);
    }
    return {};
}

Result<Arrivals::Range> Arrivals::add_out_of_order(u64 position, const Packet& packet, u32 size) {
    const u64 end = position + size;
    u64 cursor = position;
    Range duplicate{};
    ++out_of_order_count_;
    Island* left = islands_.floor(position);
    while (cursor < end) {
        if (left != nullptr && left->end() > cursor) {
            const u64 covered = std::min(left->end(), end);
            if (duplicate.is_empty()) duplicate = {cursor, covered};
            cursor = covered;
            if (cursor == end) break;
        }
        Island* right = left != nullptr ? islands_.next(*left) : islands_.first();
        const u64 part_end = right != nullptr ? std::min(end, right->start) : end;
        if (part_end > cursor) {
            Island* const island = TRY(island_at(cursor, left));
            const u32 before = island->bytes.size();
            const Result<> taken = take(island->bytes, packet, static_cast<u32>(cursor - position),
                                        static_cast<u32>(part_end - cursor));
            island_bytes_ += island->bytes.size() - before;
            if (!taken) {
                if (island->bytes.is_empty()) remove(*island);
                return taken.error();
            }
            cursor = part_end;
            left = island;
        }
        if (right != nullptr && right->start == cursor) {
            if (left != nullptr && left->end() == cursor) {
                TRY(join(*left, *right));
            } else {
                left = right;
            }
        }
    }
    note_recent(position);
    return duplicate;
}

/// The island that ends at `position`, which `left` may be, or a new one.
Result<Arrivals::Island*> Arrivals::island_at(u64 position, Island* left) {
    if (left != nullptr && left->end() == position) return left;
    if (islands_.size() >= MOST_ISLANDS) return Error::Enobufs;
    Box<Island> island = TRY(make_box<Island>());
    island->start = position;
    const bool is_new = islands_.insert(*island);
    DEBUG_ASSERT(is_new);
    (void)is_new;
    return island.release();
}

Result<> Arrivals::join(Island& left, Island& right) {
    const u32 before = left.bytes.size();
    const u32 moved = right.bytes.size();
    const Result<> result = left.bytes.append_all(right.bytes, 0);
    if (!result) {
        // The left one keeps what it got; the rest is lost and will be sent again.
        island_bytes_ += left.bytes.size() - before;
        remove(right);
        return result;
    }
    island_bytes_ += moved;
    remove(right);
    return {};
}

void Arrivals::remove(Island& island) {
    island_bytes_ -= island.bytes.size();
    islands_.remove(island);
    delete &island;
}

void Arrivals::clear_islands() {
    while (Island* island = islands_.first()) remove(*island);
}

void Arrivals::note_recent(u64 position) {
    const Island* const island = islands_.floor(position);
    // Positions in the same island move to the front as one.
    u64 carried = position;
    for (u64& place : recent_) {
        const u64 old = place;
        place = carried;
        carried = old;
        if (island != nullptr && old >= island->start && old < island->end()) break;
    }
}

u32 Arrivals::report(std::span<Range> to) {
    u32 count = 0;
    const auto add_island = [&](const Island* island) {
        if (island == nullptr || count == to.size()) return;
        for (u32 i = 0; i < count; ++i) {
            if (to[i].start == island->start) return;
        }
        to[count++] = {island->start, island->end()};
    };
    if (islands_.is_empty()) return 0;
    for (const u64 place : recent_) {
        const Island* const island = islands_.floor(place);
        if (island != nullptr && place < island->end()) add_island(island);
    }
    for (const Island* island = islands_.first();
         island != nullptr && count < to.size() && count < islands_.size(); island = islands_.next(*island))
        add_island(island);
    return count;
}

}  // namespace exo::net::tcp
