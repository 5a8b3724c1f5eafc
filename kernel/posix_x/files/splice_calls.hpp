// splice(2), tee(2), vmsplice(2), copy_file_range(2).
#pragma once

#include "abi/linux/splice.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using KnownSpliceFlags = Known<abi::SpliceFlags::Move | abi::SpliceFlags::Nonblock | abi::SpliceFlags::More |
                               abi::SpliceFlags::Gift>;
using OffsetInMemory = OrNull<vm::UserInOut<FileOffset>>;

Answer<Size> sys_splice(Context&, Readable in_fd, OffsetInMemory in_offset, Writable out_fd,
                        OffsetInMemory out_offset, Size size, KnownSpliceFlags flags);
Answer<Size> sys_tee(Context&, Readable in_fd, Writable out_fd, Size size, KnownSpliceFlags flags);
Answer<Size> sys_vmsplice(Context&, Descriptor fd, InVectors<2> vectors, Count count, KnownSpliceFlags flags);
Answer<Size> sys_copy_file_range(Context&, Readable in_fd, OffsetInMemory in_offset, Writable out_fd,
                                 OffsetInMemory out_offset, Size size, Number<Kind::Zero, u32> flags);

inline constexpr syscall::Family SPLICE_FAMILY{"splice_calls", "kernel/posix_x/files/splice_calls.cpp"};
inline constexpr syscall::Call SPLICE_CALLS[] = {
    call<sys_splice>(275, "splice", SPLICE_FAMILY),
    call<sys_tee>(276, "tee", SPLICE_FAMILY),
    call<sys_vmsplice>(278, "vmsplice", SPLICE_FAMILY),
    call<sys_copy_file_range>(326, "copy_file_range", SPLICE_FAMILY),
};

}  // namespace exo::posix_x
