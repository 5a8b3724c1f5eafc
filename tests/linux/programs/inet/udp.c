// UDP over the loopback interface: names, ports that are shared or taken, boundaries, errors, queues (udp(7)).
#include "check.h"
#include "inet.h"

static void binding(void) {
    int s = OK(socket(AF_INET, SOCK_DGRAM, 0));
    struct sockaddr_in name = at("127.0.0.1", 5000);
    FAILS(EINVAL, bind(s, (void*)&name, 4));
    FAILS(EINVAL, bind(s, (void*)&name, 15));
    FAILS(EFAULT, bind(s, (void*)8, sizeof name));
    FAILS(EINVAL, bind(s, (void*)&name, 200));
    name.sin_family = AF_UNIX;
    FAILS(EAFNOSUPPORT, bind(s, (void*)&name, sizeof name));
    name.sin_family = AF_UNSPEC;
    FAILS(EAFNOSUPPORT, bind(s, (void*)&name, sizeof name));
    FAILS(EADDRNOTAVAIL, bind_at(s, "10.1.2.3", 5000));
    OK(bind_at(s, "127.0.0.1", 5000));
    show_own("bound", s);
    FAILS(EINVAL, bind_at(s, "127.0.0.1", 5001));
    int t = OK(socket(AF_INET, SOCK_DGRAM, 0));
    FAILS(EADDRINUSE, bind_at(t, "127.0.0.1", 5000));
    FAILS(EADDRINUSE, bind_at(t, "0.0.0.0", 5000));
    OK(bind_at(t, "127.0.0.2", 5000));
    int any = OK(socket(AF_INET, SOCK_DGRAM, 0));
    OK(bind_at(any, "0.0.0.0", 0));
    show_own("any port", any);
    close(s), close(t), close(any);

    s = OK(socket(AF_INET, SOCK_DGRAM, 0)), t = OK(socket(AF_INET, SOCK_DGRAM, 0));
    OK(set_number(s, SOL_SOCKET, SO_REUSEADDR, 1));
    OK(bind_at(s, "127.0.0.1", 5000));
    FAILS(EADDRINUSE, bind_at(t, "127.0.0.1", 5000));
    OK(set_number(t, SOL_SOCKET, SO_REUSEADDR, 1));
    OK(bind_at(t, "127.0.0.1", 5000));
    close(s), close(t);
    s = OK(socket(AF_INET, SOCK_DGRAM, 0)), t = OK(socket(AF_INET, SOCK_DGRAM, 0));
    OK(set_number(s, SOL_SOCKET, SO_REUSEPORT, 1));
    OK(bind_at(s, "127.0.0.1", 5000));
    FAILS(EADDRINUSE, bind_at(t, "127.0.0.1", 5000));
    OK(set_number(t, SOL_SOCKET, SO_REUSEPORT, 1));
    OK(bind_at(t, "127.0.0.1", 5000));
    close(s), close(t);
}

static void traffic(void) {
    char text[70000];
    static char many[70000];
    int s = OK(socket(AF_INET, SOCK_DGRAM, 0)), t = OK(socket(AF_INET, SOCK_DGRAM, 0));
    OK(bind_at(s, "127.0.0.1", 5000));
    show_events("empty", s);
    FAILS(EAGAIN, recv(s, text, sizeof text, MSG_DONTWAIT));
    FAILS(EDESTADDRREQ, send(t, "x", 1, 0));
    FAILS(ENOTCONN, shutdown(t, SHUT_RD));
    FAILS(EOPNOTSUPP, listen(t, 1));
    FAILS(EOPNOTSUPP, accept(t, NULL, NULL));
    FAILS(EINVAL, send_at(t, "x", 1, "127.0.0.1", 0));
    struct sockaddr_in name = at("127.0.0.1", 5000);
    FAILS(EINVAL, sendto(t, "x", 1, 0, (void*)&name, 10));
    name.sin_family = AF_UNIX;
    FAILS(EAFNOSUPPORT, sendto(t, "x", 1, 0, (void*)&name, sizeof name));
    name.sin_family = AF_UNSPEC;
    IS(1, sendto(t, "u", 1, 0, (void*)&name, sizeof name));
    show_own("sender", t);
    IS(5, send_at(t, "first", 5, "127.0.0.1", 5000));
    IS(0, send_at(t, "", 0, "127.0.0.1", 5000));
    IS(6, send_at(t, "second", 6, "127.0.0.1", 5000));
    show_events("three wait", s);
    int readable = 0;
    IS(1, recv(s, text, 10, 0));
    OK(ioctl(s, FIONREAD, &readable));
    SAY("readable %d", readable);
    IS(2, recv(s, text, 2, MSG_PEEK));
    IS(5, recv(s, text, 2, MSG_PEEK | MSG_TRUNC));
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    memset(&from, 0xee, sizeof from);
    IS(2, recvfrom(s, text, 2, 0, (void*)&from, &size));
    show_inet("from", &from, size);
    IS(0, recv(s, text, 10, 0));
    size = 5;
    memset(&from, 0, sizeof from);
    IS(6, recvfrom(s, text, 10, 0, (void*)&from, &size));
    SAY("a short name: size %d, family %d", (int)size, from.sin_family);
    IS(3, send_at(t, "abc", 3, "127.0.0.1", 5000));
    FAILS(EFAULT, recv(s, (void*)8, 3, 0));
    FAILS(EAGAIN, recv(s, text, 3, MSG_DONTWAIT));
    FAILS(EFAULT, sendto(t, (void*)8, 3, 0, (void*)&name, sizeof name));
    FAILS(EOPNOTSUPP, sendto(t, "x", 1, MSG_OOB, (void*)&name, sizeof name));
    FAILS(EAGAIN, recv(s, text, 1, MSG_OOB | MSG_DONTWAIT));
    for (size_t length = 0; length <= 65600; length = length * 3 + 500) {
        memset(many, (int)length, sizeof many);
        const long sent = send_at(t, many, length, "127.0.0.1", 5000);
        const long got = sent < 0 ? 0 : recv(s, text, sizeof text, MSG_DONTWAIT);
        SAY("%zu bytes: sent %s, got %ld, same %d", length, result_of(sent), got,
            memcmp(many, text, got > 0 ? got : 0) == 0);
    }
    IS(65507, send_at(t, many, 65507, "127.0.0.1", 5000));
    IS(65507, recv(s, text, sizeof text, 0));
    FAILS(EMSGSIZE, send_at(t, many, 65508, "127.0.0.1", 5000));
    FAILS(EMSGSIZE, send_at(t, many, 65536, "127.0.0.1", 5000));
    // How many fit.
    static const size_t sizes[] = {1, 200, 1000, 9000, 30000};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        long sent = 0;
        for (int n = 0; n < 3000; n++)
            sent += send_at(t, many, sizes[i], "127.0.0.1", 5000) == (long)sizes[i];
        IS(3000, sent);
        int kept = 0;
        while (recv(s, text, sizeof text, MSG_DONTWAIT) >= 0) ++kept;
        SAY("of packets of %zu bytes %d are kept", sizes[i], kept);
    }
    OK(set_number(s, SOL_SOCKET, SO_RCVBUF, 1));
    SAY("the smallest buffer: %d", number_of(s, SOL_SOCKET, SO_RCVBUF));
    for (int n = 0; n < 20; n++) IS(100, send_at(t, many, 100, "127.0.0.1", 5000));
    int kept = 0;
    while (recv(s, text, sizeof text, MSG_DONTWAIT) >= 0) ++kept;
    SAY("%d are kept", kept);
    close(s), close(t);
}

static void connected(void) {
    char text[64];
    int s = OK(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)),
        t = OK(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    OK(bind_at(s, "127.0.0.1", 5000));
    struct sockaddr_in name = at("127.0.0.1", 5000);
    FAILS(EINVAL, connect(t, (void*)&name, 1));
    FAILS(EINVAL, connect(t, (void*)&name, 12));
    name.sin_family = AF_UNIX;
    FAILS(EAFNOSUPPORT, connect(t, (void*)&name, sizeof name));
    FAILS(ENETUNREACH, connect_at(t, "10.1.2.3", 5000));
    OK(connect_at(t, "127.0.0.1", 5000));
    show_own("connected", t);
    show_other("connected", t);
    IS(4, send(t, "mine", 4, 0));
    IS(4, recv(s, text, 64, 0));
    // It hears its peer only.
    const int port = port_of(t);
    int other = OK(socket(AF_INET, SOCK_DGRAM, 0));
    IS(5, send_at(other, "other", 5, "127.0.0.1", port));
    FAILS(EAGAIN, recv(t, text, 64, 0));
    IS(4, send_at(s, "peer", 4, "127.0.0.1", port));
    IS(4, recv(t, text, 64, 0));
    close(s);
    // The error of a port where nobody is.
    IS(1, send(t, "x", 1, 0));
    show_events("refused", t);
    FAILS(ECONNREFUSED, send(t, "x", 1, 0));
    IS(1, send(t, "x", 1, 0));
    FAILS(ECONNREFUSED, recv(t, text, 64, 0));
    IS(1, send(t, "x", 1, 0));
    SAY("its error is %d, then %d", number_of(t, SOL_SOCKET, SO_ERROR), number_of(t, SOL_SOCKET, SO_ERROR));
    IS(1, send_at(other, "x", 1, "127.0.0.1", 4999));
    SAY("one without a peer hears nothing: %d", number_of(other, SOL_SOCKET, SO_ERROR));
    name.sin_family = AF_UNSPEC;
    OK(connect(t, (void*)&name, sizeof name));
    show_own("disconnected", t);
    show_other("disconnected", t);
    OK(connect_at(t, "0.0.0.0", 5000));
    show_own("connected to any", t);
    show_other("connected to any", t);
    OK(shutdown(t, SHUT_RD));
    show_events("shut for reading", t);
    SAY("receives %s", result_of(recv(t, text, 64, 0)));
    OK(shutdown(t, SHUT_WR));
    show_events("shut", t);
    signal(SIGPIPE, SIG_IGN);
    FAILS(EPIPE, send(t, "x", 1, 0));
    close(t), close(other);
    FAILS(EACCES, send_at(t = OK(socket(AF_INET, SOCK_DGRAM, 0)), "x", 1, "127.255.255.255", 5000));
    FAILS(EACCES, connect_at(t, "127.255.255.255", 5000));
    FAILS(ENETUNREACH, send_at(t, "x", 1, "255.255.255.255", 5000));
    FAILS(ENETUNREACH, send_at(t, "x", 1, "192.0.2.1", 5000));
    FAILS(ENETUNREACH, send_at(t, "x", 1, "224.0.0.251", 5000));
    OK(set_number(t, SOL_SOCKET, SO_BROADCAST, 1));
    int u = OK(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    OK(bind_at(u, "0.0.0.0", 5000));
    SAY("a broadcast: %s", result_of(send_at(t, "wide", 4, "127.255.255.255", 5000)));
    SAY("received: %s", result_of(recv(u, text, 64, 0)));
    close(t), close(u);
}

static void gathered(void) {
    char text[64] = "";
    int s = OK(socket(AF_INET, SOCK_DGRAM, 0)), t = OK(socket(AF_INET, SOCK_DGRAM, 0));
    OK(bind_at(s, "127.0.0.1", 5000));
    OK(connect_at(t, "127.0.0.1", 5000));
    IS(3, send(t, "abc", 3, MSG_MORE));
    IS(3, send(t, "def", 3, MSG_MORE));
    FAILS(EAGAIN, recv(s, text, 64, MSG_DONTWAIT));
    IS(3, send(t, "ghi", 3, 0));
    IS(9, recv(s, text, 64, 0));
    SAY("%.9s", text);
    // More pieces than a packet holds apart.
    for (int i = 0; i < 99; i++) TRUE(send(t, "0123456789" + i % 10, 1, MSG_MORE) == 1);
    IS(1, send(t, "!", 1, 0));
    char many_pieces[200];
    IS(100, recv(s, many_pieces, sizeof many_pieces, 0));
    SAY("%.100s", many_pieces);
    OK(set_number(t, IPPROTO_UDP, UDP_CORK, 1));
    IS(1, send(t, "x", 1, 0));
    IS(1, send(t, "y", 1, 0));
    FAILS(EAGAIN, recv(s, text, 64, MSG_DONTWAIT));
    OK(set_number(t, IPPROTO_UDP, UDP_CORK, 0));
    IS(2, recv(s, text, 64, 0));
    struct iovec pieces[] = {{"one", 3}, {"two", 3}};
    struct mmsghdr messages[2] = {{{.msg_iov = pieces, .msg_iovlen = 2}, 0},
                                  {{.msg_iov = pieces, .msg_iovlen = 1}, 0}};
    IS(2, sendmmsg(t, messages, 2, 0));
    SAY("sent %u and %u", messages[0].msg_len, messages[1].msg_len);
    char a[16], b[16];
    struct iovec into[] = {{a, 4}, {b, 16}};
    struct mmsghdr back[3] = {{{.msg_iov = into, .msg_iovlen = 1}, 0},
                              {{.msg_iov = into + 1, .msg_iovlen = 1}, 0},
                              {{.msg_iov = into, .msg_iovlen = 1}, 0}};
    IS(2, recvmmsg(s, back, 3, MSG_DONTWAIT, NULL));
    SAY("received %u with %#x and %u with %#x", back[0].msg_len, back[0].msg_hdr.msg_flags, back[1].msg_len,
        back[1].msg_hdr.msg_flags);
    close(s), close(t);
}

int main(void) {
    loopback_up();
    binding();
    traffic();
    connected();
    gathered();
    return done();
}
