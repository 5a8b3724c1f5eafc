// Mmio<T>: one device register. MmioRegion: the block of registers of a device. Every access is one bus
// access of exactly that size, in program order with other volatile accesses.
//
//   MmioRegion region = TRY(MmioRegion::map(PhysicalAddress(0xfeb00e00), 0x200));
//   if (region.at<u32>(0).read() != MAGIC) return Error::Enodev;
#pragma once

#include "memory/virtual/kernel_map.hpp"

namespace exo::memory {

template <class T> class Mmio {
    static_assert(std::is_unsigned_v<T>);

  public:
    explicit Mmio(volatile T* address) : address_(address) {}
    T read() const { return *address_; }
    void write(T value) const { *address_ = value; }
    void set_bits(T bits) const { write(static_cast<T>(read() | bits)); }
    void clear_bits(T bits) const { write(static_cast<T>(read() & ~bits)); }

  private:
    volatile T* address_;
};

class MmioRegion {
  public:
    MmioRegion() = default;
    /// Maps the registers of a device. Errors: OutOfMemory, InvalidSize.
    static Result<MmioRegion> map(PhysicalAddress physical, u64 size) {
        return MmioRegion(TRY(map_device(physical, size)).value(), size);
    }
    /// A region over ordinary memory: a simulated device in a test.
    static MmioRegion over(void* memory, u64 size) {
        // SAFETY: only the address is used.
        return {reinterpret_cast<u64>(memory), size};
    }

    u64 size() const { return size_; }
    template <class T> Mmio<T> at(u64 offset) const {
        ASSERT(offset <= size_ && sizeof(T) <= size_ - offset && is_aligned(offset, sizeof(T)));
        // SAFETY: the register is inside the region and aligned.
        return Mmio<T>(reinterpret_cast<volatile T*>(start_ + offset));
    }

  private:
    MmioRegion(u64 start, u64 size) : start_(start), size_(size) {}
    u64 start_ = 0;
    u64 size_ = 0;
};

}  // namespace exo::memory
