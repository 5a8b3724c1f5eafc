// What the programs about TCP share.
#pragma once

#include "check.h"
#include "inet.h"

static const char* const tcp_states[] = {"?",          "ESTABLISHED", "SYN-SENT",  "SYN-RECV",
                                         "FIN-WAIT-1", "FIN-WAIT-2",  "TIME-WAIT", "CLOSED",
                                         "CLOSE-WAIT", "LAST-ACK",    "LISTEN",    "CLOSING"};
static inline const char* state_of(int s) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(s, IPPROTO_TCP, TCP_INFO, &info, &size) < 0) return error_name(errno);
    return info.tcpi_state < ARRAY_SIZE(tcp_states) ? tcp_states[info.tcpi_state] : "?";
}
static inline void show(const char* what, int s) {
    SAY("%s: %s", what, state_of(s));
    show_events(what, s);
}
/// What both ends do after each other's last segment takes a moment of another thread on some kernels.
static inline void settle(void) { usleep(20000); }
static inline int listener_at(int port, int backlog) {
    const int s = socket(AF_INET, SOCK_STREAM, 0);
    set_number(s, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind_at(s, "127.0.0.1", port) < 0 || listen(s, backlog) < 0)
        SAY("no listener: %s", error_name(errno));
    return s;
}
/// A connection: [0] has called connect, [1] is what accept gave.
static inline void connection(int pair[2], int port) {
    const int s = listener_at(port, 5);
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (connect_at(pair[0], "127.0.0.1", port) < 0) SAY("no connection: %s", error_name(errno));
    pair[1] = accept(s, NULL, NULL);
    close(s);
}
