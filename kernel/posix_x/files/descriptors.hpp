// The system calls of descriptors.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/fcntl.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

/// LINUX: O_NOTIFICATION_PIPE requests a pipe with notifications about keys. The flag is known, but this
/// kernel has no such notifications.
inline constexpr abi::OpenFlags NOTIFICATION_PIPE = abi::OpenFlags::Excl;
using PipeFlags =
    Known<abi::OpenFlags::Cloexec | abi::OpenFlags::Nonblock | abi::OpenFlags::Direct | NOTIFICATION_PIPE>;

using OpenedPath = PathOf<PathUse::Opened>;

using KnownEventFlags =
    Known<abi::EventFlags::Semaphore | abi::EventFlags::Nonblock | abi::EventFlags::Cloexec>;

using PipeNumbersOut = FixedArray<NewDescriptor, Direction::Out, 2>;

Answer<NewDescriptor> sys_open(Context&, OpenedPath path, abi::OpenFlags flags, Mode mode);
Answer<NewDescriptor> sys_openat(Context&, Start directory, OpenedPath path, abi::OpenFlags flags, Mode mode);
Answer<NewDescriptor> sys_creat(Context&, OpenedPath path, Mode mode);
Result<> sys_close(Context&, Descriptor fd);
Result<> sys_close_range(Context&, DescriptorNumber first_number, DescriptorNumber last_number,
                         Known<abi::CloseRangeFlags::Unshare | abi::CloseRangeFlags::Cloexec> given);
Answer<NewDescriptor> sys_dup(Context&, Descriptor fd);
Answer<DescriptorNumber> sys_dup2(Context&, Descriptor from, DescriptorNumber to);
Answer<DescriptorNumber> sys_dup3(Context&, Descriptor from, DescriptorNumber to,
                                  Known<abi::OpenFlags::Cloexec> given);
Result<> sys_pipe2(Context&, PipeNumbersOut out, PipeFlags given);
Result<> sys_pipe(Context& context, PipeNumbersOut out);
Answer<NewDescriptor> sys_eventfd2(Context&, Count32 initial, KnownEventFlags given);
Answer<NewDescriptor> sys_eventfd(Context& context, Count32 initial);

inline constexpr syscall::Family DESCRIPTORS_FAMILY{"descriptors", "kernel/posix_x/files/descriptors.cpp"};
inline constexpr syscall::Call DESCRIPTORS_CALLS[] = {
    call<sys_open>(2, "open", DESCRIPTORS_FAMILY),
    call<sys_close>(3, "close", DESCRIPTORS_FAMILY),
    call<sys_pipe>(22, "pipe", DESCRIPTORS_FAMILY),
    call<sys_dup>(32, "dup", DESCRIPTORS_FAMILY),
    call<sys_dup2>(33, "dup2", DESCRIPTORS_FAMILY),
    call<sys_creat>(85, "creat", DESCRIPTORS_FAMILY),
    call<sys_openat>(257, "openat", DESCRIPTORS_FAMILY),
    call<sys_eventfd>(284, "eventfd", DESCRIPTORS_FAMILY),
    call<sys_eventfd2>(290, "eventfd2", DESCRIPTORS_FAMILY),
    call<sys_dup3>(292, "dup3", DESCRIPTORS_FAMILY),
    call<sys_pipe2>(293, "pipe2", DESCRIPTORS_FAMILY),
    call<sys_close_range>(436, "close_range", DESCRIPTORS_FAMILY),
};

}  // namespace exo::posix_x
