// A byte there and back again over a socket.
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int near = -1, problem;
static pid_t echo;

static void serve(int far) {
    char byte;
    close(near);
    while (CALL3(SYS_read, far, &byte, 1) == 1) {
        ++byte;
        CALL3(SYS_write, far, &byte, 1);
    }
    _exit(0);
}
static void stop(void) {
    int status = -1;
    if (near < 0) return;
    close(near);
    REQUIRE(waitpid(echo, &status, 0) == echo && status == 0);
}
static enum Proof prove(void) {
    char byte = 'a';
    if (near < 0) {
        errno = problem;
        return lacking("socket");
    }
    REQUIRE(write(near, &byte, 1) == 1 && read(near, &byte, 1) == 1 && byte == 'b');
    return PROVED;
}
static void run(long count) {
    char byte = 0;
    while (count--) {
        CALL3(SYS_write, near, &byte, 1);
        CALL3(SYS_read, near, &byte, 1);
    }
}

static void start_unix(void) {
    int pair[2];
    near = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
        problem = errno;
        return;
    }
    near = pair[0];
    REQUIRE((echo = fork()) >= 0);
    if (echo == 0) serve(pair[1]);
    close(pair[1]);
}

static void bring_up_loopback(int socket) {
    struct ifreq request = {.ifr_flags = IFF_UP};
    strcpy(request.ifr_name, "lo");
    REQUIRE(ioctl(socket, SIOCSIFFLAGS, &request) == 0);
}
static void start_tcp(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int one = 1;
    near = -1;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0) {
        problem = errno;
        return;
    }
    bring_up_loopback(listener);
    REQUIRE(bind(listener, (struct sockaddr*)&address, size) == 0 && listen(listener, 1) == 0);
    REQUIRE(getsockname(listener, (struct sockaddr*)&address, &size) == 0);
    REQUIRE((near = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
    REQUIRE(connect(near, (struct sockaddr*)&address, size) == 0);
    const int far = accept(listener, NULL, NULL);
    REQUIRE(far >= 0 && close(listener) == 0);
    REQUIRE(setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
    REQUIRE(setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
    REQUIRE((echo = fork()) >= 0);
    if (echo == 0) serve(far);
    close(far);
}

// A descriptor sent over a pair of sockets, received, and closed.
static int pair[2];
static long pass(void) {
    char byte = 'd';
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {
        .head = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec data = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    memcpy(CMSG_DATA(&control.head), &pair[0], sizeof(int));
    CALL3(SYS_sendmsg, pair[0], &message, 0);
    message.msg_controllen = sizeof control;
    CALL3(SYS_recvmsg, pair[1], &message, 0);
    int passed = -1;
    memcpy(&passed, CMSG_DATA(&control.head), sizeof passed);
    return CALL1(SYS_close, passed);
}
static void start_passing(void) {
    near = socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    problem = errno;
}
static void stop_passing(void) {
    if (near == 0) close(pair[0]), close(pair[1]);
}
static enum Proof prove_passing(void) {
    if (near < 0) {
        errno = problem;
        return lacking("socket");
    }
    REQUIRE(pass() == 0);
    return PROVED;
}
static void run_passing(long count) {
    while (count--) pass();
}

const struct Operation socket_operations[] = {
    {"unix_pingpong", 300, start_unix, prove, run, stop, NULL},
    {"pass_descriptor", 500, start_passing, prove_passing, run_passing, stop_passing, NULL},
    {"tcp_pingpong", 200, start_tcp, prove, run, stop, NULL},
    {NULL},
};
