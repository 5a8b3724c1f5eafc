// The address of a list of pieces does not matter where the list is empty.
#include "check.h"

#include <sys/socket.h>
#include <sys/uio.h>

int main(void) {
    const struct iovec* places[] = {NULL, (struct iovec*)KERNEL_ADDRESS, (struct iovec*)-2, (struct iovec*)8};
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
        int s[2];
        OK(socketpair(AF_UNIX, types[t] | SOCK_NONBLOCK, 0, s));
        for (size_t p = 0; p < ARRAY_SIZE(places); p++) {
            struct msghdr message = {.msg_iov = (struct iovec*)places[p]};
            FAILS(EAGAIN, syscall(SYS_recvmsg, s[0], &message, 0));
            IS(0, syscall(SYS_sendmsg, s[1], &message, 0));
            SAY("%ld", syscall(SYS_recvmsg, s[0], &message, 0));
            message.msg_iovlen = 1;
            FAILS(EFAULT, syscall(SYS_sendmsg, s[1], &message, 0));
            IS(0, syscall(SYS_readv, s[0], places[p], 0));
            IS(0, syscall(SYS_writev, s[1], places[p], 0));
        }
        close(s[0]), close(s[1]);
    }
    int ends[2];
    OK(pipe(ends));
    for (size_t p = 0; p < ARRAY_SIZE(places); p++) {
        IS(0, syscall(SYS_readv, ends[0], places[p], 0));
        IS(0, syscall(SYS_writev, ends[1], places[p], 0));
        IS(0, syscall(SYS_vmsplice, ends[1], places[p], 0, 0));
    }
    return done();
}
