#include "posix_x/fast_path/fast_path.hpp"
#include "posix_x/process/task.hpp"
#include "posix_x/signal/signal_mask.hpp"
#include "syscall/syscall.hpp"

namespace exo::posix_x {

namespace {

/// The new mask is read before the old one is written: they may lie in the same place.
u64 fast_rt_sigprocmask(u64 how, u64 in, u64 out, u64 set_size, u64, u64) {
    constexpr u64 BLOCK = 0;
    constexpr u64 UNBLOCK = 1;
    constexpr u64 SET = 2;
    if (set_size != sizeof(u64)) return DECLINED;
    Task& task = current_task();
    const SignalSet old = task.blocked;
    SignalSet next = old;
    if (in != 0) {
        u64 bits;
        if (static_cast<u32>(how) > SET || !fast_read(in, bits)) return DECLINED;
        const SignalSet set(bits);
        switch (static_cast<u32>(how)) {
            case BLOCK: next = old | set; break;
            case UNBLOCK: next = old & ~set; break;
            default: next = set; break;
        }
    }
    if (out != 0 && !fast_write(out, old.bits())) return DECLINED;
    if (in != 0) set_blocked_signals(task, next);
    return 0;
}

}  // namespace

Result<> register_fast_signal_calls() { return syscall::register_fast_path(14, &fast_rt_sigprocmask); }

}  // namespace exo::posix_x
