// Lengths that wrap or exceed all memory.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600), null = open("/dev/null", O_RDWR),
        zero = open("/dev/zero", O_RDONLY), ends[2];
    char byte;
    pipe2(ends, O_NONBLOCK);
    write(fd, "12345", 5);
    lseek(fd, 0, SEEK_SET);
    IS(5, syscall(SYS_read, fd, before_hole(64), 0x7ffff000l));
    FAILS(EFAULT, syscall(SYS_read, fd, &byte, -1l));
    FAILS(EFAULT, syscall(SYS_write, fd, &byte, 1ul << 63));
    FAILS(EFAULT, syscall(SYS_write, fd, &byte, (1ul << 47)));
    IS(0x7ffff000, syscall(SYS_write, null, 4096, 0x7ffffffff000ul - 4096));
    FAILS(EFAULT, syscall(SYS_read, zero, KERNEL_ADDRESS, 0x1000000000));
    FAILS(EINVAL, syscall(SYS_poll, &byte, -1l, 0));
    FAILS(EINVAL, syscall(SYS_getdents64, open(".", O_RDONLY), &byte, 0));
    FAILS(EINVAL, syscall(SYS_readv, fd, &byte, 0x100000000l + 2000));
    FAILS(EINVAL, syscall(SYS_setgroups, 0x7fffffff, &byte));
    FAILS(ENOMEM, syscall(SYS_mmap, 0, -PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    FAILS(ENOMEM, syscall(SYS_mprotect, 0x1000, -PAGE - 0x1000, PROT_READ));
    FAILS(EINVAL, syscall(SYS_munmap, 0x1000, -PAGE));
    FAILS(EFAULT, syscall(SYS_mremap, 0x1000, -PAGE, PAGE, 0));
    FAILS(EINVAL, syscall(SYS_pwrite64, fd, "x", 1, 0x7fffffffffffffff));
    FAILS(EINVAL, syscall(SYS_pwrite64, fd, "x", 1, -1l));
    FAILS(EBADF, syscall(SYS_close, 0x7fffffff));
    FAILS(EBADF, syscall(SYS_dup2, 0, 0x7fffffff));
    return done();
}
