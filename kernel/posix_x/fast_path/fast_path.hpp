// The short routes (arch/x86_64/entry.S, exo_syscall_entry): interrupts are off, nothing sleeps, allocates or logs, and a
// page that is not there is not faulted in. Whatever is unusual is declined before any effect, and the full path does it.
// posix_x/call_table.cpp puts each handler beside the full route of its call.
#pragma once

#include "abi/linux/epoll.hpp"
#include "abi/linux/fcntl.hpp"
#include "abi/linux/signal.hpp"
#include "abi/linux/time.hpp"
#include "memory/layout.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using syscall::FastAnswer;

/// The answer of a handler that leaves the call to the full path.
inline constexpr std::nullopt_t DECLINED = std::nullopt;

/// Copies of whole values that lie within a page, so that they are made whole or not at all. False: not made.
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
