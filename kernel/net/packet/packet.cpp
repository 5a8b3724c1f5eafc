#include "net/packet/packet.hpp"

#include <algorithm>
#include <cstring>

namespace exo::net {

void PacketDeleter::operator()(Packet* packet) const { delete packet; }

Result<PacketPtr> Packet::create() {
    Packet* packet = new (std::nothrow) Packet;
    if (packet == nullptr) return Error::Enomem;
    return PacketPtr(packet);
}

Packet::~Packet() {
    for (u32 i = 0; i < slice_count_; ++i) std::destroy_at(&slices_[first_slice_ + i]);
}

Result<PacketPtr> Packet::copy_of(std::span<const u8> bytes) {
    if (bytes.size() > MOST_BYTES) return Error::Emsgsize;
    PacketPtr packet = TRY(create());
    // The headers of all protocols fit into the room; the rest of it stays free for one that is put in front.
    const usize head = std::min<usize>(bytes.size(), HEADER_ROOM - 64);
    std::memcpy(packet->push(static_cast<u32>(head)), bytes.data(), head);
    if (head < bytes.size()) TRY(packet->append_copy(bytes.subspan(head)));
    return packet;
}

Result<PacketPtr> Packet::clone() const {
    PacketPtr copy = TRY(create());
    const u32 head = header_size();
    std::memcpy(copy->room_.data() + header_start_ - pulled_, room_.data() + header_start_ - pulled_,
                head + pulled_);
    copy->header_start_ = header_start_;
    copy->pulled_ = pulled_;
    for (const Slice& slice : body()) TRY(copy->append(slice));
    copy->interface = interface;
    copy->source = source;
    copy->destination = destination;
    copy->next_hop = next_hop;
    copy->source_port = source_port;
    copy->destination_port = destination_port;
    copy->protocol = protocol;
    copy->ttl = ttl;
    copy->tos = tos;
    copy->ip_header_size = ip_header_size;
    copy->checksum = checksum;
    copy->is_broadcast = is_broadcast;
    copy->loops_back = loops_back;
    copy->checksum_offset = checksum_offset;
    copy->segment_size = segment_size;
    copy->arrival = arrival;
    return copy;
}

u8* Packet::front(u32 size) {
    const u32 head = header_size();
    if (head >= size) return room_.data() + header_start_;
    if (size > Packet::size() || size > HEADER_ROOM) return nullptr;
    // The headers move towards the front of the room, with what was pulled if there is space, and bytes of the body follow them.
    const u32 missing = size - head;
    if (header_start_ < pulled_ + missing) pulled_ = 0;
    u8* const start = room_.data() + header_start_ - pulled_;
    std::memmove(start - missing, start, head + pulled_);
    u8* to = room_.data() + HEADER_ROOM - missing;
    u32 copied = 0;
    for (const Slice& slice : body()) {
        const u32 part = std::min(slice.size, missing - copied);
        std::memcpy(to + copied, slice.bytes().data(), part);
        copied += part;
        if (copied == missing) break;
    }
    header_start_ = static_cast<u16>(header_start_ - missing);
    drop_front_slices(missing);
    return room_.data() + header_start_;
}

void Packet::drop_front_slices(u32 bytes) {
    body_size_ -= bytes;
    while (bytes != 0) {
        Slice& slice = slices_[first_slice_];
        const u32 part = std::min(slice.size, bytes);
        slice.offset += part;
        slice.size -= part;
        bytes -= part;
        if (slice.size != 0) break;
        std::destroy_at(&slice);
        ++first_slice_;
        --slice_count_;
    }
    if (slice_count_ == 0) first_slice_ = 0;
}

void Packet::pull(u32 size) {
    ASSERT(size <= Packet::size());
    const u32 head = std::min(size, header_size());
    header_start_ = static_cast<u16>(header_start_ + head);
    pulled_ = size == head ? static_cast<u16>(pulled_ + head) : u16{0};
    drop_front_slices(size - head);
}

void Packet::trim(u32 size) {
    ASSERT(size <= Packet::size());
    const u32 head = header_size();
    if (size < head) {
        // Headers stay at the end of the room, so that a header in front of them stays contiguous.
        std::memmove(room_.data() + HEADER_ROOM - size, room_.data() + header_start_, size);
        header_start_ = static_cast<u16>(HEADER_ROOM - size);
        pulled_ = 0;
    }
    u32 left = size > head ? size - head : 0;
    body_size_ = left;
    u32 kept = 0;
    for (u32 i = 0; i < slice_count_; ++i) {
        Slice& slice = slices_[first_slice_ + i];
        if (left == 0) {
            std::destroy_at(&slice);
            continue;
        }
        slice.size = std::min(slice.size, left);
        left -= slice.size;
        ++kept;
    }
    slice_count_ = static_cast<u8>(kept);
}

Result<> Packet::append(Slice slice) {
    if (slice.size == 0) return {};
    if (!has_room_for_slice() || size() + slice.size > MOST_BYTES) return Error::Emsgsize;
    body_size_ += slice.size;
    std::construct_at(&slices_[first_slice_ + slice_count_], std::move(slice));
    ++slice_count_;
    return {};
}

Result<> Packet::compact() {
    const u32 size = body_size_;
    ChunkRef chunk = TRY(ChunkRef::create(size));
    copy_out(header_size(), {chunk->bytes(), size});
    drop_front_slices(size);
    return append({std::move(chunk), 0, size});
}

Result<> Packet::append_copy(std::span<const u8> bytes) {
    while (!bytes.empty()) {
        const u32 part = static_cast<u32>(std::min<usize>(bytes.size(), Chunk::USUAL_BYTES));
        ChunkRef chunk = TRY(ChunkRef::create(part));
        std::memcpy(chunk->bytes(), bytes.data(), part);
        TRY(append({std::move(chunk), 0, part}));
        bytes = bytes.subspan(part);
    }
    return {};
}

Result<> Packet::append_from(vm::InBuffer& from, u32 size) {
    while (size != 0) {
        const u32 part = std::min(size, Chunk::USUAL_BYTES);
        ChunkRef chunk = TRY(ChunkRef::create(part));
        if (TRY(from.read({chunk->bytes(), part})) != part) return Error::Efault;
        TRY(append({std::move(chunk), 0, part}));
        size -= part;
    }
    return {};
}

void Packet::copy_out(u32 offset, std::span<u8> to) const {
    u8* place = to.data();
    for_each_piece(offset, static_cast<u32>(to.size()), [&](std::span<const u8> piece) {
        std::memcpy(place, piece.data(), piece.size());
        place += piece.size();
    });
}

Result<usize> Packet::copy_to(vm::OutBuffer& to, u32 offset, u32 length) const {
    usize copied = 0;
    Result<> failure;
    for_each_piece(offset, length, [&](std::span<const u8> piece) {
        if (!failure) return;
        const Result<usize> moved = to.write(piece);
        if (!moved) {
            failure = moved.error();
            return;
        }
        copied += *moved;
        if (*moved != piece.size()) failure = Error::Efault;
    });
    if (!failure && copied == 0) return failure.error();
    return copied;
}

Result<> Packet::share(u32 offset, u32 length, Packet& with) const {
    const u32 head = header_size();
    if (offset < head) {
        const u32 part = std::min(head - offset, length);
        TRY(with.append_copy({room_.data() + header_start_ + offset, part}));
        length -= part;
        offset = head;
    }
    offset -= head;
    for (const Slice& slice : body()) {
        if (length == 0) break;
        if (offset >= slice.size) {
            offset -= slice.size;
            continue;
        }
        const u32 part = std::min(slice.size - offset, length);
        TRY(with.append(slice.part(offset, part)));
        length -= part;
        offset = 0;
    }
    return {};
}

u32 Packet::memory_size() const {
    // LINUX: SKB_TRUESIZE counts the head, the shared information and the bytes.
    return static_cast<u32>(sizeof(Packet)) + body_size_;
}

}  // namespace exo::net
