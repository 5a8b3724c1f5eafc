// The first frame of a new thread; shared with the hosted build, like switch.S.
#include "arch/interface.hpp"

extern "C" void exo_thread_trampoline();

namespace exo::arch {

void prepare_context(ThreadContext& context, void* stack_top, void (*entry)(void*), void* argument) {
    // SAFETY: the window lies below stack_top, on a stack that nobody uses yet. It is 16-byte aligned when the
    // trampoline calls, as the System V ABI wants.
    auto* window = reinterpret_cast<u64*>(reinterpret_cast<u64>(stack_top) & ~15ULL) - 6;
    window[0] = window[1] = window[2] = 0;  // r15, r14, r13
    window[3] = reinterpret_cast<u64>(argument);
    window[4] = reinterpret_cast<u64>(entry);
    window[5] = 0;  // rbp ends a backtrace
    context.rsp = reinterpret_cast<u64>(window);
    context.rip = reinterpret_cast<u64>(&exo_thread_trampoline);
}

}  // namespace exo::arch
