#include "ipc/unix/packet.hpp"

#include <algorithm>

#include "ipc/unix/unix_end.hpp"

namespace exo::ipc {

Packet* Packet::allocate(usize inline_size) {
    void* memory = ::operator new(sizeof(Packet) + inline_size, std::nothrow);
    return memory != nullptr ? new (memory) Packet(inline_size) : nullptr;
}

Result<Packet*> Packet::create(vm::InBuffer& data, usize size) {
    Packet* packet = allocate(std::min(size, MOST_INLINE));
    if (packet == nullptr) return Error::Enomem;
    if (const Result<> filled = packet->fill(data, size); !filled) {
        delete packet;
        return filled.error();
    }
    return packet;
}

Result<Packet*> Packet::for_connection(Ref<UnixEnd> end) {
    Packet* packet = allocate(0);
    if (packet == nullptr) return Error::Enomem;
    packet->connection = std::move(end);
    return packet;
}

Packet::~Packet() {
    while (Segment* segment = segments_) {
        segments_ = segment->next;
        delete segment;
    }
    if (sender) sender->give_back(charge);
    if (connection) connection->close(UnixEnd::Unread::AlwaysResets);
}

/// Reads `to.size()` bytes. Errors: Efault.
static Result<> read_all(vm::InBuffer& from, std::span<u8> to) {
    return TRY(from.read(to)) == to.size() ? Result<>() : Result<>(Error::Efault);
}

Result<> Packet::fill(vm::InBuffer& data, usize size) {
    if (inline_size_ != 0) TRY(read_all(data, {inline_bytes(), inline_size_}));
    size_ = inline_size_;
    for (Segment** last = &segments_; size_ < size; last = &(*last)->next) {
        auto* segment = new (std::nothrow) Segment;
        if (segment == nullptr) return Error::Enomem;
        *last = segment;
        segment->size = std::min(size - size_, Segment::SIZE);
        TRY(read_all(data, {segment->bytes, segment->size}));
        size_ += segment->size;
    }
    return {};
}

Result<usize> Packet::copy_to(vm::OutBuffer& out, usize offset) const {
    usize copied = 0;
    usize start = 0;  // of the piece, in the packet
    const auto copy_piece = [&](std::span<const u8> piece) -> Result<bool> {
        const usize skipped = std::min(offset + copied - start, piece.size());
        start += piece.size();
        const std::span<const u8> wanted = piece.subspan(skipped);
        if (wanted.empty()) return true;
        const auto moved = out.write(wanted);
        if (!moved) return copied != 0 ? Result<bool>(false) : Result<bool>(moved.error());
        copied += *moved;
        return *moved == wanted.size();
    };
    bool goes_on = TRY(copy_piece({inline_bytes(), inline_size_}));
    for (const Segment* segment = segments_; segment != nullptr && goes_on && out.remaining() != 0;
         segment = segment->next)
        goes_on = TRY(copy_piece({segment->bytes, segment->size}));
    return copied;
}

}  // namespace exo::ipc
