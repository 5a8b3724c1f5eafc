// KernelStack: 16 KiB (KASAN's redzones: 32) for one thread, with unmapped pages below, so that an overflow faults instead of corrupting.
//
// Freed stacks stay mapped in a small reserve, because threads come and go more often than their number changes.
#pragma once

#include <utility>

#include "utils/kasan.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::memory {

class KernelStack {
  public:
    static constexpr usize SIZE = kasan::ENABLED ? 32 * KIB : 16 * KIB;

    KernelStack() = default;
    KernelStack(KernelStack&& other) noexcept : bottom_(std::exchange(other.bottom_, 0)) {}
    KernelStack& operator=(KernelStack&& other) noexcept {
        std::swap(bottom_, other.bottom_);
        return *this;
    }
    ~KernelStack();

    /// Errors: OutOfMemory.
    static Result<KernelStack> create();

    explicit operator bool() const { return bottom_ != 0; }
    /// The lowest usable address.
    void* bottom() const;
    /// One past the highest.
    void* top() const;

    /// Gives the reserve's frames back; how many.
    static usize drain_reserve();

  private:
    explicit KernelStack(u64 bottom) : bottom_(bottom) {}
    u64 bottom_ = 0;
};

/// Address ranges for stacks, each with its guard, backed by frames. KernelStack is its user in the kernel; the hosted
/// build, whose tables no CPU walks, only tests it.
class StackSlots {
  public:
    static constexpr u64 STRIDE =
        2 * KernelStack::SIZE;  ///< The upper half is the stack, the lower half the guard.

    /// The stack's lowest address. Errors: OutOfMemory.
    static Result<u64> map();
    static void unmap(u64 bottom);
};

}  // namespace exo::memory
