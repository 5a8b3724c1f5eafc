// The kernel's random numbers: ChaCha20 with fast key erasure, so that what was given out cannot be computed from the
// generator's state afterwards.
//
// Seeds: the CPU's instruction (arch::hardware_random), virtio-rng. Each is mixed into the key; none can take away
// what is there already.
// Locking: one IrqOff lock around the key; long outputs are made outside it, with a key of their own.
#pragma once

#include <atomic>
#include <span>

#include "drivers/random/chacha20.hpp"
#include "scheduler/wait_queue.hpp"
#include "sync/spin_lock.hpp"
#include "utils/result.hpp"

namespace exo::drivers {

/// Whether a contribution is believed to be unpredictable.
enum class Credit : u8 { None, Full };

class RandomGenerator {
  public:
    constexpr RandomGenerator() = default;

    /// Fills `out`. Before the first seed the bytes are predictable: getrandom(2) waits for wait_until_seeded.
    void fill(std::span<u8> out);
    u64 next_u64();

    /// Mixes `bytes` in. From any context.
    void add(std::span<const u8> bytes, Credit credit);
    /// Takes 32 bytes from the CPU. Errors: Enodev, nothing changed then.
    Result<> seed_from_cpu();

    /// 32 bytes that were credited in full have come in.
    bool is_seeded() const { return credited_bytes_.load(std::memory_order_acquire) >= SEED_SIZE; }
    /// Errors: RestartSys.
    Result<> wait_until_seeded(scheduler::WaitMode mode) {
        return seeded_.wait(mode, [&] { return is_seeded(); });
    }

  private:
    static constexpr usize SEED_SIZE = 32;
    /// A fresh key for one caller, and up to 32 bytes to give out at once; replaces the generator's own key.
    struct Extract {
        std::array<u8, CHACHA_BLOCK_SIZE - sizeof(ChaChaKey)> bytes;
    };
    Extract extract();

    sync::SpinLocked<ChaChaKey, sync::LockRank::Random, sync::IrqOff> key_;
    std::atomic<usize> credited_bytes_{0};
    scheduler::WaitQueue seeded_;
};

/// The one generator.
extern constinit RandomGenerator RANDOM;

}  // namespace exo::drivers
