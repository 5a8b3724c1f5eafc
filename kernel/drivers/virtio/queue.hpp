// Virtqueue: a split virtqueue (virtio 1.2, section 2.7).
//
// The rings are shared with the device, which is not trusted: what the driver needs to know (which descriptors are
// free, what was given out, how long it was) is kept in memory of our own, and whatever comes back is checked against
// it. A device that breaks the rules finds the queue closed: is_broken().
// Locking: none; whoever owns the queue has a lock. `has_used` alone may be called without it.
#pragma once

#include <array>
#include <atomic>
#include <optional>

#include "drivers/virtio/transport.hpp"
#include "memory/dma_buffer.hpp"

namespace exo::drivers {

enum class Direction : u8 { ToDevice, FromDevice };

/// One piece of memory for the device.
struct QueueBuffer {
    memory::PhysicalAddress address;
    u32 size = 0;
    Direction direction = Direction::ToDevice;
};

/// What came back.
struct QueueCompletion {
    /// What the driver gave with the buffers.
    u32 token = 0;
    /// Bytes that the device says it wrote: at most what was writable.
    u32 written = 0;
};

class Virtqueue {
  public:
    /// Entries of a queue, and of a chain.
    static constexpr u16 MAX_SIZE = 32;
    /// Bytes that the rings of a queue with `size` entries take, a multiple of 64.
    static constexpr usize memory_size(u16 size) { return (26 * usize{size} + 32 + 63) / 64 * 64; }

    Virtqueue() = default;

    /// Rings of `size` entries (a power of two, at most MAX_SIZE) in `memory`, zeroed and of memory_size(size) bytes
    /// at `address`, a multiple of 64. The memory must outlive the queue.
    void initialise(std::span<u8> memory, memory::PhysicalAddress address, u16 size);
    QueueAddresses addresses() const;
    u16 size() const { return size_; }
    u16 free_descriptors() const { return free_count_; }
    u16 in_flight() const { return static_cast<u16>(size_ - free_count_); }
    bool is_broken() const { return is_broken_; }

    /// Gives a chain of buffers to the device: those that it reads first. Tell it by notify afterwards.
    /// Errors: Enobufs (not enough descriptors), Eio (broken), Einval (no buffers).
    Result<> add(std::span<const QueueBuffer> buffers, u32 token);
    /// The device wants to be told of new buffers.
    bool wants_notification() const;
    /// The next chain that came back, or nothing. Errors: Eio (the device broke the rules).
    Result<std::optional<QueueCompletion>> take();
    /// Something came back that was not taken. Without a lock: a hint, exact for what the device did before.
    bool has_used() const;

    /// Whether the device is to interrupt for what it gives back: a wish, which it may ignore.
    enum class Interrupts : u8 { On, Off };
    void set_interrupts(Interrupts wish);

  private:
    struct Chain {
        bool is_in_flight = false;
        u16 descriptors = 0;
        u32 writable = 0;
        u32 token = 0;
    };
    u16& ring_word(usize offset) const;
    u32 ring_double_word(usize offset) const;
    Error break_queue();
    void free_chain(u16 head);

    u8* memory_ = nullptr;
    memory::PhysicalAddress address_;
    u16 size_ = 0;
    u16 free_head_ = 0;
    u16 free_count_ = 0;
    u16 next_available_ = 0;
    std::atomic<u16> next_used_{0};
    bool is_broken_ = false;
    std::array<u16, MAX_SIZE> next_{};  ///< Our own copy of the descriptors' links.
    std::array<Chain, MAX_SIZE> chains_{};
};

}  // namespace exo::drivers
