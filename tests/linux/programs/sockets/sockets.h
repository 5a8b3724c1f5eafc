// What the programs about sockets share.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

static int signals_seen;
static inline void count_signal(int number) {
    (void)number;
    ++signals_seen;
}

static inline socklen_t path_name(struct sockaddr_un* name, const char* path) {
    memset(name, 0, sizeof *name);
    name->sun_family = AF_UNIX;
    strcpy(name->sun_path, path);
    return offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
}
static inline int bind_name(int s, const char* path) {
    struct sockaddr_un name;
    const socklen_t size = path_name(&name, path);
    return bind(s, (void*)&name, size);
}
static inline int connect_name(int s, const char* path) {
    struct sockaddr_un name;
    const socklen_t size = path_name(&name, path);
    return connect(s, (void*)&name, size);
}
static inline long send_to_name(int s, const char* text, const char* path) {
    struct sockaddr_un name;
    const socklen_t size = path_name(&name, path);
    return sendto(s, text, strlen(text), MSG_DONTWAIT, (void*)&name, size);
}
static inline socklen_t abstract_name(struct sockaddr_un* name, const char* bytes, size_t count) {
    memset(name, 0, sizeof *name);
    name->sun_family = AF_UNIX;
    memcpy(name->sun_path + 1, bytes, count);
    return offsetof(struct sockaddr_un, sun_path) + 1 + count;
}
static inline int bind_abstract(int s, const char* bytes, size_t count) {
    struct sockaddr_un name;
    const socklen_t size = abstract_name(&name, bytes, count);
    return bind(s, (void*)&name, size);
}
static inline int connect_abstract(int s, const char* bytes, size_t count) {
    struct sockaddr_un name;
    const socklen_t size = abstract_name(&name, bytes, count);
    return connect(s, (void*)&name, size);
}
static inline int nonblocking(int s) { return fcntl(s, F_SETFL, O_NONBLOCK) == 0 ? s : -1; }
static inline void alarm_in_ms(long milliseconds) {
    const struct itimerval once = {{0, 0}, {0, milliseconds * 1000}};
    setitimer(ITIMER_REAL, &once, NULL);
}
static inline int pipe_end(void) {
    int ends[2];
    return pipe(ends) == 0 ? ends[1] : -1;
}

static inline void show_address(const char* what, const struct sockaddr_un* name, socklen_t size) {
    char text[300] = "";
    for (socklen_t i = 2; i < size && i < sizeof *name; i++)
        sprintf(text + strlen(text), isprint(((const char*)name)[i]) ? "%c" : "\\%d", ((const char*)name)[i]);
    SAY("%s: %d bytes, family %d, '%s'", what, (int)size, size >= 2 ? name->sun_family : -1, text);
}
static inline void show_name(const char* what, int s) {
    struct sockaddr_un name;
    socklen_t size = sizeof name;
    OK(getsockname(s, (void*)&name, &size));
    show_address(what, &name, size);
}
static inline void show_peer(const char* what, int s) {
    struct sockaddr_un name;
    socklen_t size = sizeof name;
    if (getpeername(s, (void*)&name, &size) == 0)
        show_address(what, &name, size);
    else
        SAY("%s has no peer: %s", what, error_name(errno));
}
static inline int poll_now(int fd) {
    struct pollfd one = {fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
    poll(&one, 1, 0);
    return one.revents;
}
static inline void poll_events(const char* what, int fd) {
    const int events = poll_now(fd);
    SAY("%s:%s%s%s%s%s", what, events & POLLIN ? " in" : "", events & POLLOUT ? " out" : "",
        events & POLLERR ? " err" : "", events & POLLHUP ? " hup" : "", events & POLLRDHUP ? " rdhup" : "");
}
