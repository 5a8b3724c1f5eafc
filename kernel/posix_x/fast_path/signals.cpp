#include "posix_x/fast_path/fast_path.hpp"
#include "posix_x/process/process.hpp"
#include "posix_x/signal/signal_mask.hpp"

namespace exo::posix_x {

/// The new mask is read before the old one is written, because both may be at the same address.
FastAnswer fast_rt_sigprocmask(abi::MaskChange how, OrNull<vm::UserIn<SignalMask>> in,
                               OrNull<vm::UserOut<SignalMask>> out, SignalSetSize set_size) {
    if (set_size != sizeof(u64)) return DECLINED;
    Task& task = current_task();
    const SignalSet old = task.blocked();
    SignalSet next = old;
    if (!in.is_null()) {
        u64 bits;
        if (!fast_read(in.address(), bits)) return DECLINED;
        const SignalSet set(bits);
        switch (how) {
            case abi::MaskChange::Block: next = old | set; break;
            case abi::MaskChange::Unblock: next = old & ~set; break;
            case abi::MaskChange::Set: next = set; break;
            default: return DECLINED;
        }
    }
    if (!out.is_null() && !fast_write(out.address(), old.bits())) return DECLINED;
    if (!in.is_null()) set_blocked_signals(task, next);
    return 0;
}

}  // namespace exo::posix_x
