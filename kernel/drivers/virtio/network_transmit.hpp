// NetworkTransmitQueue: the frames that a virtio-net device has not sent yet.
//
// They lie one behind the other in a ring of bytes, each with its header in one piece, and leave it in the order
// in which they came.
// Locking: none; the owner of the queue has a lock.
#pragma once

#include "drivers/virtio/device.hpp"
#include "drivers/virtio/network_header.hpp"

namespace exo::drivers {

class NetworkTransmitQueue {
  public:
    static constexpr u16 MAX_SIZE = 256;
    static constexpr u32 MEMORY_SIZE = 512 * 1024;

    /// Makes the queue and its memory, and tells the device. Call it before the device works.
    /// Errors: Enomem, Enodev (no such queue).
    Result<> set_up(VirtioDevice& device, u16 index);
    /// Copies a frame of `size` bytes and gives it to the device. The caller then notifies the device, if
    /// wants_notification says so.
    /// Errors: Enobufs (no room; the device interrupts when it has sent something), Eio (the device violated the
    /// rules of the queue).
    Result<> add(const NetworkHeader& header, std::span<const std::span<const u8>> pieces, usize size);
    bool wants_notification() { return queue_.wants_notification(); }
    /// Whether an `add` has failed for want of room, and now there is some again. It says so once.
    bool has_room_again();
    bool is_broken() const { return queue_.is_broken(); }

  private:
    /// A piece of the ring of bytes.
    struct Slot {
        u32 start = 0;
        bool is_sent = false;
    };
    Result<> collect();
    std::optional<u32> find_room(u32 size);

    u16 index_ = 0;
    VirtqueueOf<MAX_SIZE> queue_;
    memory::DmaBuffer rings_;
    memory::DmaBuffer memory_;
    /// The frames at the device, oldest first, in a ring. The device may return them in another order.
    std::array<Slot, MAX_SIZE> slots_{};
    u32 first_slot_ = 0;
    u32 slot_count_ = 0;
    u32 end_ = 0;  ///< Where the newest frame ends.
    bool wants_room_ = false;
};

}  // namespace exo::drivers
