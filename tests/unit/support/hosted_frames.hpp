// A small machine's memory for a test: an arena of the host's, handed to the frame allocator. One at a time.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <vector>

#include "arch/hosted/memory.hpp"
#include "memory/layout.hpp"
#include "memory/physical/buddy_allocator.hpp"

namespace exo::test {

class HostedFrames {
  public:
    static constexpr u64 PHYSICAL_START = 16 * MIB;

    explicit HostedFrames(usize pages)
        : HostedFrames(
              std::vector<boot::PhysicalRange>{{PHYSICAL_START, PHYSICAL_START + pages * PAGE_SIZE}}) {}
    explicit HostedFrames(const std::vector<boot::PhysicalRange>& free,
                          const std::vector<boot::PhysicalRange>& reserved = {}) {
        u64 low = ~0ULL;
        u64 high = 0;
        for (const auto& range : free) {
            low = std::min(low, range.start);
            high = std::max(high, range.end);
        }
        size_ = high - low;
        arena_ =
            mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        EXPECT_NE(arena_, MAP_FAILED);
        // Not zero: nothing may count on it.
        if (size_ <= 64 * MIB) std::memset(arena_, 0xa5, size_);
        memory::layout.direct_map = reinterpret_cast<u64>(arena_) - low;
        arch::hosted::direct_map = memory::layout.direct_map;
        EXPECT_TRUE(memory::frames.initialise(free, reserved).has_value());
    }
    HostedFrames(const HostedFrames&) = delete;
    HostedFrames& operator=(const HostedFrames&) = delete;
    ~HostedFrames() {
        memory::frames.set_reclaim_hook(nullptr);
        munmap(arena_, size_);
    }

    static u64 free_count() { return memory::frames.get_stats().free_frames; }

  private:
    void* arena_ = nullptr;
    usize size_ = 0;
};

}  // namespace exo::test
