// Resource limits (getrlimit(2)).
#pragma once

#include <array>
#include <atomic>

#include "sync/spin_lock.hpp"
#include "utils/result.hpp"
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

/// Soft limits are looked at by many calls and change hardly ever: reading one takes no lock.
class ResourceLimits {
  public:
    /// What Linux gives init, except that the number of processes fits the memory.
    void set_initial(u64 max_processes);
    /// All of another process's, as of one moment.
    void copy_from(ResourceLimits& other);
    Limit of(Resource resource) const {
        const Pair& pair = limits_[static_cast<usize>(resource)];
        return {pair.soft.load(std::memory_order_relaxed), pair.hard.load(std::memory_order_relaxed)};
    }
    u64 soft(Resource resource) const {
        return limits_[static_cast<usize>(resource)].soft.load(std::memory_order_relaxed);
    }
    /// What a program asks for. Errors: Eperm (it may not raise the hard limit).
    Result<> change(Resource resource, Limit wanted, bool may_raise);
    /// The soft limit becomes `to` if it is still `from`.
    void raise_soft(Resource resource, u64 from, u64 to);
    /// The soft limit becomes `most` if it is higher.
    void lower(Resource resource, u64 most);

  private:
    struct Pair {
        std::atomic<u64> soft{NO_LIMIT};
        std::atomic<u64> hard{NO_LIMIT};
    };
    /// What changes go through: its lock keeps two of them from getting past a hard limit together.
    struct Writer {
        void set(Resource resource, Limit limit) const {
            Pair& pair = limits->limits_[static_cast<usize>(resource)];
            pair.soft.store(limit.soft, std::memory_order_relaxed);
            pair.hard.store(limit.hard, std::memory_order_relaxed);
        }
        ResourceLimits* limits;
    };
    std::array<Pair, static_cast<usize>(Resource::COUNT)> limits_{};
    sync::SpinLocked<Writer, sync::LockRank::Process> writer_{this};
};

}  // namespace exo::posix_x
