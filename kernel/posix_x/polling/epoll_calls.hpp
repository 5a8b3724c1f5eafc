// The system calls of epoll_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/epoll.hpp"
#include "abi/linux/time.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using EpollEventsOut = OutArray<abi::epoll_event, 2>;

Answer<NewDescriptor> sys_epoll_create(Context&, SignedCount size);
Answer<NewDescriptor> sys_epoll_create1(Context&, Known<abi::EpollCreateFlags::Cloexec> flags);
Result<> sys_epoll_ctl(Context&, Descriptor epoll, abi::EpollOperation operation, Descriptor target,
                       OrNull<vm::UserIn<abi::epoll_event>> event);
Answer<Count> sys_epoll_wait(Context&, Descriptor epoll, EpollEventsOut events, SignedCount most,
                             Milliseconds milliseconds);
Answer<Count> sys_epoll_pwait(Context&, Descriptor epoll, EpollEventsOut events, SignedCount most,
                              Milliseconds milliseconds, OrNull<vm::UserIn<SignalMask>> mask,
                              SignalSetSize mask_size);
Answer<Count> sys_epoll_pwait2(Context&, Descriptor epoll, EpollEventsOut events, SignedCount most,
                               OrNull<vm::UserIn<abi::timespec>> timeout, OrNull<vm::UserIn<SignalMask>> mask,
                               SignalSetSize mask_size);

inline constexpr syscall::Family EPOLL_FAMILY{"epoll_calls", "kernel/posix_x/polling/epoll_calls.cpp"};
inline constexpr syscall::Call EPOLL_CALLS[] = {
    call<sys_epoll_create>(213, "epoll_create", EPOLL_FAMILY),
    call<sys_epoll_wait>(232, "epoll_wait", EPOLL_FAMILY),
    call<sys_epoll_ctl>(233, "epoll_ctl", EPOLL_FAMILY),
    call<sys_epoll_pwait>(281, "epoll_pwait", EPOLL_FAMILY),
    call<sys_epoll_create1>(291, "epoll_create1", EPOLL_FAMILY),
    call<sys_epoll_pwait2>(441, "epoll_pwait2", EPOLL_FAMILY),
};

}  // namespace exo::posix_x
