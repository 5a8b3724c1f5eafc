// What the hosted build costs on this very processor, in core cycles. main.cpp times it; tools/exo/bench/host.py reads it.
//
// On standard output, one line for each round of each operation, the rounds of all operations mixed:
//   @@HOST name cycles      core cycles for one operation, what surrounds it subtracted
//   @@TICKS ticks           ticks of the time-stamp counter for one core cycle, in that round
#pragma once

#include <cstdio>
#include <cstdlib>

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::bench {

struct Operation {
    const char* name;
    u64 count;  // operations a round
    void (*run)(u64 count);
};

// The families. Each prepares what its operations need, once, before anything is timed, and proves that they work.
struct Family {
    void (*prepare)();
    const Operation* operations;  // the last has no name
};
extern const Family MEMORY_FAMILY, SCHEDULER_FAMILY, CALL_FAMILY, PATH_FAMILY;

/// The value, or the end of the program: a benchmark of something that failed is worth nothing.
template <class T> T must(Result<T> result, const char* what) {
    if (!result) {
        std::fprintf(stderr, "%s failed with error %u\n", what, static_cast<unsigned>(result.error()));
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}
inline void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "it should hold that %s\n", what);
    std::exit(1);
}
#define MUST(...) ::exo::bench::must((__VA_ARGS__), #__VA_ARGS__)
#define REQUIRE(...) ::exo::bench::require((__VA_ARGS__), #__VA_ARGS__)

/// The compiler can neither leave out how `value` came about nor foresee it.
template <class T> [[gnu::always_inline]] inline void keep(T& value) {
    if constexpr (std::is_scalar_v<T>)
        __asm__ volatile("" : "+r"(value)::"memory");
    else
        __asm__ volatile("" ::"r"(&value) : "memory");
}

}  // namespace exo::bench
