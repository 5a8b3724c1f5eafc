// readv() and writev(): several pieces, empty ones, and what is wrong with them.
#include "check.h"

int main(void) {
    char a[4] = "", b[4] = "", c[8] = "";
    int fd = OK(open("file", O_CREAT | O_RDWR, 0644));
    struct iovec out[] = {{"one", 3}, {"", 0}, {NULL, 0}, {"two", 3}};
    IS(6, writev(fd, out, 4));
    IS(0, writev(fd, out, 0));
    lseek(fd, 0, SEEK_SET);
    struct iovec in[] = {{a, 2}, {b, 3}, {c, 7}};
    IS(6, readv(fd, in, 3));
    SAY("%s %s %s", a, b, c);
    FAILS(EINVAL, writev(fd, out, -1));
    FAILS(EINVAL, writev(fd, out, 1025));
    FAILS(EINVAL, readv(fd, in, 1025));
    FAILS(EBADF, readv(99, in, 1));
    FAILS(EBADF, writev(99, out, 1));
    FAILS(EFAULT, writev(fd, unmapped(), 1));
    FAILS(EFAULT, readv(fd, KERNEL_ADDRESS, 1));
    struct iovec negative[] = {{a, 1}, {b, -1}};
    FAILS(EINVAL, writev(fd, negative, 2));
    struct iovec half[] = {{"good", 4}, {unmapped(), 4}};
    IS(4, writev(fd, half, 2));
    struct iovec bad[] = {{unmapped(), 4}, {"good", 4}};
    FAILS(EFAULT, writev(fd, bad, 2));
    int only_read = OK(open("/proc/self/exe", O_RDONLY));
    FAILS(EFAULT, writev(only_read, unmapped(), 1));
    FAILS(EINVAL, syscall(SYS_writev, only_read, unmapped(), 2000));
    IS(0, syscall(SYS_readv, only_read, unmapped(), 1ul << 40));
    struct iovec nothing = {"", 0};
    FAILS(EBADF, writev(only_read, &nothing, 1));
    IS(0, readv(eventfd(3, 0), &nothing, 1));
    IS(0, writev(eventfd(3, 0), &nothing, 1));
    // An eventfd takes one piece at a time.
    uint64_t words[2] = {1, 2}, sum = 0;
    int event = OK(eventfd(0, EFD_NONBLOCK));
    struct iovec pieces[] = {{&words[0], 8}, {&words[1], 8}}, halves[] = {{words, 4}, {(char*)words + 4, 4}};
    IS(16, writev(event, pieces, 2));
    IS(8, read(event, &sum, 8));
    IS(3, sum);
    FAILS(EINVAL, writev(event, halves, 2));
    struct iovec long_one[] = {{words, 16}, {words, 8}}, empty_first[] = {{words, 0}, {words, 8}};
    IS(8, writev(event, long_one, 2));
    FAILS(EINVAL, writev(event, empty_first, 2));
    struct iovec second_bad[] = {{words, 8}, {unmapped(), 8}};
    IS(8, writev(event, second_bad, 2));
    IS(0, readv(only_read, KERNEL_ADDRESS, 0));
    return done();
}
