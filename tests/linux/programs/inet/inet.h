// What the programs about sockets of the network share.
#pragma once

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

static inline struct sockaddr_in at(const char* address, int port) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &name.sin_addr);
    return name;
}
static inline int bind_at(int s, const char* address, int port) {
    const struct sockaddr_in name = at(address, port);
    return bind(s, (const void*)&name, sizeof name);
}
static inline int connect_at(int s, const char* address, int port) {
    const struct sockaddr_in name = at(address, port);
    return connect(s, (const void*)&name, sizeof name);
}
static inline long send_at(int s, const char* bytes, size_t size, const char* address, int port) {
    const struct sockaddr_in name = at(address, port);
    return sendto(s, bytes, size, MSG_DONTWAIT, (const void*)&name, sizeof name);
}
static inline int port_of(int s) {
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    getsockname(s, (void*)&name, &size);
    return ntohs(name.sin_port);
}
/// A port that the kernel has chosen is shown as "some".
static inline void show_inet(const char* what, const struct sockaddr_in* name, socklen_t size) {
    char text[64] = "?", port[16];
    inet_ntop(AF_INET, &name->sin_addr, text, sizeof text);
    snprintf(port, sizeof port, "%d", ntohs(name->sin_port));
    SAY("%s: %d bytes, family %d, %s:%s", what, (int)size, name->sin_family, text,
        ntohs(name->sin_port) >= 32768 ? "some" : port);
}
static inline void show_own(const char* what, int s) {
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    OK(getsockname(s, (void*)&name, &size));
    show_inet(what, &name, size);
}
static inline void show_other(const char* what, int s) {
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    if (getpeername(s, (void*)&name, &size) == 0)
        show_inet(what, &name, size);
    else
        SAY("%s has no peer: %s", what, error_name(errno));
}
static inline const char* result_of(long value) {
    static char text[32];
    snprintf(text, sizeof text, "%ld", value);
    return value < 0 ? error_name(errno) : text;
}
static inline int events_now(int fd) {
    struct pollfd one = {fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
    poll(&one, 1, 0);
    return one.revents;
}
static inline void show_events(const char* what, int fd) {
    const int events = events_now(fd);
    SAY("%s:%s%s%s%s%s%s", what, events & POLLIN ? " in" : "", events & POLLOUT ? " out" : "",
        events & POLLERR ? " err" : "", events & POLLHUP ? " hup" : "", events & POLLRDHUP ? " rdhup" : "",
        events & POLLPRI ? " pri" : "");
}
static inline int number_of(int s, int level, int option) {
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(s, level, option, &value, &size) == 0 ? value : -errno;
}
static inline int set_number(int s, int level, int option, int value) {
    return setsockopt(s, level, option, &value, sizeof value);
}
/// The loopback interface is down in a Linux that has no init.
static inline void loopback_up(void) {
    const int s = OK(socket(AF_INET, SOCK_DGRAM, 0));
    struct ifreq request = {.ifr_name = "lo"};
    OK(ioctl(s, SIOCGIFFLAGS, &request));
    request.ifr_flags |= IFF_UP;
    OK(ioctl(s, SIOCSIFFLAGS, &request));
    close(s);
}
