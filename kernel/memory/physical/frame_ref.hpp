// FrameRef: one counted reference to a frame. Dropping the last one frees the frame. Page caches, mappings
// and copies in progress each hold their own, so a frame lives as long as anything uses it.
#pragma once

#include <span>
#include <utility>

#include "memory/layout.hpp"
#include "memory/physical/frame_record.hpp"
#include "utils/result.hpp"

namespace exo::memory {

class FrameRef {
  public:
    FrameRef() = default;
    /// Allocates a frame with undefined content. When memory is short it calls the reclaim hook, so the
    /// caller holds no spin lock. Errors: OutOfMemory.
    static Result<FrameRef> allocate();
    /// Allocates a frame of zeros, in the same way. Errors: OutOfMemory.
    static Result<FrameRef> allocate_zeroed();
    /// Takes over a reference that the caller owns.
    static FrameRef adopt(PhysicalAddress address) {
        return FrameRef(static_cast<u32>(address.frame_number()));
    }
    /// Takes a new reference to a frame to which another reference is certain to exist.
    static FrameRef share(PhysicalAddress address) {
        FrameRef ref = adopt(address);
        record_of(ref.number_).retain();
        return ref;
    }

    FrameRef(const FrameRef& other) : number_(other.number_) {
        if (number_ != 0) record_of(number_).retain();
    }
    FrameRef(FrameRef&& other) noexcept : number_(std::exchange(other.number_, 0)) {}
    FrameRef& operator=(FrameRef other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~FrameRef() {
        if (number_ != 0) release_frame(number_);
    }

    explicit operator bool() const { return number_ != 0; }
    u32 number() const { return number_; }
    PhysicalAddress address() const { return PhysicalAddress::of_frame(number_); }
    FrameRecord& record() const { return record_of(number_); }
    u8* data() const { return static_cast<u8*>(direct_map(address())); }
    std::span<u8> bytes() const { return {data(), PAGE_SIZE}; }
    /// Passes the reference to the caller, who must give it to `adopt` or `release_frame`.
    [[nodiscard]] PhysicalAddress leak() { return PhysicalAddress::of_frame(std::exchange(number_, 0)); }

  private:
    explicit FrameRef(u32 number) : number_(number) {}

    u32 number_ = 0;  ///< 0: none. Frame 0 is never allocated.
};

}  // namespace exo::memory
