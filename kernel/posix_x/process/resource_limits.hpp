// Resource limits (getrlimit(2)).
#pragma once

#include <array>
#include <atomic>

#include "sync/spin_lock.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::posix_x {

inline constexpr u64 NO_LIMIT = ~0ULL;

/// /proc/sys/fs/nr_open: the limit of descriptor numbers and of RLIMIT_NOFILE.
inline constinit std::atomic<u64> max_descriptors{1024 * KIB};

/// The resources, with Linux's numbers.
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

/// Many calls read soft limits and few change them, so reading takes no lock.
class ResourceLimits {
  public:
    /// Sets the limits of Linux's init, except that the limit of processes fits the memory.
    void set_initial(u64 max_processes);
    /// Copies the limits of another process, all at one moment.
    void copy_from(ResourceLimits& other);
    Limit of(Resource resource) const {
        const Pair& pair = limits_[static_cast<usize>(resource)];
        return {pair.soft.load(std::memory_order_relaxed), pair.hard.load(std::memory_order_relaxed)};
    }
    u64 soft(Resource resource) const {
        return limits_[static_cast<usize>(resource)].soft.load(std::memory_order_relaxed);
    }
    /// Changes a limit for a program. Errors: Eperm (it may not raise the hard limit).
    Result<> change(Resource resource, Limit wanted, bool may_raise);
    /// Sets the soft limit to `to` if it still equals `from`.
    void raise_soft(Resource resource, u64 from, u64 to);
    /// Lowers the soft limit to `most` if it is higher.
    void lower(Resource resource, u64 most);

  private:
    struct Pair {
        std::atomic<u64> soft{NO_LIMIT};
        std::atomic<u64> hard{NO_LIMIT};
    };
    /// Makes all changes. Its lock prevents that two concurrent changes exceed a hard limit.
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
