// FrameRef: one counted reference to a frame. The last one gives the frame back. Page caches, mappings and copies in
// flight each hold their own, so a frame lives as long as anyone can see it.
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
    /// A fresh frame with whatever content it last had. When memory is short, asks the reclaim hook; so the caller holds no
    /// spin lock. Errors: OutOfMemory.
    static Result<FrameRef> allocate();
    /// A fresh frame full of zeros, allocated as by `allocate`. Errors: OutOfMemory.
    static Result<FrameRef> allocate_zeroed();
    /// Takes over a reference that the caller owned.
    static FrameRef adopt(PhysicalAddress address) {
        return FrameRef(static_cast<u32>(address.frame_number()));
    }
    /// Takes a further reference to a frame that somebody surely holds.
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
    /// Gives the reference to the caller, who must pass it to `adopt` or `release_frame`.
    [[nodiscard]] PhysicalAddress leak() { return PhysicalAddress::of_frame(std::exchange(number_, 0)); }

  private:
    explicit FrameRef(u32 number) : number_(number) {}

    u32 number_ = 0;  ///< Frame 0 is never handed out, so 0 is "none".
};

}  // namespace exo::memory
