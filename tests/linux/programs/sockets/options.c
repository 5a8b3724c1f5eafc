// getsockopt and setsockopt of Unix sockets (socket(7)), time limits, and messages by the dozen.
#include "check.h"
#include "sockets.h"

static void show(int s, int option, const char* name) {
    int words[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
    socklen_t size = sizeof words;
    if (getsockopt(s, SOL_SOCKET, option, words, &size) == 0)
        SAY("%s: %d bytes, %d %d", name, (int)size, words[0], words[1]);
    else
        SAY("%s: %s", name, error_name(errno));
}
#define SHOW(option) show(s, option, #option)

static void number(int s, int option, const char* name, int value) {
    SAY("%s = %d: %s", name, value,
        setsockopt(s, SOL_SOCKET, option, &value, sizeof value) ? error_name(errno) : "ok");
    show(s, option, name);
}
#define NUMBER(option, value) number(s, option, #option, value)

static void options(void) {
    int s = OK(socket(AF_UNIX, SOCK_STREAM, 0)), one = 1, word = 0;
    SHOW(SO_TYPE), SHOW(SO_DOMAIN), SHOW(SO_PROTOCOL), SHOW(SO_ERROR), SHOW(SO_ACCEPTCONN), SHOW(SO_SNDBUF),
        SHOW(SO_RCVBUF);
    SHOW(SO_LINGER), SHOW(SO_PEERSEC), SHOW(SO_RCVLOWAT), SHOW(SO_SNDLOWAT), SHOW(SO_PASSCRED),
        SHOW(SO_PRIORITY);
    struct ucred peer = {1, 1, 1};
    socklen_t size = sizeof peer;
    OK(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &peer, &size));
    SAY("no peer: %d %d %d", peer.pid, (int)peer.uid, (int)peer.gid);
    NUMBER(SO_SNDBUF, 0), NUMBER(SO_SNDBUF, 5000), NUMBER(SO_SNDBUF, 10000000), NUMBER(SO_SNDBUF, -1);
    NUMBER(SO_RCVBUF, 0), NUMBER(SO_RCVBUF, 5000), NUMBER(SO_RCVBUF, 10000000);
    NUMBER(SO_REUSEADDR, 5), NUMBER(SO_REUSEADDR, 0), NUMBER(SO_REUSEPORT, 1), NUMBER(SO_KEEPALIVE, 1),
        NUMBER(SO_BROADCAST, 1);
    NUMBER(SO_OOBINLINE, 1), NUMBER(SO_DONTROUTE, 1), NUMBER(SO_PASSCRED, 1), NUMBER(SO_PRIORITY, 6),
        NUMBER(SO_RCVLOWAT, 0);
    NUMBER(SO_RCVLOWAT, -4), NUMBER(SO_TYPE, 1), NUMBER(SO_ERROR, 1), NUMBER(SO_SNDLOWAT, 1),
        NUMBER(SO_PEERCRED, 1);
    FAILS(EINVAL, setsockopt(s, SOL_SOCKET, SO_SNDBUF, &one, 3));
    FAILS(EFAULT, setsockopt(s, SOL_SOCKET, SO_SNDBUF, (void*)8, 4));
    FAILS(EINVAL, setsockopt(s, SOL_SOCKET, SO_SNDBUF, &one, -1));
    FAILS(ENOPROTOOPT, setsockopt(s, SOL_SOCKET, 9999, &one, 4));
    FAILS(EOPNOTSUPP, setsockopt(s, 6, 1, &one, 4));
    FAILS(EOPNOTSUPP, getsockopt(s, 6, 1, &one, &size));
    FAILS(ENOPROTOOPT, getsockopt(s, SOL_SOCKET, 9999, &one, &size));
    size = -1;
    FAILS(EINVAL, getsockopt(s, SOL_SOCKET, SO_TYPE, &word, &size));
    size = 2;
    OK(getsockopt(s, SOL_SOCKET, SO_TYPE, &word, &size));
    SAY("two bytes of it: %d, %d", word, (int)size);
    FAILS(EFAULT, syscall(SYS_getsockopt, s, SOL_SOCKET, SO_TYPE, &word, 8));
    FAILS(EFAULT, syscall(SYS_getsockopt, s, SOL_SOCKET, SO_TYPE, 8, &(socklen_t){4}));
    FAILS(ENOTSOCK, setsockopt(pipe_end(), SOL_SOCKET, SO_SNDBUF, &one, 4));
    const struct linger wanted = {1, 30};
    OK(setsockopt(s, SOL_SOCKET, SO_LINGER, &wanted, sizeof wanted));
    SHOW(SO_LINGER);
    FAILS(EINVAL, setsockopt(s, SOL_SOCKET, SO_LINGER, &wanted, 4));
    CHILD("exit 0", become_user(1000, 1000); one = 7;
          FAILS(EPERM, setsockopt(s, SOL_SOCKET, SO_PRIORITY, &one, 4));
          FAILS(EPERM, setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &one, 4));
          FAILS(EACCES, setsockopt(s, SOL_SOCKET, SO_DEBUG, &one, 4)));
}

static void patience(int option, long seconds, long microseconds) {
    int s = OK(socket(AF_UNIX, SOCK_STREAM, 0));
    const struct timeval time = {seconds, microseconds};
    struct timeval back;
    socklen_t size = sizeof back;
    const int result = setsockopt(s, SOL_SOCKET, option, &time, sizeof time);
    const int error = errno;
    OK(getsockopt(s, SOL_SOCKET, option, &back, &size));
    SAY("%ld.%06ld: %s, %ld.%06ld", seconds, microseconds, result ? error_name(error) : "ok",
        (long)back.tv_sec, (long)back.tv_usec);
    close(s);
}

static void time_limits(void) {
    int s[2];
    char text[8];
    static char many[300000];
    OK(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
    patience(SO_RCVTIMEO, 0, 0), patience(SO_RCVTIMEO, 1, 1), patience(SO_SNDTIMEO, 0, 4000),
        patience(SO_SNDTIMEO, 0, 4001);
    patience(SO_RCVTIMEO, -1, 0), patience(SO_RCVTIMEO, 0, -1), patience(SO_RCVTIMEO, 0, 1000000);
    const struct timeval short_time = {0, 30000};
    OK(setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &short_time, sizeof short_time));
    FAILS(EAGAIN, recv(s[1], text, 8, 0));
    OK(setsockopt(s[0], SOL_SOCKET, SO_SNDTIMEO, &short_time, sizeof short_time));
    SAY("sent %ld", (long)send(s[0], many, sizeof many, 0));
    FAILS(EAGAIN, send(s[0], many, sizeof many, 0));
    // A signal ends a wait with a time limit even where its handler restarts calls.
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    int empty[2];
    OK(socketpair(AF_UNIX, SOCK_STREAM, 0, empty));
    const struct timeval long_time = {5, 0};
    OK(setsockopt(empty[1], SOL_SOCKET, SO_RCVTIMEO, &long_time, sizeof long_time));
    alarm_in_ms(30);
    FAILS(EINTR, recv(empty[1], text, 8, 0));
    pid_t sender = SPAWN(nap_ms(60); write(empty[0], "late", 4));
    OK(setsockopt(empty[1], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0, 0}, sizeof(struct timeval)));
    alarm_in_ms(20);
    IS(4, recv(empty[1], text, 8, 0));
    check_end(sender, "exit 0");
    sender = SPAWN(write(empty[0], "ab", 2); nap_ms(30); write(empty[0], "cd", 2));
    IS(4, recv(empty[1], text, 4, MSG_WAITALL));
    check_end(sender, "exit 0");
}

static void many_messages(void) {
    int s[2];
    OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
    char text[4][8] = {"one", "two", "three", ""};
    struct iovec pieces[4];
    struct mmsghdr messages[4];
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < 4; i++) {
        pieces[i] = (struct iovec){text[i], strlen(text[i])};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i], .msg_iovlen = 1};
    }
    IS(4, sendmmsg(s[0], messages, 4, 0));
    SAY("sent %d %d %d %d", messages[0].msg_len, messages[1].msg_len, messages[2].msg_len,
        messages[3].msg_len);
    for (int i = 0; i < 4; i++) pieces[i].iov_len = 4;
    IS(3, recvmmsg(s[1], messages, 3, 0, NULL));
    SAY("received %d %d %d", messages[0].msg_len, messages[1].msg_len, messages[2].msg_len);
    SAY("flags %x %x %x", messages[0].msg_hdr.msg_flags, messages[1].msg_hdr.msg_flags,
        messages[2].msg_hdr.msg_flags);
    IS(1, recvmmsg(s[1], messages, 4, MSG_WAITFORONE, NULL));
    FAILS(EAGAIN, recvmmsg(s[1], messages, 4, MSG_DONTWAIT, NULL));
    FAILS(EINVAL, recvmmsg(s[1], messages, 4, 0, &(struct timespec){-1, 0}));
    FAILS(EFAULT, syscall(SYS_sendmmsg, s[0], 8, 1, 0));
    IS(0, sendmmsg(s[0], messages, 0, 0));
    FAILS(EBADF, syscall(SYS_sendmmsg, 99, messages, 1, 0));
}

int main(void) {
    options();
    time_limits();
    many_messages();
    return done();
}
