// NetworkReceiveQueue: the frames that a virtio-net device has received.
//
// The device writes into small buffers, and merges several for a large frame. Each frame is copied into memory
// that the device cannot reach before anyone looks at it.
// Locking: none. The poll thread alone uses the queue once the device works.
#pragma once

#include "drivers/virtio/device.hpp"
#include "drivers/virtio/network_header.hpp"

namespace exo::drivers {

class NetworkReceiveQueue {
  public:
    static constexpr u16 MAX_SIZE = 256;
    /// What one buffer takes: a header and a frame of the usual MTU.
    static constexpr u32 BUFFER_SIZE = 2048;
    /// The largest frame: an IPv4 packet of 65535 bytes with a tagged Ethernet header. Larger ones are dropped.
    static constexpr usize MOST_FRAME = 65535 + ETHERNET_HEADER_SIZE + 4;

    /// Makes the queue and its buffers, and tells the device. Call it before the device works.
    /// Errors: Enomem, Enodev (no such queue).
    Result<> set_up(VirtioDevice& device, u16 index);
    /// Gives all buffers to the device. Errors: Eio.
    Result<> give_buffers();

    struct Received {
        NetworkHeader header;
        /// The frame, until the next call of `next`. Empty if the device broke a rule: the frame is lost.
        std::span<const u8> frame;
    };
    /// Takes the next frame, if there is one, and gives its buffers back.
    /// Errors: Eio (the device violated the rules of the queue).
    Result<std::optional<Received>> next();
    /// Tells the device of the buffers that `next` gave back, if it wants to know.
    void notify() { device_->notify_if_wanted(index_, queue_); }

    bool has_used() const { return queue_.has_used(); }
    void set_interrupts(Virtqueue::Interrupts wish) { queue_.set_interrupts(wish); }

  private:
    std::span<const u8> buffer(u32 index) const {
        return buffers_.bytes().subspan(index * BUFFER_SIZE, BUFFER_SIZE);
    }
    Result<> give(u32 index);
    Result<usize> append_buffer(usize size, NetworkHeader* header);

    VirtioDevice* device_ = nullptr;
    u16 index_ = 0;
    VirtqueueOf<MAX_SIZE> queue_;
    memory::DmaBuffer rings_;
    memory::DmaBuffer buffers_;
    memory::DmaBuffer frame_;  ///< Never given to the device.
};

}  // namespace exo::drivers
