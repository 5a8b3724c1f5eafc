// The system calls of poll.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/poll.hpp"
#include "abi/linux/time.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using PollEntries = InOutArray<abi::pollfd, 1>;

Answer<Count> sys_poll(Context&, PollEntries entries, Count32 count, Milliseconds milliseconds);
Answer<Count> sys_ppoll(Context&, PollEntries entries, Count32 count,
                        OrNull<vm::UserInOut<abi::timespec>> timeout, OrNull<vm::UserIn<SignalMask>> mask,
                        SignalSetSize mask_size);

inline constexpr syscall::Family POLL_FAMILY{"poll", "kernel/posix_x/polling/poll.cpp"};
inline constexpr syscall::Call POLL_CALLS[] = {
    call<sys_poll>(7, "poll", POLL_FAMILY),
    call<sys_ppoll>(271, "ppoll", POLL_FAMILY),
};

}  // namespace exo::posix_x
