// Descriptors and credentials in messages (SCM_RIGHTS, SCM_CREDENTIALS), sockets that carry each other, and bad control data.
#include "check.h"
#include "sockets.h"

static char control[4096] __attribute__((aligned(8)));

static long send_fds(int s, const int* fds, int count) {
    struct iovec piece = {"x", 1};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(4 * count)};
    struct cmsghdr* head = CMSG_FIRSTHDR(&message);
    *head =
        (struct cmsghdr){.cmsg_len = CMSG_LEN(4 * count), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(head), fds, 4 * count);
    return syscall(SYS_sendmsg, s, &message, MSG_NOSIGNAL);  // musl has a limit of its own
}

// The first descriptor that came, or -1; says what came.
static int receive(int s, size_t room, int flags, const char* what) {
    char text[16];
    int first = -1;
    struct iovec piece = {text, sizeof text};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
    memset(control, 0, sizeof control);
    const long size = recvmsg(s, &message, flags);
    SAY("%s: %ld bytes, flags %x, control %zu", what, size, message.msg_flags,
        (size_t)message.msg_controllen);
    for (size_t offset = 0; offset + sizeof(struct cmsghdr) <= message.msg_controllen;) {
        struct cmsghdr* head = (void*)(control + offset);
        if (head->cmsg_len < sizeof *head) break;
        offset += (head->cmsg_len + 7) / 8 * 8;
        SAY("  level %d type %d length %zu", head->cmsg_level, head->cmsg_type, (size_t)head->cmsg_len);
        if (head->cmsg_type == SCM_CREDENTIALS && head->cmsg_len == CMSG_LEN(sizeof(struct ucred))) {
            struct ucred who;
            memcpy(&who, CMSG_DATA(head), sizeof who);
            SAY("  pid %s uid %d gid %d",
                who.pid == getpid()    ? "own"
                : who.pid == getppid() ? "parent"
                : who.pid == 0         ? "none"
                                       : "other",
                who.uid, who.gid);
        }
        if (head->cmsg_type == SCM_RIGHTS)
            for (size_t i = 0; i < (head->cmsg_len - sizeof *head) / 4; i++) {
                int fd;
                memcpy(&fd, CMSG_DATA(head) + 4 * i, 4);
                SAY("  descriptor open %d, on exec %d", fcntl(fd, F_GETFD) >= 0, fcntl(fd, F_GETFD));
                if (first < 0)
                    first = fd;
                else
                    close(fd);
            }
    }
    return first;
}

static void descriptors(int type) {
    int s[2], ends[2], fds[300], got;
    char text[16];
    OK(socketpair(AF_UNIX, type, 0, s));
    OK(pipe(ends));
    IS(1, send_fds(s[0], ends, 2));
    close(ends[0]);
    got = receive(s[1], sizeof control, 0, "two");
    IS(2, write(ends[1], "hi", 2));
    IS(2, read(got, text, 16));
    close(got);
    IS(1, send_fds(s[0], &ends[1], 1));
    got = receive(s[1], sizeof control, MSG_PEEK | MSG_CMSG_CLOEXEC, "peeked");
    close(got);
    close(receive(s[1], sizeof control, MSG_CMSG_CLOEXEC, "taken"));
    fds[0] = fds[1] = fds[2] = ends[1];
    IS(1, send_fds(s[0], fds, 3));
    close(receive(s[1], CMSG_LEN(8), 0, "room for two"));
    IS(1, send_fds(s[0], fds, 3));
    receive(s[1], 0, 0, "no room");
    IS(1, send_fds(s[0], fds, 3));
    receive(s[1], 8, 0, "not even for a header");
    IS(1, send_fds(s[0], fds, 1));
    IS(1, read(s[1], text, 16));  // dropped
    FAILS(EBADF, send_fds(s[0], (int[]){99}, 1));
    FAILS(EBADF, send_fds(s[0], (int[]){-1}, 1));
    for (int i = 0; i < 300; i++) fds[i] = ends[1];
    FAILS(EINVAL, send_fds(s[0], fds, 254));
    IS(1, send_fds(s[0], fds, 253));
    const struct rlimit few = {20, 4096}, before = {1024, 4096};
    setrlimit(RLIMIT_NOFILE, &few);
    for (int i = 3; i < 20; i++)
        if (i != s[0] && i != s[1]) dup2(ends[1], i);
    close(19);
    receive(s[1], sizeof control, 0, "one descriptor left");
    setrlimit(RLIMIT_NOFILE, &before);
    for (int i = 3; i < 20; i++)
        if (i != s[0] && i != s[1]) close(i);
    // What is read together, and what is not.
    OK(pipe(ends));
    IS(2, write(s[0], "ab", 2));
    IS(1, send_fds(s[0], ends, 1));
    IS(2, write(s[0], "cd", 2));
    close(receive(s[1], sizeof control, 0, "first read"));
    close(receive(s[1], sizeof control, MSG_DONTWAIT, "second read"));
    close(receive(s[1], sizeof control, MSG_DONTWAIT, "third read"));
    // Who peeks into a stream and has no room left looks on, up to the first descriptors.
    IS(16, write(s[0], "0123456789abcdef", 16));
    IS(1, write(s[0], "g", 1));
    IS(1, send_fds(s[0], ends, 2));
    IS(1, send_fds(s[0], ends, 1));
    close(receive(s[1], sizeof control, MSG_PEEK, "peeked at more than fits"));
    receive(s[1], 0, MSG_PEEK | MSG_WAITALL, "without room for control data");
    close(receive(s[1], sizeof control, 0, "read"));
    close(receive(s[1], sizeof control, MSG_PEEK, "peeked at all that fits"));
    while (recv(s[1], text, sizeof text, MSG_DONTWAIT) > 0) {
    }
    close(s[0]), close(s[1]), close(ends[0]), close(ends[1]);
}

static long send_credentials(int s, pid_t pid, uid_t uid, gid_t gid) {
    struct iovec piece = {"c", 1};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(12)};
    struct cmsghdr* head = CMSG_FIRSTHDR(&message);
    const struct ucred who = {pid, uid, gid};
    *head =
        (struct cmsghdr){.cmsg_len = CMSG_LEN(12), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS};
    memcpy(CMSG_DATA(head), &who, sizeof who);
    return sendmsg(s, &message, 0);
}

static void credentials(int type) {
    int s[2], on = 1;
    OK(socketpair(AF_UNIX, type, 0, s));
    IS(1, write(s[0], "a", 1));
    OK(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    receive(s[1], sizeof control, 0, "sent before they were wanted");
    IS(1, write(s[0], "b", 1));
    receive(s[1], sizeof control, 0, "wanted");
    IS(1, write(s[0], "b", 1));
    receive(s[1], CMSG_LEN(4), 0, "cut off");
    IS(1, send_credentials(s[0], getpid(), 0, 0));
    receive(s[1], sizeof control, 0, "own");
    IS(1, send_credentials(s[0], getppid(), 7, 8));
    receive(s[1], sizeof control, 0, "another's, by root");
    FAILS(ESRCH, send_credentials(s[0], 99999, 0, 0));
    FAILS(EINVAL, send_credentials(s[0], getpid(), -1, 0));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EPERM, send_credentials(s[0], getppid(), 1000, 1000));
          FAILS(EPERM, send_credentials(s[0], getpid(), 0, 1000));
          FAILS(EPERM, send_credentials(s[0], getpid(), 1000, 0));
          IS(1, send_credentials(s[0], getpid(), 1000, 1000)); receive(s[1], sizeof control, 0, "a user's"));
    if (type == SOCK_STREAM) {
        receive(s[1], sizeof control, MSG_DONTWAIT, "nothing has come");
        struct ucred who = {-1, -1, -1};
        memcpy(&who, control + sizeof(struct cmsghdr), sizeof who);
        SAY("pid %d uid %d gid %d", who.pid, who.uid, who.gid);
        IS(1, write(s[0], "f", 1));
        struct iovec nowhere = {(void*)8, 1};
        struct msghdr message = {
            .msg_iov = &nowhere, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        memset(control, 0, sizeof control);
        FAILS(EFAULT, recvmsg(s[1], &message, 0));
        memcpy(&who, control + sizeof(struct cmsghdr), sizeof who);
        TRUE(who.pid == getpid());
        receive(s[1], sizeof control, 0, "with a place to go to");
    }
    // A stream's bytes of two senders are not read together where the reader wants to know them.
    IS(1, write(s[0], "p", 1));
    CHILD("exit 0", write(s[0], "c", 1));
    receive(s[1], sizeof control, MSG_DONTWAIT, "first sender");
    receive(s[1], sizeof control, MSG_DONTWAIT, "second sender");
    shutdown(s[0], SHUT_WR);
    receive(s[1], sizeof control, MSG_DONTWAIT, "the end");
    receive(s[1], 0, MSG_DONTWAIT, "the end, without room");
    close(s[0]), close(s[1]);
}

static void bad_control(void) {
    int s[2];
    struct iovec piece = {"x", 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control};
    struct cmsghdr* head = (void*)control;
    OK(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
    *head = (struct cmsghdr){.cmsg_len = 8, .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    message.msg_controllen = 24;
    FAILS(EINVAL, syscall(SYS_sendmsg, s[0], &message, 0));
    head->cmsg_len = 100;
    FAILS(EINVAL, syscall(SYS_sendmsg, s[0], &message, 0));
    head->cmsg_len = 20;
    head->cmsg_type = 77;
    FAILS(EINVAL, syscall(SYS_sendmsg, s[0], &message, 0));
    head->cmsg_level = 99;
    IS(1, syscall(SYS_sendmsg, s[0], &message, 0));
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = 16;
    IS(1, syscall(SYS_sendmsg, s[0], &message, 0));
    message.msg_controllen = 8;
    IS(1, syscall(SYS_sendmsg, s[0], &message, 0));
    message.msg_control = (void*)8;
    message.msg_controllen = 24;
    FAILS(EFAULT, syscall(SYS_sendmsg, s[0], &message, 0));
    message.msg_controllen = 1 << 20;
    FAILS(ENOBUFS, syscall(SYS_sendmsg, s[0], &message, 0));
    message.msg_controllen = 0;
    message.msg_iovlen = 1025;
    FAILS(EMSGSIZE, syscall(SYS_sendmsg, s[0], &message, 0));
    message.msg_iovlen = 1;
    FAILS(EINVAL, syscall(SYS_sendmsg, s[0], &message, (int)0x80000000));
    FAILS(EFAULT, syscall(SYS_sendmsg, s[0], (void*)8, 0));
    FAILS(EFAULT, syscall(SYS_recvmsg, s[0], (void*)8, 0));
    message.msg_name = control;
    message.msg_namelen = -1;
    FAILS(EINVAL, syscall(SYS_sendmsg, s[0], &message, 0));
}

// Sockets that carry themselves and each other: closing them gives everything back, which later rounds need.
static void circles(void) {
    const struct rlimit few = {64, 64};
    setrlimit(RLIMIT_NOFILE, &few);
    CHILD(
        "exit 0", become_user(1000, 1000); for (int round = 0; round < 500; round++) {
            int a[2], b[2];
            TRUE(socketpair(AF_UNIX, round & 1 ? SOCK_DGRAM : SOCK_STREAM, 0, a) == 0);
            TRUE(socketpair(AF_UNIX, SOCK_STREAM, 0, b) == 0);
            TRUE(send_fds(a[0], &a[1], 1) == 1);  // in its own queue
            TRUE(send_fds(a[0], &b[1], 1) == 1);
            TRUE(send_fds(b[0], &a[1], 1) == 1);  // and in a circle of two
            close(a[0]), close(a[1]), close(b[0]), close(b[1]);
            if (check_failures) break;
        });
    // One that a socket outside still holds is spared: its message can be received.
    int outside[2], inside[2], got;
    OK(socketpair(AF_UNIX, SOCK_STREAM, 0, outside));
    OK(socketpair(AF_UNIX, SOCK_STREAM, 0, inside));
    IS(1, send_fds(inside[0], &inside[1], 1));
    IS(1, send_fds(outside[0], &inside[1], 1));
    close(inside[0]), close(inside[1]);
    close(socket(AF_UNIX, SOCK_STREAM, 0));
    got = receive(outside[1], sizeof control, 0, "from outside");
    close(receive(got, sizeof control, 0, "from inside"));
    close(got);
    // A long chain, each in the queue of the next, goes in one close.
    int next = -1;
    for (int i = 0; i < 3000; i++) {
        int link[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, link)) break;
        if (next >= 0 && send_fds(link[0], &next, 1) != 1) break;
        close(link[0]);
        if (next >= 0) close(next);
        next = link[1];
    }
    OK(close(next));
    // More than the user may have in flight.
    CHILD("exit 0", become_user(1000, 1000); int s[2], fds[253]; socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
          for (int i = 0; i < 253; i++) fds[i] = s[0]; IS(1, send_fds(s[0], fds, 60));
          IS(1, send_fds(s[0], fds, 60)); FAILS(ETOOMANYREFS, send_fds(s[0], fds, 60)));
}

int main(void) {
    descriptors(SOCK_STREAM);
    descriptors(SOCK_DGRAM);
    credentials(SOCK_STREAM);
    credentials(SOCK_SEQPACKET);
    bad_control();
    circles();
    return done();
}
