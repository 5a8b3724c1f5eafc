// WriteErrors: the errors of writing a file back, each of which every open file description reports once. LINUX: errseq_t.
#pragma once

#include <atomic>
#include <utility>

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::fs {

class WriteErrors {
  public:
    /// What an open file description has seen.
    using Seen = u32;

    /// A program may have been told of none, so the next to open the file is told too. LINUX: errseq_sample.
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
    /// The last error, if there has been one since `seen`, which is brought up to date.
    Result<> check(std::atomic<Seen>& seen) {
        // acquire: pairs with the release in record
        u64 word = word_.load(std::memory_order_acquire);
        const u64 reported = word | REPORTED;
        if (count_of(word) == seen.load(std::memory_order_relaxed)) return {};
        // Where this fails there is a newer error, which nobody has reported.
        (void)word_.compare_exchange_strong(word, reported, std::memory_order_acquire);
        word = reported;
        // Of two that ask at the same time through one description, one is told.
        if (seen.exchange(count_of(word), std::memory_order_relaxed) == count_of(word)) return {};
        return static_cast<Error>(word & 0xffff);
    }

  private:
    static_assert(sizeof(std::underlying_type_t<Error>) <= 2);
    /// Bits 0-15 the error, 16 whether it was reported, 32-63 how many there were.
    static constexpr u64 REPORTED = 1ULL << 16;
    static Seen count_of(u64 word) { return static_cast<Seen>(word >> 32); }
    static u64 word_of(u32 count, Error error) { return u64{count} << 32 | static_cast<u64>(error); }

    std::atomic<u64> word_{REPORTED};
};

}  // namespace exo::fs
