// PhysicalAddress and VirtualAddress: two types, so that addresses cannot be confused.
#pragma once

#include <compare>

#include "utils/bits.hpp"
#include "utils/types.hpp"

namespace exo::memory {

class PhysicalAddress {
  public:
    constexpr PhysicalAddress() = default;
    constexpr explicit PhysicalAddress(u64 value) : value_(value) {}
    static constexpr PhysicalAddress of_frame(u64 number) { return PhysicalAddress(number << PAGE_SHIFT); }

    constexpr u64 value() const { return value_; }
    constexpr u64 frame_number() const { return value_ >> PAGE_SHIFT; }
    constexpr bool is_page_aligned() const { return is_aligned(value_, PAGE_SIZE); }
    constexpr bool is_aligned_to(u64 alignment) const { return is_aligned(value_, alignment); }
    constexpr PhysicalAddress operator+(u64 bytes) const { return PhysicalAddress(value_ + bytes); }
    constexpr auto operator<=>(const PhysicalAddress&) const = default;

  private:
    u64 value_ = 0;
};

class VirtualAddress {
  public:
    constexpr VirtualAddress() = default;
    constexpr explicit VirtualAddress(u64 value) : value_(value) {}

    constexpr u64 value() const { return value_; }
    /// Whether bits 63 to 47 are equal (Intel SDM vol. 1, 3.3.7.1). An access to any other address faults,
    /// whatever the page tables contain.
    constexpr bool is_canonical() const {
        return static_cast<u64>(static_cast<i64>(value_ << 16) >> 16) == value_;
    }
    constexpr bool is_kernel() const { return value_ >> 63 != 0; }
    constexpr bool is_page_aligned() const { return is_aligned(value_, PAGE_SIZE); }
    constexpr bool is_aligned_to(u64 alignment) const { return is_aligned(value_, alignment); }
    constexpr VirtualAddress operator+(u64 bytes) const { return VirtualAddress(value_ + bytes); }
    constexpr auto operator<=>(const VirtualAddress&) const = default;

  private:
    u64 value_ = 0;
};

}  // namespace exo::memory
