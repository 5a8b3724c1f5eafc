// Resource limits (getrlimit(2)).
#pragma once

#include <array>
#include <atomic>

#include "utils/types.hpp"

namespace exo::posix_x {

inline constexpr u64 NO_LIMIT = ~0ULL;

/// /proc/sys/fs/nr_open: no descriptor's number reaches it, and no RLIMIT_NOFILE is set above it.
inline constinit std::atomic<u64> max_descriptors{1024 * KIB};

/// Linux's numbers.
enum class Resource : u32 {
    Cpu,
    FileSize,
    Data,
    Stack,
    Core,
    ResidentSet,
    Processes,
    OpenFiles,
    LockedMemory,
    AddressSpace,
    FileLocks,
    PendingSignals,
    MessageQueue,
    Nice,
    RealtimePriority,
    RealtimeTime,
    COUNT,
};

struct Limit {
    u64 soft = NO_LIMIT;
    u64 hard = NO_LIMIT;
};

/// Soft limits are looked at by many calls and change hardly ever: reading one takes no lock. Who changes a limit holds
/// the process's lock, so that nobody gets past a hard one.
class ResourceLimits {
  public:
    /// What Linux gives init, except that the number of processes fits the memory.
    void set_initial(u64 max_processes);
    void copy_from(const ResourceLimits& other);
    Limit of(Resource resource) const {
        const Pair& pair = limits_[static_cast<usize>(resource)];
        return {pair.soft.load(std::memory_order_relaxed), pair.hard.load(std::memory_order_relaxed)};
    }
    u64 soft(Resource resource) const {
        return limits_[static_cast<usize>(resource)].soft.load(std::memory_order_relaxed);
    }
    void set(Resource resource, Limit limit) {
        Pair& pair = limits_[static_cast<usize>(resource)];
        pair.soft.store(limit.soft, std::memory_order_relaxed);
        pair.hard.store(limit.hard, std::memory_order_relaxed);
    }

  private:
    struct Pair {
        std::atomic<u64> soft{NO_LIMIT};
        std::atomic<u64> hard{NO_LIMIT};
    };
    std::array<Pair, static_cast<usize>(Resource::COUNT)> limits_{};
};

}  // namespace exo::posix_x
