// Which of several errors comes first, and what sockets say that were shut, closed or never connected (unix(7), send(2), recv(2)).
#include "check.h"
#include "sockets.h"

static long send_control(int s, int fd, const char* name) {
    struct sockaddr_un address;
    char byte = 'x';
    struct iovec piece = {&byte, 1};
    char control[CMSG_SPACE(sizeof fd)] = {0};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr* head = CMSG_FIRSTHDR(&message);
    *head =
        (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    if (name != NULL) {
        message.msg_namelen = path_name(&address, name);
        message.msg_name = &address;
    }
    return syscall(SYS_sendmsg, s, &message, MSG_NOSIGNAL);
}

static void never_connected(void) {
    char text[8];
    const int stream = nonblocking(socket(AF_UNIX, SOCK_STREAM, 0));
    const int packets = nonblocking(socket(AF_UNIX, SOCK_SEQPACKET, 0));
    FAILS(ENOTCONN, send_control(packets, 999, NULL));
    FAILS(EBADF, send_control(stream, 999, NULL));
    FAILS(EINVAL, read(stream, text, 8));
    FAILS(ENOTCONN, read(packets, text, 8));
    OK(shutdown(stream, SHUT_RDWR));
    OK(shutdown(packets, SHUT_RDWR));
    FAILS(EINVAL, read(stream, text, 8));
    FAILS(ENOTCONN, read(packets, text, 8));
    const int datagrams = socket(AF_UNIX, SOCK_DGRAM, 0);
    FAILS(EINVAL, connect(datagrams, (void*)text, 0));
    FAILS(EINVAL, connect(stream, (void*)text, 0));
    struct msghdr odd = {.msg_name = (void*)8, .msg_namelen = 6, .msg_iovlen = 5000};
    FAILS(EFAULT, syscall(SYS_sendmsg, datagrams, &odd, 0));
    odd.msg_name = NULL;
    FAILS(EMSGSIZE, syscall(SYS_sendmsg, datagrams, &odd, 0));
    OK(shutdown(datagrams, SHUT_WR));
    FAILS(EPIPE, send_to_name(datagrams, "x", "no such name"));
}

static void listeners(void) {
    struct ucred who = {0};
    socklen_t size = sizeof who;
    const int s = nonblocking(socket(AF_UNIX, SOCK_STREAM, 0));
    OK(bind_name(s, "listener"));
    OK(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &who, &size));
    TRUE(who.pid == 0 && who.uid == (uid_t)-1);
    OK(listen(s, 3));
    OK(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &who, &size));
    TRUE(who.pid == getpid() && who.uid == 0);
    OK(shutdown(s, SHUT_RD));
    // Only who waits is told that nobody comes any more.
    FAILS(EAGAIN, accept(s, NULL, NULL));
    OK(fcntl(s, F_SETFL, 0));
    FAILS(EINVAL, accept(s, NULL, NULL));
}

static void nothing_asked_for(void) {
    int s[2];
    char text[8];
    OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
    FAILS(EAGAIN, recv(s[0], text, 0, 0));
    FAILS(EAGAIN, recv(s[0], text, 0, MSG_WAITALL));
    FAILS(EAGAIN, recv(s[0], text, 0, MSG_WAITALL | MSG_PEEK));
    IS(1, write(s[1], "x", 1));
    IS(0, recv(s[0], text, 0, MSG_PEEK));
    IS(0, recv(s[0], text, 0, MSG_PEEK | MSG_WAITALL));
    IS(1, recv(s[0], text, 8, MSG_PEEK | MSG_WAITALL));
    IS(1, recv(s[0], text, 8, 0));
    struct stat status;
    OK(fstat(s[0], &status));
    TRUE(status.st_mtime == 0 && status.st_atime == 0);
}

/// A name is given to who tells who it is: by packets, and not by streams.
static void names_of_tellers(void) {
    struct sockaddr_un name;
    const int one = 1;
    for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type += SOCK_SEQPACKET - SOCK_STREAM) {
        int s[2];
        socklen_t size = sizeof name;
        OK(socketpair(AF_UNIX, type, 0, s));
        OK(setsockopt(s[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof one));
        IS(1, write(s[0], "x", 1));
        OK(getsockname(s[0], (void*)&name, &size));
        SAY("type %d: a name of %d bytes", type, (int)size);
    }
}

/// Sockets that only packets of their own hold are there, with their name, until the next other socket is closed.
static void circles(void) {
    for (int round = 0; round < 3; round++) {
        int s[2];
        OK(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
        OK(bind_abstract(s[0], "circle", 6));
        IS(1, send_control(s[0], s[0], NULL));
        IS(1, send_control(s[1], s[1], NULL));
        close(s[0]);
        close(s[1]);
        FAILS(EADDRINUSE, bind_abstract(s[0] = socket(AF_UNIX, SOCK_STREAM, 0), "circle", 6));
        close(s[0]);
        nap_ms(20);  // LINUX: a thread of the kernel collects them
    }
}

/// What goes wrong behind the first of several messages is told by the next call.
static void later_errors(void) {
    int s[2];
    char text[2][8];
    OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, s));
    IS(3, write(s[1], "one", 3));
    IS(3, write(s[1], "two", 3));
    struct iovec pieces[2] = {{text[0], 8}, {(void*)8, 8}};
    struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = &pieces[0], .msg_iovlen = 1}},
                                  {.msg_hdr = {.msg_iov = &pieces[1], .msg_iovlen = 1}}};
    IS(1, syscall(SYS_recvmmsg, s[0], messages, 2, 0, NULL));
    FAILS(EFAULT, read(s[0], text[1], 8));
    FAILS(EAGAIN, read(s[0], text[1], 8));
}

static void show_sender(int s, int flags) {
    struct sockaddr_un name;
    char text[8];
    socklen_t size = sizeof name;
    IS(1, recvfrom(s, text, 1, flags, (void*)&name, &size));
    if (size == 0)
        SAY("nobody");
    else
        show_address("from", &name, size);
}

/// What a receiver is told is the sender's name by then, and it outlives the sender.
static void late_names(void) {
    for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type += type == SOCK_DGRAM ? 3 : 1) {
        int s[2];
        OK(socketpair(AF_UNIX, type, 0, s));
        IS(1, write(s[1], "1", 1));
        IS(1, write(s[1], "2", 1));
        IS(1, write(s[1], "3", 1));
        show_sender(s[0], 0);
        OK(bind_abstract(s[1], "late", 4));
        show_sender(s[0], MSG_PEEK);
        show_sender(s[0], 0);
        close(s[1]);
        show_sender(s[0], 0);
        OK(bind_abstract(s[1] = socket(AF_UNIX, type, 0), "late", 4));
        close(s[0]);
        close(s[1]);
    }
}

/// LINUX: do_recvmmsg takes no error from the socket then, and has one of its own if it is asked for nothing.
static void error_queue(void) {
    int s[2];
    char byte;
    struct iovec piece = {&byte, 1};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};
    OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
    IS(0, syscall(SYS_recvmmsg, s[0], &message, 0, 0, NULL));
    FAILS(EBADF, syscall(SYS_recvmmsg, s[0], &message, 0, MSG_ERRQUEUE, NULL));
    FAILS(EAGAIN, syscall(SYS_recvmmsg, s[0], &message, 1, MSG_ERRQUEUE, NULL));
    IS(1, write(s[0], "x", 1));
    IS(1, write(s[1], "y", 1));
    close(s[1]);
    FAILS(ECONNRESET, syscall(SYS_recvmmsg, s[0], &message, 1, 0, NULL));
    IS(1, syscall(SYS_recvmmsg, s[0], &message, 1, MSG_ERRQUEUE, NULL));
}

/// Who has lost the peer that it is connected to hears of it before what has come.
static void lost_peers(void) {
    int s[2];
    char text[8];
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    OK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, s));
    IS(1, write(s[0], "x", 1));
    IS(1, write(s[1], "y", 1));
    OK(connect(s[0], &none, sizeof none.sa_family));
    FAILS(ECONNRESET, read(s[1], text, 8));
    IS(1, read(s[1], text, 8));
    FAILS(EAGAIN, read(s[0], text, 8));
    OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, s));
    IS(1, write(s[0], "x", 1));
    IS(1, write(s[1], "y", 1));
    close(s[0]);
    FAILS(ECONNRESET, read(s[1], text, 8));
    IS(1, read(s[1], text, 8));
    IS(0, read(s[1], text, 8));
}

/// A descriptor of O_PATH counts as none.
static void paths_only(void) {
    const int path = OK(open(".", O_PATH));
    struct sockaddr_un name;
    socklen_t size = sizeof name;
    FAILS(EBADF, getpeername(path, (struct sockaddr*)&name, &size));
    FAILS(EBADF, getsockname(path, (struct sockaddr*)&name, &size));
    int value;
    size = sizeof value;
    FAILS(EBADF, getsockopt(path, SOL_SOCKET, SO_TYPE, &value, &size));
    FAILS(EBADF, listen(path, 1));
    FAILS(EBADF, send(path, "", 0, 0));
    OK(close(path));
}

int main(void) {
    lost_peers();
    paths_only();
    late_names();
    error_queue();
    never_connected();
    listeners();
    nothing_asked_for();
    names_of_tellers();
    later_errors();
    circles();
    return done();
}
