// WriteErrors: the errors of writing a file back. Every open file description reports each error once. LINUX:
// errseq_t.
#pragma once

#include <atomic>
#include <utility>

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::fs {

class WriteErrors {
  public:
    /// How many of the errors an open file description has reported.
    using Seen = u32;

    /// The value that a new open file description starts with. It is 0 if no program was told of the last
    /// error, so that the new description reports it. LINUX: errseq_sample.
    Seen sample() const {
        const u64 word = word_.load(std::memory_order_acquire);
        return (word & REPORTED) != 0 ? count_of(word) : 0;
    }
    void record(Error error) {
        u64 word = word_.load(std::memory_order_relaxed);
        // release: pairs with the acquire in check
        while (!word_.compare_exchange_weak(word, word_of(count_of(word) + 1, error),
                                            std::memory_order_release)) {
        }
    }
    /// Returns the last error if it came after `seen`, and updates `seen`.
    Result<> check(std::atomic<Seen>& seen) {
        // acquire: pairs with the release in record
        u64 word = word_.load(std::memory_order_acquire);
        const u64 reported = word | REPORTED;
        if (count_of(word) == seen.load(std::memory_order_relaxed)) return {};
        // The exchange fails only if a newer error was recorded, which nobody has reported yet.
        (void)word_.compare_exchange_strong(word, reported, std::memory_order_acquire);
        word = reported;
        // If two threads call this at the same time through one description, only one gets the error.
        if (seen.exchange(count_of(word), std::memory_order_relaxed) == count_of(word)) return {};
        return static_cast<Error>(word & 0xffff);
    }

  private:
    static_assert(sizeof(std::underlying_type_t<Error>) <= 2);
    /// Bits 0-15: the error. Bit 16: it was reported. Bits 32-63: the number of errors so far.
    static constexpr u64 REPORTED = 1ULL << 16;
    static Seen count_of(u64 word) { return static_cast<Seen>(word >> 32); }
    static u64 word_of(u32 count, Error error) { return u64{count} << 32 | static_cast<u64>(error); }

    std::atomic<u64> word_{REPORTED};
};

}  // namespace exo::fs
