#include "drivers/virtio/network_transmit.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace exo::drivers {

Result<> NetworkTransmitQueue::set_up(VirtioDevice& device, u16 index) {
    index_ = index;
    const u16 size = std::bit_floor(std::min(device.queue_limit(index), MAX_SIZE));
    if (size == 0) return Error::Enodev;
    rings_ = TRY(memory::DmaBuffer::create(Virtqueue::memory_size(size)));
    memory_ = TRY(memory::DmaBuffer::create(MEMORY_SIZE));
    queue_.initialise(rings_.bytes(), rings_.address(), size);
    if (device.has_feature(VIRTIO_FEATURE_EVENT_INDEX)) queue_.use_event_index();
    queue_.set_interrupts(Virtqueue::Interrupts::Off);
    return device.enable_queue(index, queue_);
}

/// Frees the memory of the frames that the device has sent. Errors: Eio.
Result<> NetworkTransmitQueue::collect() {
    while (const std::optional<QueueCompletion> done = TRY(queue_.take())) slots_[done->token].is_sent = true;
    while (slot_count_ > 0 && slots_[first_slot_].is_sent) {
        first_slot_ = (first_slot_ + 1) % MAX_SIZE;
        --slot_count_;
    }
    return {};
}

/// Where a frame of `size` bytes, its header among them, fits into the ring of bytes.
std::optional<u32> NetworkTransmitQueue::find_room(u32 size) {
    if (queue_.free_descriptors() == 0 || slot_count_ == MAX_SIZE) return std::nullopt;
    if (slot_count_ == 0) return 0;
    const u32 oldest = slots_[first_slot_].start;
    if (end_ > oldest) {
        if (size <= MEMORY_SIZE - end_) return end_;
        if (size <= oldest) return 0;
        return std::nullopt;
    }
    return size <= oldest - end_ ? std::optional(end_) : std::nullopt;
}

Result<> NetworkTransmitQueue::add(const NetworkHeader& header, std::span<const std::span<const u8>> pieces,
                                   usize size) {
    const u32 whole = static_cast<u32>(sizeof(header) + size);
    TRY(collect());
    std::optional<u32> start = find_room(whole);
    if (!start) {
        wants_room_ = true;
        queue_.set_interrupts(Virtqueue::Interrupts::On);
        // What the device sent before makes no interrupt.
        TRY(collect());
        start = find_room(whole);
        if (!start) return Error::Enobufs;
    }
    u8* to = memory_.data() + *start;
    std::memcpy(to, &header, sizeof(header));
    to += sizeof(header);
    for (const std::span<const u8> piece : pieces) to = std::copy(piece.begin(), piece.end(), to);
    const u32 slot = (first_slot_ + slot_count_) % MAX_SIZE;
    const QueueBuffer item{memory_.address() + *start, whole, Direction::ToDevice};
    TRY(queue_.add({&item, 1}, slot));
    slots_[slot] = {*start, false};
    ++slot_count_;
    end_ = *start + whole;
    return {};
}

bool NetworkTransmitQueue::has_room_again() {
    // A quarter, so that senders do not come for each single frame.
    if (!wants_room_ || !collect() || queue_.free_descriptors() < queue_.size() / 4) return false;
    const u32 oldest = slot_count_ > 0 ? slots_[first_slot_].start : 0;
    const u32 used = slot_count_ == 0 ? 0 : (end_ > oldest ? end_ - oldest : MEMORY_SIZE - oldest + end_);
    if (used > MEMORY_SIZE / 4 * 3) return false;
    wants_room_ = false;
    queue_.set_interrupts(Virtqueue::Interrupts::Off);
    return true;
}

}  // namespace exo::drivers
