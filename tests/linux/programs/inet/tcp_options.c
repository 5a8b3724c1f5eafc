// TCP: options of its own level and of SOL_SOCKET (tcp(7)).
#include "tcp.h"

static void values(int s, const char* what) {
    SAY("%s", what);
    static const int options[] = {
        TCP_NODELAY,  TCP_MAXSEG,       TCP_CORK,    TCP_KEEPIDLE,     TCP_KEEPINTVL,
        TCP_KEEPCNT,  TCP_SYNCNT,       TCP_LINGER2, TCP_DEFER_ACCEPT, TCP_WINDOW_CLAMP,
        TCP_QUICKACK, TCP_USER_TIMEOUT, 200};
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        if (options[i] != TCP_MAXSEG || what[0] == 'n')
            SAY("option %d is %d", options[i], number_of(s, IPPROTO_TCP, options[i]));
        static const int tried[] = {1, 0, 5, -1, 127, 128, 300, 40000};
        for (size_t j = 0; j < ARRAY_SIZE(tried); j++) {
            const int set = set_number(s, IPPROTO_TCP, options[i], tried[j]);
            const int error = errno;
            if (options[i] == TCP_MAXSEG)
                SAY("  set to %d: %s", tried[j], set < 0 ? error_name(error) : "ok");
            else
                SAY("  set to %d: %s, now %d", tried[j], set < 0 ? error_name(error) : "ok",
                    number_of(s, IPPROTO_TCP, options[i]));
        }
        char byte = 1;
        SAY("  a byte: %s", setsockopt(s, IPPROTO_TCP, options[i], &byte, 1) < 0 ? error_name(errno) : "ok");
        SAY("  bad: %s", setsockopt(s, IPPROTO_TCP, options[i], (void*)8, 4) < 0 ? error_name(errno) : "ok");
    }
}

int main(void) {
    loopback_up();
    int s = OK(socket(AF_INET, SOCK_STREAM, 0));
    values(s, "new");
    close(s);
    int c[2];
    connection(c, 6200);
    values(c[0], "connected");
    close(c[0]), close(c[1]);
    connection(c, 6201);
    char name[16] = "";
    socklen_t size = sizeof name;
    OK(getsockopt(c[0], IPPROTO_TCP, TCP_CONGESTION, name, &size));
    SAY("congestion %s, %d bytes", name, (int)size);
    FAILS(ENOENT, setsockopt(c[0], IPPROTO_TCP, TCP_CONGESTION, "nothing", 7));
    OK(setsockopt(c[0], IPPROTO_TCP, TCP_CONGESTION, "cubic", 5));
    struct tcp_info info;
    size = sizeof info;
    OK(getsockopt(c[0], IPPROTO_TCP, TCP_INFO, &info, &size));
    SAY("state %d, options %d, pmtu %u, cwnd %u", info.tcpi_state, info.tcpi_options & 7, info.tcpi_pmtu,
        info.tcpi_snd_cwnd);
    size = 1;
    OK(getsockopt(c[0], IPPROTO_TCP, TCP_INFO, &info, &size));
    SAY("a byte of it: %d", (int)size);
    SAY("ttl %d, tos %d", number_of(c[0], IPPROTO_IP, IP_TTL), number_of(c[0], IPPROTO_IP, IP_TOS));
    SAY("keeps alive %d, reuses %d, oob inline %d", number_of(c[0], SOL_SOCKET, SO_KEEPALIVE),
        number_of(c[0], SOL_SOCKET, SO_REUSEADDR), number_of(c[1], SOL_SOCKET, SO_REUSEADDR));
    SAY("another level: %s", set_number(c[0], 99, 1, 1) < 0 ? error_name(errno) : "ok");
    int count = -1;
    OK(ioctl(c[0], TIOCOUTQ, &count));
    SAY("not acknowledged %d", count);
    OK(set_number(c[0], SOL_SOCKET, SO_SNDBUF, 5000));
    OK(set_number(c[0], SOL_SOCKET, SO_RCVBUF, 5000));
    SAY("buffers %d and %d", number_of(c[0], SOL_SOCKET, SO_SNDBUF), number_of(c[0], SOL_SOCKET, SO_RCVBUF));
    close(c[0]), close(c[1]);
    return done();
}
