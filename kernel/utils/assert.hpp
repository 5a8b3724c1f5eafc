// Assertions and the declaration of panic. The definition is in log/panic.cpp.
#pragma once

#include "utils/types.hpp"

namespace exo {

/// Prints a readable report through the log's sinks and stops the machine (hosted: aborts).
/// `message` must live for ever.
[[noreturn]] void panic(const char* message);
[[noreturn]] void assertion_failed(const char* expression, const char* file, u32 line);

}  // namespace exo

/// Checked in every build. Use it where continuing would corrupt memory.
#define ASSERT(expression)                                                 \
    do {                                                                   \
        if (!(expression)) [[unlikely]]                                    \
            ::exo::assertion_failed(#expression, __FILE_NAME__, __LINE__); \
    } while (false)

/// Checked only in debug and hosted builds, for hot paths.
#if defined(EXO_DEBUG)
#define DEBUG_ASSERT(expression) ASSERT(expression)
#else
#define DEBUG_ASSERT(expression)       \
    do {                               \
        if (false) (void)(expression); \
    } while (false)
#endif
