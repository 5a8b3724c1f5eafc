#include "drivers/virtio/network_receive.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace exo::drivers {

Result<> NetworkReceiveQueue::set_up(VirtioDevice& device, u16 index) {
    device_ = &device;
    index_ = index;
    const u16 size = std::bit_floor(std::min(device.queue_limit(index), MAX_SIZE));
    if (size == 0) return Error::Enodev;
    rings_ = TRY(memory::DmaBuffer::create(Virtqueue::memory_size(size)));
    buffers_ = TRY(memory::DmaBuffer::create(usize{size} * BUFFER_SIZE));
    frame_ = TRY(memory::DmaBuffer::create(MOST_FRAME));
    queue_.initialise(rings_.bytes(), rings_.address(), size);
    if (device.has_feature(VIRTIO_FEATURE_EVENT_INDEX)) queue_.use_event_index();
    return device.enable_queue(index, queue_);
}

Result<> NetworkReceiveQueue::give_buffers() {
    for (u32 i = 0; i < queue_.size(); ++i) TRY(give(i));
    notify();
    return {};
}

Result<> NetworkReceiveQueue::give(u32 index) {
    const QueueBuffer item{buffers_.address() + u64{index} * BUFFER_SIZE, BUFFER_SIZE, Direction::FromDevice};
    return queue_.add({&item, 1}, index);
}

/// Takes a buffer and appends its bytes to the `size` bytes of the frame so far. Returns the new size, which may be
/// more than fits; then the rest is not copied. The first buffer of a frame begins with the header.
/// Errors: Eproto (there is no buffer, or no whole header), Eio.
Result<usize> NetworkReceiveQueue::append_buffer(usize size, NetworkHeader* header) {
    const std::optional<QueueCompletion> done = TRY(queue_.take());
    if (!done) return Error::Eproto;
    std::span<const u8> bytes = buffer(done->token).first(done->written);
    const bool is_whole = header == nullptr || bytes.size() >= sizeof(NetworkHeader);
    if (header != nullptr && is_whole) {
        std::memcpy(header, bytes.data(), sizeof(NetworkHeader));
        bytes = bytes.subspan(sizeof(NetworkHeader));
    }
    const usize start = std::min(size, MOST_FRAME);
    std::memcpy(frame_.data() + start, bytes.data(), std::min(bytes.size(), MOST_FRAME - start));
    TRY(give(done->token));
    if (!is_whole) return Error::Eproto;
    return size + bytes.size();
}

Result<std::optional<NetworkReceiveQueue::Received>> NetworkReceiveQueue::next() {
    if (!queue_.has_used() && !queue_.is_broken()) return std::optional<Received>{};
    Received received;
    Result<usize> size = append_buffer(0, &received.header);
    const u16 count = device_->has_feature(NETWORK_FEATURE_MERGED_BUFFERS) ? received.header.buffers : u16{1};
    // The device returns all buffers of a frame before it publishes any of them (section 5.1.6.4).
    for (u32 i = 1; size && i < count; ++i) size = append_buffer(*size, nullptr);
    if (!size && size.error() != Error::Eproto) return size.error();
    if (size && count > 0 && *size <= MOST_FRAME) received.frame = frame_.bytes().first(*size);
    return std::optional(received);
}

}  // namespace exo::drivers
