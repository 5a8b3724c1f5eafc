// Reproducible randomness for tests: a fixed seed, told in each failure by the operation that went wrong.
#pragma once

#include <random>

#include "utils/types.hpp"

namespace exo::test {

class Random {
  public:
    explicit Random(u64 seed = 1) : engine_(seed) {}
    u64 next() { return engine_(); }
    /// Uniform enough in [0, bound).
    usize below(usize bound) { return static_cast<usize>(engine_() % bound); }
    bool one_in(usize n) { return below(n) == 0; }
    u8 byte() { return static_cast<u8>(engine_() & 0xff); }

  private:
    std::mt19937_64 engine_;
};

}  // namespace exo::test
