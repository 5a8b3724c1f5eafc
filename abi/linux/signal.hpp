// Linux signal calls: structures and choices of rt_sigaction(2), rt_sigprocmask(2), x86-64
// (include/uapi/asm-generic/signal-defs.h, arch/x86/include/uapi/asm/signal.h).
#pragma once

#include <cstdint>

namespace exo::abi {

/// rt_sigprocmask's first argument.
enum class MaskChange : std::int32_t { Block = 0, Unblock = 1, Set = 2 };

/// What the kernel's sigaction is on x86-64; sigset_t is the word of `mask`.
struct kernel_sigaction {
    std::uint64_t handler;
    std::uint64_t flags;
    std::uint64_t restorer;
    std::uint64_t mask;
};
static_assert(sizeof(kernel_sigaction) == 32);

}  // namespace exo::abi
