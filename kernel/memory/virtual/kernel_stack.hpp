// KernelStack: a stack of 16 KiB for one thread (32 KiB with KASAN's redzones, or with KCSAN's reports). The pages below it are
// unmapped, so that an overflow faults and corrupts nothing.
//
// A small reserve of freed stacks stays mapped, because programs often end one thread and start another.
#pragma once

#include <utility>

#include "memory/kcsan/kcsan.hpp"
#include "utils/kasan.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::memory {

class KernelStack {
  public:
    static constexpr usize SIZE = kasan::ENABLED || kcsan::ENABLED ? 32 * KIB : 16 * KIB;

    KernelStack() = default;
    KernelStack(KernelStack&& other) noexcept : bottom_(std::exchange(other.bottom_, 0)) {}
    KernelStack& operator=(KernelStack&& other) noexcept {
        std::swap(bottom_, other.bottom_);
        return *this;
    }
    ~KernelStack();

    /// Takes a stack from the reserve, or makes one. Errors: OutOfMemory.
    static Result<KernelStack> create();

    explicit operator bool() const { return bottom_ != 0; }
    /// The lowest usable address.
    void* bottom() const;
    /// One past the highest usable address.
    void* top() const;

    /// Gives the stack up for good, mapped. Returns top().
    void* leak() {
        void* const end = top();
        bottom_ = 0;
        return end;
    }

    /// Frees the frames of the reserve. Returns how many.
    static usize drain_reserve();

  private:
    explicit KernelStack(u64 bottom) : bottom_(bottom) {}
    u64 bottom_ = 0;
};

/// Address ranges for stacks, each with its guard range and its frames. In the kernel only KernelStack uses
/// it. In the hosted build, whose page tables no CPU uses, only tests use it.
class StackSlots {
  public:
    static constexpr u64 STRIDE =
        2 * KernelStack::SIZE;  ///< The upper half is the stack, the lower half the guard.

    /// Maps a stack and returns its lowest address. Errors: OutOfMemory.
    static Result<u64> map();
    static void unmap(u64 bottom);
};

}  // namespace exo::memory
