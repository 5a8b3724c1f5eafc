// Packet: bytes in transit from one Unix socket to another, with their control data (unix(7)).
//
// A packet is in the queue of the receiving end, and is charged to the buffer of the sending end until it is
// destroyed. Its first bytes lie behind the structure itself, the rest in segments of a page each.
#pragma once

#include "ipc/socket/socket.hpp"
#include "ipc/unix/unix_address.hpp"
#include "utils/list.hpp"

namespace exo::ipc {

class UnixEnd;

class Packet {
  public:
    /// Makes a packet with `size` bytes of `data`. Errors: Efault (not all bytes could be read), Enomem.
    static Result<Packet*> create(vm::InBuffer& data, usize size);
    /// Makes the packet that represents a connection in a listening socket's queue: the other end of it.
    static Result<Packet*> for_connection(Ref<UnixEnd> end);
    ~Packet();
    Packet(const Packet&) = delete;
    Packet& operator=(const Packet&) = delete;
    static void operator delete(void* memory) { ::operator delete(memory); }

    /// Copies bytes from `offset` on, as many as fit and exist. Errors: Efault (none was copied).
    Result<usize> copy_to(vm::OutBuffer& out, usize offset) const;
    usize size() const { return size_; }
    /// How many bytes a reader of a stream has not taken yet.
    usize remaining() const { return size_ - taken; }

    ListNode link;
    usize taken = 0;      ///< How many bytes readers of a stream have taken from the front.
    u32 charge = 0;       ///< What it counts in the sender's buffer.
    Ref<UnixEnd> sender;  ///< Also gives the packet's source address: the name of the sender at the time of
                          ///< receiving.
    abi::ucred credentials{};
    bool has_credentials = false;
    Vector<security::Capability> capabilities;
    /// The user that is charged for the capabilities in transit (in_flight.hpp). Null: they are not counted.
    Ref<security::UserRecord> passer;
    Ref<UnixEnd> connection;  ///< In a listening socket's queue. Destroying the packet closes it.

  private:
    struct Segment {
        static constexpr usize SIZE = PAGE_SIZE - 2 * sizeof(void*);
        Segment* next = nullptr;
        usize size = 0;
        u8 bytes[SIZE];
    };
    static constexpr usize MOST_INLINE = 2048;

    explicit Packet(usize inline_size) : inline_size_(inline_size) {}
    static Packet* allocate(usize inline_size);
    Result<> fill(vm::InBuffer& data, usize size);
    u8* inline_bytes() const { return reinterpret_cast<u8*>(const_cast<Packet*>(this) + 1); }

    usize inline_size_;
    usize size_ = 0;
    Segment* segments_ = nullptr;
};

using PacketQueue = List<Packet, &Packet::link>;

}  // namespace exo::ipc
