// DmaBuffer: contiguous frames that a device may read and write. It knows its physical address, and its
// destructor frees it.
//
// x86 keeps caches coherent with devices, so no flush is needed. The frames are zeroed, so that no old data
// leaks to a device.
#pragma once

#include <span>
#include <utility>

#include "arch/pages.hpp"
#include "memory/layout.hpp"
#include "memory/physical/buddy_allocator.hpp"

namespace exo::memory {

class DmaBuffer {
  public:
    DmaBuffer() = default;
    DmaBuffer(DmaBuffer&& other) noexcept
        : address_(std::exchange(other.address_, PhysicalAddress())),
          frames_(std::exchange(other.frames_, 0)) {}
    DmaBuffer& operator=(DmaBuffer&& other) noexcept {
        std::swap(address_, other.address_);
        std::swap(frames_, other.frames_);
        return *this;
    }
    ~DmaBuffer() {
        if (frames_ == 0) return;
        [[maybe_unused]] const auto freed = free_contiguous(address_, frames_);
        DEBUG_ASSERT(freed.has_value());
    }

    /// Allocates at least `size` bytes, in whole pages. Errors: InvalidSize (0, or above 16 MiB),
    /// OutOfMemory.
    static Result<DmaBuffer> create(usize size) {
        if (size > MAX_BLOCK_FRAMES * PAGE_SIZE) return Error::InvalidSize;
        DmaBuffer buffer;
        const usize count = divide_round_up(size, PAGE_SIZE);
        buffer.address_ = TRY(alloc_contiguous(count));
        buffer.frames_ = count;
        for (usize i = 0; i < count; ++i) arch::clear_page(buffer.data() + i * PAGE_SIZE);
        return buffer;
    }

    explicit operator bool() const { return frames_ != 0; }
    PhysicalAddress address() const { return address_; }
    usize size() const { return frames_ * PAGE_SIZE; }
    u8* data() const { return static_cast<u8*>(direct_map(address_)); }
    std::span<u8> bytes() const { return {data(), size()}; }

  private:
    PhysicalAddress address_;
    usize frames_ = 0;
};

}  // namespace exo::memory
