// socket(AF_INET): which types and protocols there are, and the names of new sockets (ip(7)).
#include "check.h"
#include "inet.h"

int main(void) {
    loopback_up();
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, 7, 11, 15};
    static const int protocols[] = {0, 1, 6, 17, 2, 132, 136, 255, 256, 263, -1, 1000};
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        for (size_t j = 0; j < ARRAY_SIZE(protocols); j++) {
            // What a kernel is built with or loads: SCTP, UDP-Lite, ICMP for users.
            const int protocol = protocols[j];
            if (protocol == 132 || protocol == 136 || protocol == 256) continue;
            const int s = socket(AF_INET, types[i], protocol);
            SAY("type %d protocol %d: %s", types[i], protocol, s < 0 ? error_name(errno) : "ok");
            if (s < 0) continue;
            SAY("  type %d domain %d protocol %d", number_of(s, SOL_SOCKET, SO_TYPE),
                number_of(s, SOL_SOCKET, SO_DOMAIN), number_of(s, SOL_SOCKET, SO_PROTOCOL));
            show_own("  own", s);
            show_other("  it", s);
            close(s);
        }
    int pair[2];
    FAILS(EOPNOTSUPP, socketpair(AF_INET, SOCK_STREAM, 0, pair));
    FAILS(EOPNOTSUPP, socketpair(AF_INET, SOCK_DGRAM, 0, pair));
    FAILS(EINVAL, socket(AF_INET, SOCK_DGRAM | 0x100, 0));
    const int s = OK(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    SAY("nonblocking %d, close on exec %d", (fcntl(s, F_GETFL) & O_NONBLOCK) != 0, fcntl(s, F_GETFD));
    CHILD("exit 0", {
        OK(setuid(1000));
        FAILS(EPERM, socket(AF_INET, SOCK_RAW, 1));
        const int u = OK(socket(AF_INET, SOCK_DGRAM, 0));
        FAILS(EACCES, bind_at(u, "127.0.0.1", 80));
        OK(bind_at(u, "127.0.0.1", 8080));
        exit(0);
    });
    return done();
}
