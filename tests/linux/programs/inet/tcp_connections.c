// TCP: how connections begin and end, and what each state answers (tcp(7)).
#include "tcp.h"

static void names(void) {
    int s = OK(socket(AF_INET, SOCK_STREAM, 0));
    show("new", s);
    show_own("new", s);
    show_other("new", s);
    FAILS(ENOTCONN, shutdown(s, SHUT_RDWR));
    FAILS(EINVAL, accept(s, NULL, NULL));
    // The shutdown that failed has had its effect.
    char byte;
    IS(0, recv(s, &byte, 1, 0));
    signal(SIGPIPE, SIG_IGN);
    FAILS(EPIPE, send(s, "x", 1, 0));
    struct sockaddr_in name = at("127.0.0.1", 6000);
    FAILS(EINVAL, connect(s, (void*)&name, 1));
    FAILS(EINVAL, connect(s, (void*)&name, 10));
    name.sin_family = AF_UNIX;
    FAILS(EAFNOSUPPORT, connect(s, (void*)&name, sizeof name));
    FAILS(ECONNREFUSED, connect_at(s, "127.0.0.1", 6000));
    show("refused", s);
    SAY("its error: %d", number_of(s, SOL_SOCKET, SO_ERROR));
    FAILS(ENETUNREACH, connect_at(s, "10.1.2.3", 6000));
    FAILS(ENETUNREACH, connect_at(s, "255.255.255.255", 6000));
    FAILS(ENETUNREACH, connect_at(s, "224.0.0.1", 6000));
    close(s);
    s = listener_at(6000, 5);
    show("listens", s);
    show_own("listens", s);
    SAY("accepts connections: %d", number_of(s, SOL_SOCKET, SO_ACCEPTCONN));
    OK(listen(s, 7));
    FAILS(EISCONN, connect_at(s, "127.0.0.1", 6001));
    FAILS(ENOTCONN, recv(s, &byte, 1, 0));
    FAILS(EPIPE, send(s, "x", 1, 0));
    OK(fcntl(s, F_SETFL, O_NONBLOCK));
    FAILS(EAGAIN, accept(s, NULL, NULL));
    int t = OK(socket(AF_INET, SOCK_STREAM, 0));
    OK(connect_at(t, "127.0.0.1", 6000));
    settle();
    show("one waits", s);
    show("connected", t);
    show_own("connected", t);
    show_other("connected", t);
    FAILS(EISCONN, connect_at(t, "127.0.0.1", 6000));
    FAILS(EINVAL, listen(t, 5));
    FAILS(EINVAL, bind_at(t, "127.0.0.1", 0));
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    int u = OK(accept4(s, (void*)&from, &size, SOCK_CLOEXEC));
    show_inet("from", &from, size);
    SAY("inherits nonblocking %d, close on exec %d", (fcntl(u, F_GETFL) & O_NONBLOCK) != 0,
        fcntl(u, F_GETFD));
    show_own("accepted", u);
    show_other("accepted", u);
    // A bound port.
    int v = OK(socket(AF_INET, SOCK_STREAM, 0));
    FAILS(EADDRINUSE, bind_at(v, "127.0.0.1", 6000));
    FAILS(EADDRINUSE, bind_at(v, "0.0.0.0", 6000));
    OK(set_number(v, SOL_SOCKET, SO_REUSEADDR, 1));
    FAILS(EADDRINUSE, bind_at(v, "127.0.0.1", 6000));
    OK(bind_at(v, "127.0.0.2", 6000));
    OK(listen(v, 1));
    close(s), close(t), close(u), close(v);
    // Without bind, listen chooses a port.
    s = OK(socket(AF_INET, SOCK_STREAM, 0));
    OK(listen(s, 1));
    show_own("listens anywhere", s);
    OK(shutdown(s, SHUT_RD));
    show("shut listener", s);
    close(s);
}

static void endings(void) {
    int c[2];
    char text[16];
    SAY("the caller ends first");
    connection(c, 6010);
    OK(shutdown(c[0], SHUT_WR));
    settle();
    show("ended", c[0]), show("its peer", c[1]);
    FAILS(EPIPE, send(c[0], "x", 1, MSG_NOSIGNAL));
    IS(3, send(c[1], "abc", 3, 0));
    IS(3, recv(c[0], text, 16, 0));
    IS(0, recv(c[1], text, 16, 0));
    close(c[1]);
    settle();
    show("both ended", c[0]);
    IS(0, recv(c[0], text, 16, 0));
    FAILS(ENOTCONN, shutdown(c[0], SHUT_WR));
    show_other("over", c[0]);
    close(c[0]);

    SAY("both at once");
    connection(c, 6011);
    OK(shutdown(c[0], SHUT_RDWR));
    OK(shutdown(c[1], SHUT_RDWR));
    settle();
    show("one", c[0]), show("other", c[1]);
    close(c[0]), close(c[1]);

    SAY("closed with bytes unread");
    connection(c, 6012);
    IS(3, send(c[0], "abc", 3, 0));
    settle();
    close(c[1]);
    settle();
    show("reset", c[0]);
    FAILS(ECONNRESET, recv(c[0], text, 16, 0));
    IS(0, recv(c[0], text, 16, 0));
    FAILS(EPIPE, send(c[0], "x", 1, MSG_NOSIGNAL));
    close(c[0]);

    SAY("closed with linger 0");
    connection(c, 6013);
    const struct linger none = {1, 0};
    OK(setsockopt(c[0], SOL_SOCKET, SO_LINGER, &none, sizeof none));
    IS(3, send(c[0], "abc", 3, 0));
    settle();
    close(c[0]);
    settle();
    show("reset", c[1]);
    SAY("receives %s", result_of(recv(c[1], text, 16, 0)));
    SAY("then %s", result_of(recv(c[1], text, 16, 0)));
    close(c[1]);

    SAY("sends to who has closed");
    connection(c, 6014);
    close(c[1]);
    settle();
    show("peer has closed", c[0]);
    IS(1, send(c[0], "x", 1, 0));
    settle();
    show("reset", c[0]);
    FAILS(EPIPE, send(c[0], "x", 1, MSG_NOSIGNAL));
    SAY("its error: %d, then %d", number_of(c[0], SOL_SOCKET, SO_ERROR),
        number_of(c[0], SOL_SOCKET, SO_ERROR));
    close(c[0]);

    SAY("shut for reading");
    connection(c, 6015);
    OK(shutdown(c[0], SHUT_RD));
    show("shut", c[0]), show("its peer", c[1]);
    IS(2, send(c[1], "hi", 2, 0));
    settle();
    SAY("receives %s", result_of(recv(c[0], text, 16, MSG_DONTWAIT)));
    close(c[0]), close(c[1]);

    SAY("listener that closes");
    int s = listener_at(6016, 5), t = OK(socket(AF_INET, SOCK_STREAM, 0));
    OK(connect_at(t, "127.0.0.1", 6016));
    settle();
    close(s);
    settle();
    show("never accepted", t);
    FAILS(ECONNRESET, recv(t, text, 16, 0));
    close(t);
    SAY("dissolved");
    connection(c, 6017);
    struct sockaddr_in nobody = {.sin_family = AF_UNSPEC};
    OK(connect(c[0], (void*)&nobody, sizeof nobody));
    settle();
    show("dissolved", c[0]), show("its peer", c[1]);
    show_own("dissolved", c[0]);
    FAILS(ECONNRESET, recv(c[1], text, 16, 0));
    close(c[0]), close(c[1]);
}

static void waiting(void) {
    char text[16];
    SAY("without waiting");
    int s = listener_at(6020, 5), t = OK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    const int first = connect_at(t, "127.0.0.1", 6020);
    SAY("connect: %s", first < 0 ? error_name(errno) : "ok");
    settle();
    show("later", t);
    SAY("its error: %d", number_of(t, SOL_SOCKET, SO_ERROR));
    SAY("again: %s", connect_at(t, "127.0.0.1", 6020) < 0 ? error_name(errno) : "ok");
    SAY("and again: %s", connect_at(t, "127.0.0.1", 6020) < 0 ? error_name(errno) : "ok");
    close(t), close(s);
    t = OK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    SAY("refused: %s", connect_at(t, "127.0.0.1", 6021) < 0 ? error_name(errno) : "ok");
    settle();
    show("refused", t);
    SAY("its error: %d, then %d", number_of(t, SOL_SOCKET, SO_ERROR), number_of(t, SOL_SOCKET, SO_ERROR));
    close(t);

    SAY("a full queue");
    s = listener_at(6022, 1);
    int clients[6];
    for (int i = 0; i < 6; i++) {
        clients[i] = OK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
        connect_at(clients[i], "127.0.0.1", 6022);
        settle();
        SAY("client %d: %s", i, state_of(clients[i]));
    }
    int taken = OK(accept(s, NULL, NULL));
    close(taken);
    for (int i = 0; i < 6; i++) close(clients[i]);
    close(s);

    SAY("threads that wait");
    s = listener_at(6023, 5);
    const pid_t child = fork();
    if (child == 0) {
        settle();
        const int caller = socket(AF_INET, SOCK_STREAM, 0);
        connect_at(caller, "127.0.0.1", 6023);
        settle();
        send(caller, "late", 4, 0);
        _exit(recv(caller, text, 16, 0) == 0 ? 0 : 1);
    }
    const int u = OK(accept(s, NULL, NULL));
    IS(4, recv(u, text, 16, 0));
    close(u);
    int status = -1;
    TRUE(waitpid(child, &status, 0) == child);
    SAY("the caller: %s", ending(status));
    const struct timeval brief = {0, 30000};
    OK(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief));
    FAILS(EAGAIN, accept(s, NULL, NULL));
    int c[2];
    connection(c, 6024);
    OK(setsockopt(c[0], SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief));
    FAILS(EAGAIN, recv(c[0], text, 16, 0));
    close(c[0]), close(c[1]), close(s);
}

/// A server that starts again finds its port free, though connections have just ended.
static void again(void) {
    for (int round = 0; round < 3; round++) {
        int c[2];
        connection(c, 6030);
        close(c[1]), settle(), close(c[0]), settle();
    }
    int s = OK(socket(AF_INET, SOCK_STREAM, 0));
    SAY("without reuse: %s", bind_at(s, "127.0.0.1", 6030) < 0 ? error_name(errno) : "ok");
    close(s);
}

int main(void) {
    loopback_up();
    names();
    endings();
    waiting();
    again();
    return done();
}
