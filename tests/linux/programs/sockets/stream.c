// Unix stream sockets: pairs, names, connections, their ends, and every error on the way (unix(7), socket(2)).
#include "check.h"
#include "sockets.h"

static void pairs(void) {
    int s[2];
    char text[64];
    OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s));
    TRUE(fcntl(s[0], F_GETFD) == FD_CLOEXEC && fcntl(s[0], F_GETFL) == O_RDWR);
    IS(5, write(s[0], "hello", 5));
    IS(3, send(s[0], "abc", 3, 0));
    int readable = 0;
    OK(ioctl(s[1], FIONREAD, &readable));
    IS(8, readable);
    IS(4, recv(s[1], text, 4, MSG_PEEK));
    IS(8, recv(s[1], text, 64, MSG_PEEK));
    IS(2, read(s[1], text, 2));
    IS(6, recv(s[1], text, 64, MSG_DONTWAIT));
    FAILS(EAGAIN, recv(s[1], text, 64, MSG_DONTWAIT));
    IS(0, read(s[1], text, 0));
    IS(0, write(s[0], text, 0));
    struct iovec pieces[3] = {{"one", 3}, {"", 0}, {"three", 5}};
    IS(8, writev(s[0], pieces, 3));
    IS(8, recv(s[1], text, 8, MSG_WAITALL));
    struct stat status;
    OK(fstat(s[0], &status));
    SAY("mode %o size %ld links %d", status.st_mode, (long)status.st_size, (int)status.st_nlink);
    FAILS(ESPIPE, lseek(s[0], 0, SEEK_SET));
    FAILS(ESPIPE, pread(s[0], text, 1, 0));
    FAILS(EINVAL, fsync(s[0]));
    FAILS(ENOTTY, ioctl(s[0], TCGETS, text));
    FAILS(ENODEV, (long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, s[0], 0));
    FAILS(EISCONN, send_to_name(s[0], "x", "somewhere"));
    FAILS(EFAULT, send(s[0], (void*)8, 5, 0));
    FAILS(EFAULT, recv(s[1], KERNEL_ADDRESS, 5, MSG_DONTWAIT));
    poll_events("pair", s[0]);
    OK(shutdown(s[0], SHUT_WR));
    poll_events("shut for writing", s[0]);
    poll_events("its peer", s[1]);
    signal(SIGPIPE, count_signal);
    FAILS(EPIPE, send(s[0], "x", 1, MSG_NOSIGNAL));
    IS(0, signals_seen);
    FAILS(EPIPE, write(s[0], "x", 1));
    IS(1, signals_seen);
    IS(0, read(s[1], text, 64));
    IS(2, write(s[1], "ok", 2));
    IS(2, read(s[0], text, 64));
    FAILS(EINVAL, shutdown(s[0], 3));
    IS(1, write(s[1], "z", 1));
    close(s[0]);  // what nobody has read: the peer learns
    poll_events("peer closed with something unread", s[1]);
    FAILS(ECONNRESET, read(s[1], text, 64));
    IS(0, read(s[1], text, 64));
    FAILS(EPIPE, send(s[1], "x", 1, MSG_NOSIGNAL));
    FAILS(ENOTCONN, getpeername(s[0] = socket(AF_UNIX, SOCK_STREAM, 0), (void*)text, &(socklen_t){64}));
}

static void how_much_fits(void) {
    static char many[300000];
    for (size_t size = 1; size <= sizeof many; size = size * 7 + 3) {
        int s[2];
        long total = 0, sent;
        int calls = 0;
        OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
        while ((sent = write(s[0], many, size)) > 0) total += sent, ++calls;
        SAY("writes of %zu: %d make %ld, then %s", size, calls, total, error_name(errno));
        poll_events("full", s[0]);
        long back = 0;
        while (!(poll_now(s[0]) & POLLOUT)) back += read(s[1], many, 1000);
        SAY("writable again after %ld", back);
        close(s[0]), close(s[1]);
    }
}

static void names(void) {
    char text[200];
    int listener = OK(socket(AF_UNIX, SOCK_STREAM, 0)), client, server;
    poll_events("fresh", listener);
    FAILS(EINVAL, listen(listener, 5));
    FAILS(EINVAL, accept(listener, NULL, NULL));
    FAILS(EINVAL, recv(listener, text, 5, 0));
    FAILS(ENOTCONN, send(listener, text, 5, MSG_NOSIGNAL));
    FAILS(EOPNOTSUPP, send_to_name(listener, "x", "somewhere"));
    show_name("unbound", listener);
    OK(bind_name(listener, "place"));
    show_name("bound", listener);
    struct stat status;
    OK(stat("place", &status));
    SAY("mode %o", status.st_mode);
    FAILS(EINVAL, bind_name(listener, "other"));
    FAILS(ENOENT, access("other", F_OK));
    FAILS(EADDRINUSE, bind_name(OK(socket(AF_UNIX, SOCK_STREAM, 0)), "place"));
    FAILS(ENXIO, open("place", O_RDWR));
    client = OK(socket(AF_UNIX, SOCK_STREAM, 0));
    FAILS(ECONNREFUSED, connect_name(client, "place"));
    OK(listen(listener, 1));
    poll_events("listening", listener);
    FAILS(ENOENT, connect_name(client, "nowhere"));
    make_file("file", "", 0644);
    FAILS(ECONNREFUSED, connect_name(client, "file"));
    FAILS(ENOTDIR, connect_name(client, "file/x"));
    FAILS(EPROTOTYPE, connect_name(OK(socket(AF_UNIX, SOCK_DGRAM, 0)), "place"));
    FAILS(EPROTOTYPE, connect_name(OK(socket(AF_UNIX, SOCK_SEQPACKET, 0)), "place"));
    FAILS(EAGAIN, accept(nonblocking(listener), NULL, NULL));
    OK(fcntl(listener, F_SETFL, 0));
    OK(connect_name(client, "place"));
    poll_events("connection waits", listener);
    FAILS(EISCONN, connect_name(client, "place"));
    FAILS(EINVAL, listen(client, 1));
    show_name("client", client);
    show_peer("client", client);
    IS(5, write(client, "early", 5));
    struct sockaddr_un from;
    socklen_t size = sizeof from;
    FAILS(EINVAL, syscall(SYS_accept4, listener, NULL, NULL, 1));
    server = OK(accept4(listener, (void*)&from, &size, SOCK_NONBLOCK));
    SAY("accepted from a name of %d bytes, flags %o", (int)size, fcntl(server, F_GETFL));
    show_name("server", server);
    show_peer("server", server);
    IS(5, read(server, text, 100));
    struct ucred peer;
    size = sizeof peer;
    OK(getsockopt(server, SOL_SOCKET, SO_PEERCRED, &peer, &size));
    TRUE(peer.pid == getpid() && peer.uid == 0 && peer.gid == 0);
    // As many wait as the backlog says, and one.
    int waiting[3];
    for (int i = 0; i < 3; i++) waiting[i] = OK(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    OK(connect_name(waiting[0], "place"));
    OK(connect_name(waiting[1], "place"));
    FAILS(EAGAIN, connect_name(waiting[2], "place"));
    close(listener);
    poll_events("never accepted", waiting[0]);
    FAILS(ECONNRESET, read(waiting[0], text, 5));
    IS(0, read(waiting[0], text, 5));
    FAILS(ECONNREFUSED, connect_name(waiting[2], "place"));
    close(client);
    IS(0, read(server, text, 5));
    show_peer("server whose client has gone", server);
    OK(unlink("place"));
    OK(symlink("real", "link"));
    listener = OK(socket(AF_UNIX, SOCK_STREAM, 0));
    FAILS(EADDRINUSE, bind_name(listener, "link"));
    OK(bind_name(listener, "real"));
    OK(listen(listener, 0));
    OK(connect_name(socket(AF_UNIX, SOCK_STREAM, 0), "link"));
    chmod("real", 0);
    CHILD("exit 0", become_user(1000, 1000);
          FAILS(EACCES, connect_name(socket(AF_UNIX, SOCK_STREAM, 0), "real")));
    OK(rename("real", "renamed"));
    FAILS(EAGAIN, connect_name(nonblocking(OK(socket(AF_UNIX, SOCK_STREAM, 0))), "renamed"));
}

static void abstract_names(void) {
    int one = OK(socket(AF_UNIX, SOCK_STREAM, 0)), other = OK(socket(AF_UNIX, SOCK_STREAM, 0));
    OK(bind_abstract(one, "a\0b", 3));
    FAILS(EADDRINUSE, bind_abstract(other, "a\0b", 3));
    OK(bind_abstract(OK(socket(AF_UNIX, SOCK_DGRAM, 0)), "a\0b", 3));
    show_name("abstract", one);
    OK(listen(one, 4));
    FAILS(ECONNREFUSED, connect_abstract(other, "a\0c", 3));
    FAILS(ECONNREFUSED, connect_abstract(other, "a", 1));
    OK(connect_abstract(other, "a\0b", 3));
    close(one);
    one = OK(socket(AF_UNIX, SOCK_STREAM, 0));
    OK(bind_abstract(one, "a\0b", 3));
    int any = OK(socket(AF_UNIX, SOCK_STREAM, 0));
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    OK(bind(any, (void*)&name, sizeof(sa_family_t)));
    OK(bind(any, (void*)&name, sizeof(sa_family_t)));  // it has one already
    socklen_t size = sizeof name;
    OK(getsockname(any, (void*)&name, &size));
    TRUE(size == sizeof(sa_family_t) + 6 && name.sun_path[0] == 0 && isxdigit(name.sun_path[1]));
}

static void bad_arguments(void) {
    int s = OK(socket(AF_UNIX, SOCK_STREAM, 0)), pair[2];
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "x"};
    FAILS(EAFNOSUPPORT, socket(-1, SOCK_STREAM, 0));
    FAILS(EAFNOSUPPORT, socket(46, SOCK_STREAM, 0));
    FAILS(EINVAL, socket(AF_UNIX, 11, 0));
    FAILS(EINVAL, socket(AF_UNIX, SOCK_STREAM | 0x100, 0));
    FAILS(ESOCKTNOSUPPORT, socket(AF_UNIX, SOCK_RDM, 0));
    FAILS(EPROTONOSUPPORT, socket(AF_UNIX, SOCK_STREAM, 2));
    OK(socket(AF_UNIX, SOCK_RAW, AF_UNIX));
    FAILS(EFAULT, syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, 8));
    FAILS(EAFNOSUPPORT, socketpair(-1, SOCK_STREAM, 0, pair));
    FAILS(EINVAL, bind(s, (void*)&name, 1));
    FAILS(EINVAL, bind(s, (void*)&name, 111));
    FAILS(EINVAL, bind(s, (void*)&name, 200));
    FAILS(EINVAL, bind(s, (void*)&name, -1));
    FAILS(EFAULT, syscall(SYS_bind, s, 8, 20));
    name.sun_family = AF_INET;
    FAILS(EINVAL, bind(s, (void*)&name, sizeof name));
    FAILS(EINVAL, connect(s, (void*)&name, sizeof name));
    name.sun_family = AF_UNSPEC;
    FAILS(EINVAL, connect(s, (void*)&name, sizeof name));
    FAILS(EINVAL, connect(s, (void*)&name, 0));
    FAILS(ENOTSOCK, listen(0, 1));
    FAILS(ENOTSOCK, send(pipe_end(), "x", 1, 0));
    FAILS(EBADF, connect(99, (void*)&name, sizeof name));
    FAILS(EBADF, accept(99, NULL, NULL));
    FAILS(EFAULT, syscall(SYS_getsockname, s, &name, 8));
    FAILS(EFAULT, syscall(SYS_getsockname, s, 8, &(socklen_t){10}));
    FAILS(EINVAL, syscall(SYS_getsockname, s, &name, &(int){-1}));
    const struct rlimit few = {4, 4096}, before = {1024, 4096};
    setrlimit(RLIMIT_NOFILE, &few);
    FAILS(EMFILE, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    setrlimit(RLIMIT_NOFILE, &before);
    // A path that fills the whole name, without a NUL.
    memset(name.sun_path, 'p', sizeof name.sun_path);
    name.sun_family = AF_UNIX;
    FAILS(EAFNOSUPPORT, socket(AF_INET + 100, SOCK_STREAM, 0));
    OK(bind(s, (void*)&name, sizeof name));
    show_name("longest", s);
}

int main(void) {
    pairs();
    how_much_fits();
    names();
    abstract_names();
    bad_arguments();
    return done();
}
