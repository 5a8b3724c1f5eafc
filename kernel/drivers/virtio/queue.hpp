// Virtqueue: a split virtqueue (virtio 1.2, section 2.7).
//
// The rings are shared with the device, which is not trusted. The driver keeps its data (which descriptors
// are free, which are in use, their lengths) in its own memory, and checks everything that the device returns
// against it. After a violation the queue is closed: is_broken().
// Locking: none; the owner of the queue has a lock. Only `has_used` may be called without it.
#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <span>

#include "drivers/virtio/transport.hpp"
#include "memory/dma_buffer.hpp"

namespace exo::drivers {

enum class Direction : u8 { ToDevice, FromDevice };

/// A piece of memory for the device.
struct QueueBuffer {
    memory::PhysicalAddress address;
    u32 size = 0;
    Direction direction = Direction::ToDevice;
};

/// A chain of buffers that the device has returned.
struct QueueCompletion {
    /// The number that the driver passed with the buffers.
    u32 token = 0;
    /// How many bytes the device says it wrote: at most the size of the writable buffers.
    u32 written = 0;
};

/// What the driver remembers of one descriptor, out of the device's reach.
struct QueueEntry {
    u16 next = 0;  ///< A copy of the descriptor's link.
    // Of the chain that begins here.
    bool is_in_flight = false;
    u16 descriptors = 0;
    u32 writable = 0;
    u32 token = 0;
};

/// A queue without the memory for its entries, which VirtqueueOf has.
class Virtqueue {
  public:
    /// The limit of entries of a queue, and of buffers in a chain.
    static constexpr u16 MAX_SIZE = 256;
    /// The size of the rings of a queue with `size` entries, a multiple of 64.
    static constexpr usize memory_size(u16 size) { return (26 * usize{size} + 32 + 63) / 64 * 64; }

    Virtqueue(const Virtqueue&) = delete;
    Virtqueue& operator=(const Virtqueue&) = delete;

    /// Makes rings of `size` entries (a power of two, at most the queue's capacity) in `memory`. The memory is
    /// zeroed, has memory_size(size) bytes and the physical address `address`, a multiple of 64. It must outlive
    /// the queue.
    void initialise(std::span<u8> memory, memory::PhysicalAddress address, u16 size);
    /// Makes each side name the entry at which it wants to be told, instead of setting a flag (virtio 1.2, section
    /// 2.7.10). Call it before the device works, if VIRTIO_FEATURE_EVENT_INDEX was negotiated.
    void use_event_index() { uses_event_index_ = true; }
    QueueAddresses addresses() const;
    u16 size() const { return size_; }
    u16 free_descriptors() const { return free_count_; }
    u16 in_flight() const { return static_cast<u16>(size_ - free_count_); }
    bool is_broken() const { return is_broken_; }

    /// Gives a chain of buffers to the device, those that it reads first. The caller then notifies the
    /// device.
    /// Errors: Enobufs (not enough descriptors), Eio (broken), Einval (no buffers).
    Result<> add(std::span<const QueueBuffer> buffers, u32 token);
    /// Whether the device wants a notification of the buffers that were added since the last call.
    bool wants_notification();
    /// Takes the next chain that the device returned, if there is one. Errors: Eio (the device violated the
    /// rules).
    Result<std::optional<QueueCompletion>> take();
    /// Whether there is a returned chain that was not taken. Callable without a lock; reliable for what the
    /// device did before.
    bool has_used() const;

    /// Whether the device should interrupt when it returns a chain. The device may ignore it. After On, look
    /// again with has_used: a chain that was returned before makes no interrupt.
    enum class Interrupts : u8 { On, Off };
    void set_interrupts(Interrupts wish);

  protected:
    explicit Virtqueue(std::span<QueueEntry> entries) : entries_(entries) {}
    ~Virtqueue() = default;

  private:
    u16& ring_word(usize offset) const;
    u32 ring_double_word(usize offset) const;
    Error break_queue();
    void free_chain(u16 head);
    void ask_for_interrupt_at(u16 index);

    u8* memory_ = nullptr;
    memory::PhysicalAddress address_;
    u16 size_ = 0;
    u16 free_head_ = 0;
    u16 free_count_ = 0;
    u16 next_available_ = 0;
    u16 notified_available_ = 0;  ///< next_available_ at the last call of wants_notification.
    std::atomic<u16> next_used_{0};
    bool is_broken_ = false;
    bool uses_event_index_ = false;
    Interrupts interrupts_ = Interrupts::On;
    std::span<QueueEntry> entries_;
};

template <u16 CAPACITY> struct QueueEntries {
    std::array<QueueEntry, CAPACITY> entries{};
};

/// A queue of up to CAPACITY entries.
template <u16 CAPACITY> class VirtqueueOf final : QueueEntries<CAPACITY>, public Virtqueue {
    static_assert(CAPACITY <= MAX_SIZE);

  public:
    VirtqueueOf() : Virtqueue(QueueEntries<CAPACITY>::entries) {}
};

}  // namespace exo::drivers
