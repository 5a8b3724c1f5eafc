// Resource limits (getrlimit(2)).
#pragma once

#include <array>

#include "utils/types.hpp"

namespace exo::posix_x {

inline constexpr u64 NO_LIMIT = ~0ULL;

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

class ResourceLimits {
  public:
    /// What Linux gives init, except that the number of processes fits the memory.
    static ResourceLimits initial(u64 max_processes);
    Limit& of(Resource resource) { return limits_[static_cast<usize>(resource)]; }
    u64 soft(Resource resource) const { return limits_[static_cast<usize>(resource)].soft; }

  private:
    std::array<Limit, static_cast<usize>(Resource::COUNT)> limits_{};
};

}  // namespace exo::posix_x
