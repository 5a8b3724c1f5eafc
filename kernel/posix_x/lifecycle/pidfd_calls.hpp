// The system calls of pidfd_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/pidfd.hpp"
#include "abi/linux/signal_frame.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Answer<NewDescriptor> sys_pidfd_open(Context&, PidOf<PidUse::Process> pid,
                                     Known<abi::PidfdFlags::Nonblock> flags);
Result<> sys_pidfd_send_signal(Context&, Descriptor pidfd, SignalOrNone number,
                               OrNull<vm::UserIn<abi::siginfo>> in, Known<abi::NoPidfdFlags::None> flags);
Answer<NewDescriptor> sys_pidfd_getfd(Context&, Descriptor pidfd, DescriptorNumber target,
                                      Known<abi::NoPidfdFlags::None> flags);

inline constexpr syscall::Family PIDFD_FAMILY{"pidfd_calls", "kernel/posix_x/lifecycle/pidfd_calls.cpp"};
inline constexpr syscall::Call PIDFD_CALLS[] = {
    call<sys_pidfd_send_signal>(424, "pidfd_send_signal", PIDFD_FAMILY),
    call<sys_pidfd_open>(434, "pidfd_open", PIDFD_FAMILY),
    call<sys_pidfd_getfd>(438, "pidfd_getfd", PIDFD_FAMILY),
};

}  // namespace exo::posix_x
