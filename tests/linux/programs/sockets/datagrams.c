// Unix datagram and seqpacket sockets: boundaries, peers, queues that are full, ends (unix(7)).
#include "check.h"
#include "sockets.h"

static void pair_of(int type, const char* what) {
    int s[2];
    char text[64];
    SAY("%s", what);
    OK(socketpair(AF_UNIX, type, 0, s));
    IS(5, write(s[0], "first", 5));
    IS(0, send(s[0], "", 0, 0));
    IS(6, write(s[0], "second", 6));
    int readable = 0;
    OK(ioctl(s[1], FIONREAD, &readable));
    SAY("readable %d", readable);
    IS(2, recv(s[1], text, 2, MSG_PEEK));
    IS(5, recv(s[1], text, 2, MSG_PEEK | MSG_TRUNC));
    IS(2, recv(s[1], text, 2, 0));
    IS(0, recv(s[1], text, 64, 0));
    IS(6, read(s[1], text, 64));
    FAILS(EAGAIN, recv(s[1], text, 64, MSG_DONTWAIT));
    poll_events("empty", s[1]);
    FAILS(EFAULT, send(s[0], (void*)8, 5, 0));
    FAILS(EOPNOTSUPP, send(s[0], "x", 1, MSG_OOB));
    FAILS(EOPNOTSUPP, recv(s[0], text, 1, MSG_OOB));
    SAY("accept: %s", accept(s[0], NULL, NULL) < 0 ? error_name(errno) : "ok");
    signal(SIGPIPE, count_signal);
    signals_seen = 0;
    OK(shutdown(s[1], SHUT_RD));
    poll_events("shut for reading", s[1]);
    poll_events("its peer", s[0]);
    FAILS(EPIPE, send(s[0], "x", 1, 0));
    IS(0, signals_seen);
    IS(0, recv(s[1], text, 64, 0));
    close(s[0]);
    poll_events("peer closed", s[1]);
    SAY("send to a closed peer: %s", send(s[1], "x", 1, MSG_NOSIGNAL) < 0 ? error_name(errno) : "ok");
    SAY("and again: %s", send(s[1], "x", 1, MSG_NOSIGNAL) < 0 ? error_name(errno) : "ok");
    show_peer(what, s[1]);
    close(s[1]);
}

static void sizes(int type) {
    static char many[300000];
    for (size_t size = 0; size <= sizeof many; size = size * 5 + 700) {
        int s[2], count = 0;
        OK(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s));
        long sent;
        while ((sent = send(s[0], many, size, 0)) == (long)size && count < 2000) ++count;
        SAY("packets of %zu: %d, then %s", size, count, sent < 0 ? error_name(errno) : "some");
        long got = 0;
        if (count) got = recv(s[1], many, sizeof many, 0);
        SAY("received %ld, writable %d", got, (poll_now(s[0]) & POLLOUT) != 0);
        close(s[0]), close(s[1]);
    }
}

static void names(void) {
    char text[64];
    int receiver = OK(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)),
        sender = OK(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    poll_events("fresh", sender);
    FAILS(ENOTCONN, send(sender, "x", 1, 0));
    FAILS(EOPNOTSUPP, listen(sender, 1));
    FAILS(ENOENT, send_to_name(sender, "x", "receiver"));
    OK(bind_name(receiver, "receiver"));
    IS(1, send_to_name(sender, "x", "receiver"));
    struct sockaddr_un from;
    socklen_t size = sizeof from;
    memset(&from, 'f', sizeof from);
    IS(1, recvfrom(receiver, text, 64, 0, (void*)&from, &size));
    SAY("from a name of %d bytes", (int)size);
    OK(bind_name(sender, "sender"));
    IS(2, send_to_name(sender, "xy", "receiver"));
    size = 7;
    IS(2, recvfrom(receiver, text, 64, 0, (void*)&from, &size));
    show_address("cut off", &from, 7);
    SAY("of %d bytes", (int)size);
    OK(connect_name(sender, "receiver"));
    show_peer("sender", sender);
    poll_events("connected", sender);
    // The receiver's queue is bounded for those that are not its peer.
    int count = 0;
    while (send(sender, "x", 1, 0) == 1) ++count;
    SAY("%d fit, then %s", count, error_name(errno));
    poll_events("full", sender);
    int other = OK(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    FAILS(EAGAIN, send_to_name(other, "x", "receiver"));
    IS(1, recv(receiver, text, 64, 0));
    poll_events("one taken", sender);
    IS(1, send(sender, "x", 1, 0));
    fcntl(sender, F_SETFL, 0);
    pid_t taker = SPAWN(nap_ms(40); recv(receiver, text, 64, 0); nap_ms(20); recv(receiver, text, 64, 0));
    IS(1, send(sender, "x", 1, 0));
    IS(1, send(sender, "x", 1, 0));
    check_end(taker, "exit 0");
    // A peer takes packets of its own peer only.
    int third = OK(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    OK(connect_name(receiver, "sender"));
    FAILS(EPERM, send_to_name(third, "x", "receiver"));
    FAILS(EPERM, connect_name(third, "receiver"));
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    OK(connect(receiver, &none, sizeof none));
    OK(connect_name(third, "receiver"));
    close(receiver);
    poll_events("receiver closed", third);
    FAILS(ECONNREFUSED, send(third, "x", 1, 0));
    FAILS(ENOTCONN, send(third, "x", 1, 0));
    FAILS(ECONNREFUSED, send_to_name(third, "x", "receiver"));
    FAILS(ECONNREFUSED, connect_name(third, "receiver"));
    FAILS(ECONNREFUSED, send_to_name(third, "x", "."));
}

static void packets_on_connections(void) {
    char text[64];
    int listener = OK(socket(AF_UNIX, SOCK_SEQPACKET, 0)), client = OK(socket(AF_UNIX, SOCK_SEQPACKET, 0)),
        server;
    FAILS(ENOTCONN, recv(client, text, 1, MSG_DONTWAIT));
    FAILS(ENOTCONN, send(client, "x", 1, MSG_NOSIGNAL));
    OK(bind_abstract(listener, "packets", 7));
    OK(listen(listener, 3));
    OK(connect_abstract(client, "packets", 7));
    IS(4, send(client, "one!", 4, MSG_EOR));
    IS(3, send_to_name(client, "two", "nobody-looks-at-this"));
    server = OK(accept(listener, NULL, NULL));
    struct iovec piece = {text, 3};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    IS(3, recvmsg(server, &message, 0));
    SAY("flags %x", message.msg_flags);
    IS(3, recvmsg(server, &message, 0));
    SAY("flags %x", message.msg_flags);
    close(client);
    IS(0, recvmsg(server, &message, MSG_DONTWAIT));
    SAY("send to nobody: %s", send(server, "x", 1, MSG_NOSIGNAL) < 0 ? error_name(errno) : "ok");
}

int main(void) {
    pair_of(SOCK_DGRAM, "datagrams");
    pair_of(SOCK_SEQPACKET, "packets");
    sizes(SOCK_DGRAM);
    sizes(SOCK_SEQPACKET);
    names();
    packets_on_connections();
    return done();
}
