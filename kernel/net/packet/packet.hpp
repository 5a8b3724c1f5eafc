// Packet: one packet on its way through the protocols: headers in a room of its own, and a body of slices that may
// be shared with other packets and queues.
//
// A packet that is sent grows at the front: each protocol pushes its header. A packet that was received shrinks at
// the front: each protocol pulls its header, which `pull` makes contiguous. The bytes of a packet are the headers'
// followed by the body's.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "net/packet/address.hpp"
#include "net/packet/chunk.hpp"
#include "utils/list.hpp"
#include "vm/io_buffer.hpp"

namespace exo::net {

class Interface;
class Packet;

struct PacketDeleter {
    void operator()(Packet* packet) const;
};
/// Sole ownership of a packet.
using PacketPtr = std::unique_ptr<Packet, PacketDeleter>;

/// What is known of the checksum of the transport protocol (TCP, UDP).
enum class ChecksumState : u8 {
    Unchecked,  ///< Received: the protocol must verify it.
    Correct,    ///< Received: a device has verified it, or the packet never left the machine.
    Partial,  ///< To be sent: the field holds the sum of the pseudo-header; whoever sends it out completes it.
    Complete,  ///< To be sent: nothing is left to do.
};

class Packet {
  public:
    static constexpr u32 HEADER_ROOM = 192;
    /// Room for pieces of the body. 64 KiB in pieces of one page, and two that are cut.
    static constexpr u32 MOST_SLICES = 18;
    static constexpr u32 MOST_BYTES = 65535;

    /// Makes an empty packet, whose headers can grow at the front by HEADER_ROOM bytes. Errors: Enomem.
    static Result<PacketPtr> create();
    /// Makes a received packet from a copy of its bytes. Errors: Enomem, Emsgsize.
    static Result<PacketPtr> copy_of(std::span<const u8> bytes);
    /// A packet with the same bytes and properties; the body is shared. Errors: Enomem.
    Result<PacketPtr> clone() const;
    Packet(const Packet&) = delete;
    Packet& operator=(const Packet&) = delete;

    u32 size() const { return header_size() + body_size_; }
    u32 header_size() const { return HEADER_ROOM - header_start_; }
    u32 body_size() const { return body_size_; }
    std::span<u8> headers() { return {room_.data() + header_start_, header_size()}; }
    std::span<const Slice> body() const { return {slices_.data() + first_slice_, slice_count_}; }
    bool has_room_for_slice() const { return first_slice_ + slice_count_ < MOST_SLICES; }

    /// Adds `size` bytes to the front, which are not initialised. There must be room.
    u8* push(u32 size) {
        ASSERT(size <= header_start_);
        header_start_ = static_cast<u16>(header_start_ - size);
        pulled_ = 0;
        return room_.data() + header_start_;
    }
    /// Adds a header to the front.
    template <class Header> Header& push_header() {
        static_assert(alignof(Header) == 1);
        // SAFETY: the room has sizeof(Header) bytes; the header has no alignment.
        return *reinterpret_cast<Header*>(push(sizeof(Header)));
    }
    /// Makes the first `size` bytes contiguous. Null: the packet is shorter, or they exceed the room.
    u8* front(u32 size);
    template <class Header> Header* front_as() {
        static_assert(alignof(Header) == 1);
        // SAFETY: front has made the bytes contiguous; the header has no alignment.
        return reinterpret_cast<Header*>(front(sizeof(Header)));
    }
    /// Removes the first `size` bytes; there must be as many.
    void pull(u32 size);
    /// Puts the last `size` bytes back that pull removed. Returns false if they are not there any more: they were not contiguous.
    [[nodiscard]] bool unpull(u32 size) {
        if (size > pulled_) return false;
        header_start_ = static_cast<u16>(header_start_ - size);
        pulled_ = static_cast<u16>(pulled_ - size);
        return true;
    }
    /// Removes bytes at the end, until there are `size`, at most as many as there are.
    void trim(u32 size);

    /// Appends a slice to the body. Errors: Emsgsize (too many slices, or bytes).
    Result<> append(Slice slice);
    /// Copies the body into one chunk, so that there is room for slices. Errors: Enomem; nothing is changed then.
    Result<> compact();
    /// Appends a copy of the bytes, in chunks of its own. Errors: Enomem, Emsgsize.
    Result<> append_copy(std::span<const u8> bytes);
    /// Appends `size` bytes of a program's buffer. Errors: Enomem, Emsgsize, Efault.
    Result<> append_from(vm::InBuffer& from, u32 size);
    /// Copies `length` bytes from `offset` on, which must lie inside.
    void copy_out(u32 offset, std::span<u8> to) const;
    /// Copies up to `length` bytes from `offset` on to a program. Errors: Efault (nothing was copied).
    Result<usize> copy_to(vm::OutBuffer& to, u32 offset, u32 length) const;
    /// Appends slices for `length` bytes from `offset` on of this packet's body and headers to another packet. Bytes of headers are
    /// copied. Errors: Enomem, Emsgsize.
    Result<> share(u32 offset, u32 length, Packet& with) const;
    /// Calls `visit` with each contiguous piece of the bytes from `offset` on.
    template <class Visit> void for_each_piece(u32 offset, u32 length, Visit visit) const {
        const u32 head = header_size();
        if (offset < head) {
            const u32 part = std::min(head - offset, length);
            visit(std::span<const u8>(room_.data() + header_start_ + offset, part));
            length -= part;
            offset = 0;
        } else {
            offset -= head;
        }
        for (const Slice& slice : body()) {
            if (length == 0) return;
            if (offset >= slice.size) {
                offset -= slice.size;
                continue;
            }
            const u32 part = std::min(slice.size - offset, length);
            visit(slice.bytes().subspan(offset, part));
            length -= part;
            offset = 0;
        }
    }
    /// The memory that the packet keeps in use, for the limits of socket buffers.
    u32 memory_size() const;

    // What the protocols note of the packet. Each field says who sets it.

    Interface* interface =
        nullptr;           ///< Where it arrived, or where it leaves: the network layer, the interface.
    Ipv4Address source{};  ///< Of the IP header: the network layer.
    Ipv4Address destination{};
    Ipv4Address next_hop{};  ///< Where the interface sends it: the network layer.
    u16 source_port = 0;     ///< Of the transport header: the transport protocol.
    u16 destination_port = 0;
    u8 protocol = 0;  ///< Of the IP header: the network layer.
    u8 ttl = 0;
    u8 tos = 0;
    u8 ip_header_size = 0;  ///< The size of the IP header, which has been pulled and can be put back.
    ChecksumState checksum = ChecksumState::Unchecked;
    bool is_broadcast = false;  ///< Received: to a broadcast or multicast address of the link or the network.
    bool loops_back = true;     ///< To be sent, multicast: members on this machine receive it too.
    u16 checksum_offset = 0;    ///< Partial: of the field, from the transport header on.
    u16 segment_size = 0;       ///< Not 0: a TCP segment that stands for several with so many bytes each.
    u64 arrival = 0;            ///< The time of arrival in ns since 1970, 0: nobody has asked for it.
    ListNode link;              ///< In one queue: whoever owns the packet.

  private:
    friend struct PacketDeleter;
    Packet() {}  // NOLINT(modernize-use-equals-default): the slices are not constructed
    ~Packet();
    void drop_front_slices(u32 bytes);

    u16 header_start_ = HEADER_ROOM;
    u16 pulled_ = 0;  ///< Bytes in front of the headers that pull has removed and nothing has replaced.
    u8 first_slice_ = 0;
    u8 slice_count_ = 0;
    u32 body_size_ = 0;
    std::array<u8, HEADER_ROOM> room_;
    union {
        std::array<Slice, MOST_SLICES> slices_;  ///< Only those in use are constructed.
    };
};

/// A queue of packets, which owns them.
class PacketQueue {
  public:
    PacketQueue() = default;
    PacketQueue(const PacketQueue&) = delete;
    PacketQueue& operator=(const PacketQueue&) = delete;
    ~PacketQueue() { clear(); }

    bool is_empty() const { return count_ == 0; }
    u32 count() const { return count_; }
    Packet* front() { return packets_.front(); }
    Packet* after(const Packet& packet) { return packets_.after(packet); }
    void push_back(PacketPtr packet) {
        packets_.push_back(*packet.release());
        ++count_;
    }
    void insert_before(Packet& position, PacketPtr packet) {
        packets_.insert_before(position, *packet.release());
        ++count_;
    }
    PacketPtr pop_front() {
        Packet* packet = packets_.pop_front();
        if (packet != nullptr) --count_;
        return PacketPtr(packet);
    }
    PacketPtr remove(Packet& packet) {
        packets_.remove(packet);
        --count_;
        return PacketPtr(&packet);
    }
    void splice_back(PacketQueue& other) {
        packets_.splice_back(other.packets_);
        count_ += std::exchange(other.count_, 0);
    }
    void clear() {
        while (!is_empty()) (void)pop_front();
    }

  private:
    List<Packet, &Packet::link> packets_;
    u32 count_ = 0;
};

}  // namespace exo::net
