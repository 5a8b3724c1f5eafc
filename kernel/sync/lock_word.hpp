// LockWord: the word of a spin lock, with a queue of the CPUs that wait for it.
//
// A free lock without a queue is taken by one compare-and-exchange. A CPU that finds it taken joins the queue
// and looks at a node of its own until it is first; only the first one looks at the word. A CPU that comes
// while the lock happens to be free takes it, past the queue: the host may not be running the first one. The
// first one bears this for a bounded number of turns; then it reserves the lock, and nobody passes it any
// more. So a wait ends after at most FIRST_ONES_PATIENCE turns and one holder for each CPU in the queue.
//
// tests/model/lock_word.pml checks exclusion, the reservation and the hand-over of the first place.
#pragma once

#include <atomic>

#include "arch/interface.hpp"

namespace exo::sync {

class LockWord {
  public:
    constexpr LockWord() = default;
    LockWord(const LockWord&) = delete;
    LockWord& operator=(const LockWord&) = delete;

    void acquire() {
        u32 expected = 0;
        // acquire: pairs with the release in release()
        if (!whole().compare_exchange_strong(expected, LOCKED, std::memory_order_acquire,
                                             std::memory_order_relaxed)) [[unlikely]]
            arch::call_keeping_registers(&LockWord::wait_in_queue, this);
    }
    void release() { std::atomic_ref(locked_byte()).store(0, std::memory_order_release); }

    /// How often the first in the queue looks at the word before it reserves the lock.
    static constexpr u32 FIRST_ONES_PATIENCE = 1000;

  private:
    // The word: whether the lock is taken, whether it is reserved for the first in the queue, and the last in the queue.
    static constexpr u32 LOCKED = 1;
    static constexpr u32 RESERVED = 1U << 8;
    static constexpr u32 LAST_SHIFT = 16;
    static constexpr u32 LAST_MASK = 0xFFFFU << LAST_SHIFT;

    static void wait_in_queue(void* lock);
    bool pass_the_queue();
    void wait_as_first(u32 own, struct QueueNode& node);

    std::atomic_ref<u32> whole() { return std::atomic_ref(word_); }
    /// The byte of LOCKED, which the holder alone writes while it is set.
    u8& locked_byte() { return *reinterpret_cast<u8*>(&word_); }

    u32 word_ = 0;
};

}  // namespace exo::sync
