// The fast path of system calls (arch/x86_64/entry.S, exo_syscall_entry). Interrupts are off: a handler does
// not sleep, allocate or log, and does not fault pages in. A handler declines every unusual case before it
// has any effect; the full path then handles the call. posix_x/call_table.cpp lists both handlers of each
// call.
#pragma once

#include "abi/linux/epoll.hpp"
#include "abi/linux/fcntl.hpp"
#include "abi/linux/signal.hpp"
#include "abi/linux/time.hpp"
#include "memory/layout.hpp"
#include "posix_x/futex/futex_calls.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using syscall::FastAnswer;

/// The result of a handler that leaves the call to the full path.
inline constexpr std::nullopt_t DECLINED = std::nullopt;

/// Copies a whole value that lies within one page, so that the copy succeeds or fails as a whole. Returns
/// false if it failed.
template <class T> bool fast_read(u64 address, T& value) {
    return memory::is_user_range(address, sizeof(T)) && arch::copy_from_user(&value, address, sizeof(T)) == 0;
}
template <class T> bool fast_write(u64 address, const T& value) {
    return memory::is_user_range(address, sizeof(T)) && address % PAGE_SIZE <= PAGE_SIZE - sizeof(T) &&
           arch::copy_to_user(address, &value, sizeof(T)) == 0;
}

FastAnswer fast_lseek(Seekable fd, FileOffset offset, abi::SeekWhence whence);
FastAnswer fast_epoll_wait(Descriptor fd, OutArray<abi::epoll_event, 2> events, SignedCount most,
                           Milliseconds milliseconds);
FastAnswer fast_rt_sigprocmask(abi::MaskChange how, OrNull<vm::UserIn<SignalMask>> in,
                               OrNull<vm::UserOut<SignalMask>> out, SignalSetSize set_size);
FastAnswer fast_futex(Word word, Operation operation, WordValue value, Timeout timeout, Word second,
                      WordValue third);
FastAnswer fast_clock_gettime(abi::ClockId clock, vm::UserOut<abi::timespec> out);
FastAnswer fast_sched_yield();
FastAnswer fast_getpid();
FastAnswer fast_gettid();
FastAnswer fast_getppid();
FastAnswer fast_getuid();
FastAnswer fast_geteuid();
FastAnswer fast_getgid();
FastAnswer fast_getegid();

}  // namespace exo::posix_x
