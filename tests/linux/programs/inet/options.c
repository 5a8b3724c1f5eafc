// Options of the levels SOL_SOCKET and IP, and the control data that they bring (ip(7)).
#include "check.h"
#include "inet.h"

static void values(int type, const char* what) {
    const int s = OK(socket(AF_INET, type, type == SOCK_RAW ? 1 : 0));
    SAY("%s", what);
    static const int options[] = {IP_TOS,
                                  IP_TTL,
                                  IP_HDRINCL,
                                  IP_RECVOPTS,
                                  IP_PKTINFO,
                                  IP_MTU_DISCOVER,
                                  IP_RECVERR,
                                  IP_RECVTTL,
                                  IP_RECVTOS,
                                  IP_MTU,
                                  IP_FREEBIND,
                                  IP_ORIGDSTADDR,
                                  IP_MINTTL,
                                  IP_BIND_ADDRESS_NO_PORT,
                                  IP_MULTICAST_IF,
                                  IP_MULTICAST_TTL,
                                  IP_MULTICAST_LOOP,
                                  IP_MULTICAST_ALL,
                                  IP_UNICAST_IF};
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        // These two need what is not there yet on one side.
        if (options[i] == IP_RECVOPTS) continue;
        SAY("option %d is %d", options[i], number_of(s, IPPROTO_IP, options[i]));
        static const int tried[] = {0, 1, -1, 5, 64, 255, 256};
        for (size_t j = 0; j < ARRAY_SIZE(tried); j++) {
            const int set = set_number(s, IPPROTO_IP, options[i], tried[j]);
            const int error = errno;
            SAY("  set to %d: %s, now %d", tried[j], set < 0 ? error_name(error) : "ok",
                number_of(s, IPPROTO_IP, options[i]));
        }
        unsigned char byte = 3;
        const int set = setsockopt(s, IPPROTO_IP, options[i], &byte, 1);
        SAY("  a byte: %s", set < 0 ? error_name(errno) : "ok");
        byte = 0xee;
        socklen_t size = 1;
        const int got = getsockopt(s, IPPROTO_IP, options[i], &byte, &size);
        SAY("  read as a byte: %s, size %d", got < 0 ? error_name(errno) : "ok", got < 0 ? 0 : (int)size);
        SAY("  nothing: %s", setsockopt(s, IPPROTO_IP, options[i], &byte, 0) < 0 ? error_name(errno) : "ok");
        SAY("  bad: %s", setsockopt(s, IPPROTO_IP, options[i], (void*)8, 4) < 0 ? error_name(errno) : "ok");
    }
    FAILS(EINVAL, setsockopt(s, IPPROTO_IP, IP_TTL, "xxxx", -1));
    SAY("another level: %s", set_number(s, 99, 1, 1) < 0 ? error_name(errno) : "ok");
    SAY("and read: %s", number_of(s, 99, 1) == -ENOPROTOOPT  ? "ENOPROTOOPT"
                        : number_of(s, 99, 1) == -EOPNOTSUPP ? "EOPNOTSUPP"
                                                             : "else");
    close(s);
}

static void device(void) {
    const int s = OK(socket(AF_INET, SOCK_DGRAM, 0));
    char name[IFNAMSIZ] = "?";
    socklen_t size = sizeof name;
    OK(getsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, name, &size));
    SAY("bound to %d bytes", (int)size);
    FAILS(ENODEV, setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "none", 5));
    OK(setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
    size = sizeof name;
    OK(getsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, name, &size));
    SAY("bound to %s, %d bytes", name, (int)size);
    size = 3;
    SAY("little room: %s",
        getsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, name, &size) < 0 ? error_name(errno) : "ok");
    OK(setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "", 0));
    close(s);
}

/// CMSG_NXTHDR of musl compares numbers with and without a sign.
static struct cmsghdr* next_header(struct msghdr* message, struct cmsghdr* c) {
    char* next = (char*)c + CMSG_ALIGN(c->cmsg_len);
    char* end = (char*)message->msg_control + message->msg_controllen;
    return next + sizeof *c <= end ? (struct cmsghdr*)next : NULL;
}

static void show_control(struct msghdr* message) {
    for (struct cmsghdr* c = CMSG_FIRSTHDR(message); c; c = next_header(message, c)) {
        char text[200] = "";
        const int shown = c->cmsg_level == SOL_SOCKET ? 0 : (int)(c->cmsg_len - CMSG_LEN(0));
        for (int i = 0; i < shown; i++) sprintf(text + strlen(text), " %02x", CMSG_DATA(c)[i]);
        SAY("  level %d type %d size %zu:%s", c->cmsg_level, c->cmsg_type, (size_t)c->cmsg_len, text);
    }
}

static void control(void) {
    const int s = OK(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)), t = OK(socket(AF_INET, SOCK_DGRAM, 0));
    OK(bind_at(s, "0.0.0.0", 5000));
    static const int wanted[] = {IP_PKTINFO, IP_RECVTTL, IP_RECVTOS};
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) OK(set_number(s, IPPROTO_IP, wanted[i], 1));
    OK(set_number(s, SOL_SOCKET, SO_TIMESTAMP, 1));
    OK(set_number(t, IPPROTO_IP, IP_TTL, 33));
    OK(set_number(t, IPPROTO_IP, IP_TOS, 0x10));
    IS(3, send_at(t, "abc", 3, "127.0.0.3", 5000));
    char text[16], space[512];
    struct iovec piece = {text, sizeof text};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    IS(3, recvmsg(s, &message, 0));
    show_control(&message);
    // What a sender says of one packet.
    struct sockaddr_in to = at("127.0.0.1", 5000);
    char own[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(int))] = "";
    struct msghdr out = {.msg_name = &to,
                         .msg_namelen = sizeof to,
                         .msg_iov = &piece,
                         .msg_iovlen = 1,
                         .msg_control = own,
                         .msg_controllen = sizeof own};
    struct cmsghdr* c = CMSG_FIRSTHDR(&out);
    *c = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    struct in_pktinfo info = {.ipi_spec_dst = at("127.0.0.9", 0).sin_addr};
    memcpy(CMSG_DATA(c), &info, sizeof info);
    c = next_header(&out, c);
    *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_TTL};
    *(int*)CMSG_DATA(c) = 77;
    c = next_header(&out, c);
    *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_TOS};
    *(int*)CMSG_DATA(c) = 8;
    IS(16, sendmsg(t, &out, 0));
    struct sockaddr_in from;
    message = (struct msghdr){.msg_name = &from,
                              .msg_namelen = sizeof from,
                              .msg_iov = &piece,
                              .msg_iovlen = 1,
                              .msg_control = space,
                              .msg_controllen = sizeof space};
    IS(16, recvmsg(s, &message, 0));
    show_inet("from", &from, message.msg_namelen);
    show_control(&message);
    c = CMSG_FIRSTHDR(&out);
    out.msg_controllen = CMSG_SPACE(sizeof(int));
    *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_TTL};
    *(int*)CMSG_DATA(c) = 0;
    FAILS(EINVAL, sendmsg(t, &out, 0));
    c->cmsg_type = 99;
    FAILS(EINVAL, sendmsg(t, &out, 0));
    c->cmsg_level = 99;
    IS(16, sendmsg(t, &out, 0));
    message.msg_control = space, message.msg_controllen = 20;
    IS(16, recvmsg(s, &message, 0));
    SAY("little room: flags %#x, %zu bytes", message.msg_flags, (size_t)message.msg_controllen);
    close(s), close(t);
}

static void errors(void) {
    const int t = OK(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    char text[64], space[512];
    struct sockaddr_in name;
    struct iovec piece = {text, sizeof text};
    struct msghdr message = {.msg_name = &name,
                             .msg_namelen = sizeof name,
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = space,
                             .msg_controllen = sizeof space};
    FAILS(EAGAIN, recvmsg(t, &message, MSG_ERRQUEUE));
    OK(set_number(t, IPPROTO_IP, IP_RECVERR, 1));
    IS(5, send_at(t, "where", 5, "127.0.0.1", 4999));
    show_events("an error waits", t);
    FAILS(ECONNREFUSED, recv(t, text, 64, 0));
    const long got = recvmsg(t, &message, MSG_ERRQUEUE);
    SAY("of the packet: %s '%.*s', flags %#x", result_of(got), got > 0 ? (int)got : 0, text,
        message.msg_flags);
    show_inet("it went to", &name, message.msg_namelen);
    show_control(&message);
    show_events("after it", t);
    close(t);
}

/// bind with port 0 leaves the choice to connect.
static void late_port(void) {
    const int l = OK(socket(AF_INET, SOCK_STREAM, 0)), s = OK(socket(AF_INET, SOCK_STREAM, 0));
    OK(bind_at(l, "127.0.0.1", 5600));
    OK(listen(l, 1));
    OK(set_number(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1));
    OK(bind_at(s, "127.0.0.7", 0));
    show_own("bound", s);
    OK(connect_at(s, "127.0.0.1", 5600));
    show_own("connected", s);
    close(s), close(l);
}

int main(void) {
    loopback_up();
    values(SOCK_DGRAM, "datagram");
    values(SOCK_RAW, "raw");
    device();
    control();
    errors();
    late_port();
    return done();
}
