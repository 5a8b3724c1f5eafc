// The system calls of read_write.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/fcntl.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Answer<Size> sys_read(Context&, Readable fd, OutBytes<2> buffer, Size size);
Answer<Size> sys_write(Context&, Writable fd, InBytes<2> buffer, Size size);
Answer<Size> sys_pread64(Context&, Readable fd, OutBytes<2> buffer, Size size, FileOffset offset);
Answer<Size> sys_pwrite64(Context&, Writable fd, InBytes<2> buffer, Size size, FileOffset offset);
Answer<Size> sys_readv(Context&, Readable fd, OutVectors<2> vectors, Count count);
Answer<Size> sys_writev(Context&, Writable fd, InVectors<2> vectors, Count count);
Answer<Size> sys_preadv(Context&, Readable fd, OutVectors<2> vectors, Count count, FileOffset offset);
Answer<Size> sys_pwritev(Context&, Writable fd, InVectors<2> vectors, Count count, FileOffset offset);
Answer<Size> sys_preadv2(Context&, Readable fd, OutVectors<2> vectors, Count count, FileOffset offset,
                         FileOffset, abi::ReadWriteFlags flags);
Answer<Size> sys_pwritev2(Context&, Writable fd, InVectors<2> vectors, Count count, FileOffset offset,
                          FileOffset, abi::ReadWriteFlags flags);
Answer<FilePosition> sys_lseek(Context&, Seekable fd, FileOffset offset, abi::SeekWhence whence);
Answer<Size> sys_sendfile(Context&, Writable out_fd, Readable in_fd, OrNull<vm::UserInOut<FileOffset>> offset,
                          Size size);
Result<> sys_fsync(Context&, Descriptor fd);
Result<> sys_sync(Context&);
Result<> sys_syncfs(Context&, Descriptor fd);
Result<> sys_sync_file_range(Context&, Descriptor fd, FileOffset offset, FileOffset length,
                             abi::SyncRangeFlags flags);
Answer<Size> sys_readahead(Context&, Readable fd, FileOffset offset, Size size);
Result<> sys_ftruncate(Context&, Writable fd, FileOffset size);
Result<> sys_fallocate(Context&, Writable fd, abi::FallocateMode mode, FileOffset offset, FileOffset length);
Result<> sys_fadvise64(Context&, Seekable fd, FileOffset, FileOffset length, abi::FileAdvice advice);

inline constexpr syscall::Family READ_WRITE_FAMILY{"read_write", "kernel/posix_x/files/read_write.cpp"};
inline constexpr syscall::Call READ_WRITE_CALLS[] = {
    call<sys_read>(0, "read", READ_WRITE_FAMILY),
    call<sys_write>(1, "write", READ_WRITE_FAMILY),
    call<sys_lseek>(8, "lseek", READ_WRITE_FAMILY),
    call<sys_pread64>(17, "pread64", READ_WRITE_FAMILY),
    call<sys_pwrite64>(18, "pwrite64", READ_WRITE_FAMILY),
    call<sys_readv>(19, "readv", READ_WRITE_FAMILY),
    call<sys_writev>(20, "writev", READ_WRITE_FAMILY),
    call<sys_sendfile>(40, "sendfile", READ_WRITE_FAMILY),
    call<sys_fsync>(74, "fsync", READ_WRITE_FAMILY),
    call<sys_fsync>(75, "fdatasync", READ_WRITE_FAMILY),
    call<sys_ftruncate>(77, "ftruncate", READ_WRITE_FAMILY),
    call<sys_sync>(162, "sync", READ_WRITE_FAMILY),
    call<sys_readahead>(187, "readahead", READ_WRITE_FAMILY),
    call<sys_fadvise64>(221, "fadvise64", READ_WRITE_FAMILY),
    call<sys_sync_file_range>(277, "sync_file_range", READ_WRITE_FAMILY),
    call<sys_fallocate>(285, "fallocate", READ_WRITE_FAMILY),
    call<sys_preadv>(295, "preadv", READ_WRITE_FAMILY),
    call<sys_pwritev>(296, "pwritev", READ_WRITE_FAMILY),
    call<sys_syncfs>(306, "syncfs", READ_WRITE_FAMILY),
    call<sys_preadv2>(327, "preadv2", READ_WRITE_FAMILY),
    call<sys_pwritev2>(328, "pwritev2", READ_WRITE_FAMILY),
};

}  // namespace exo::posix_x
