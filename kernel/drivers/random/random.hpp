// The kernel's random numbers: ChaCha20 with fast key erasure, so that earlier output cannot be computed from
// the generator's present state.
//
// Seeds: the CPU's instruction (arch::hardware_random), virtio-rng. Each seed is mixed into the key, and none
// can reduce the entropy that is already there.
// Locking: one IrqOff lock guards the key. Long outputs are generated without it, with a key of their own.
#pragma once

#include <atomic>
#include <span>

#include "drivers/random/chacha20.hpp"
#include "scheduler/wait_queue.hpp"
#include "sync/spin_lock.hpp"
#include "utils/result.hpp"

namespace exo::drivers {

/// Whether a seed counts as unpredictable.
enum class Credit : u8 { None, Full };

class RandomGenerator {
  public:
    constexpr RandomGenerator() = default;

    /// Fills `out`. Before the first seed the bytes are predictable; getrandom(2) calls wait_until_seeded
    /// first.
    void fill(std::span<u8> out);
    u64 next_u64();

    /// Mixes `bytes` in. Callable in any context.
    void add(std::span<const u8> bytes, Credit credit);
    /// Mixes 32 bytes from the CPU in. Errors: Enodev; nothing is changed then.
    Result<> seed_from_cpu();

    /// Whether 32 bytes with full credit were mixed in.
    bool is_seeded() const { return credited_bytes_.load(std::memory_order_acquire) >= SEED_SIZE; }
    /// Waits until is_seeded. Errors: RestartSys.
    Result<> wait_until_seeded(scheduler::WaitMode mode) {
        return seeded_.wait(mode, [&] { return is_seeded(); });
    }

  private:
    static constexpr usize SEED_SIZE = 32;
    /// A new key for one caller, and up to 32 bytes of output. The generator's own key is replaced at the
    /// same time.
    struct Extract {
        std::array<u8, CHACHA_BLOCK_SIZE - sizeof(ChaChaKey)> bytes;
    };
    Extract extract();

    sync::SpinLocked<ChaChaKey, sync::LockRank::Random, sync::IrqOff> key_;
    std::atomic<usize> credited_bytes_{0};
    scheduler::WaitQueue seeded_;
};

/// The generator of the kernel.
extern constinit RandomGenerator RANDOM;

}  // namespace exo::drivers
