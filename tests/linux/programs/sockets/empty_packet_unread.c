// A connection whose last unread packet has no bytes is closed, not reset.
#include "check.h"

#include <sys/socket.h>

static int s[2];

/// Sends packets of these sizes to an end that is closed without having read them, and says what the sender learns.
static void leave(int type, int first, int second) {
    OK(socketpair(AF_UNIX, type, 0, s));
    if (first >= 0) IS(first, send(s[0], "ab", first, 0));
    if (second >= 0) IS(second, send(s[0], "ab", second, 0));
    close(s[1]);
    int error = -1;
    socklen_t size = sizeof error;
    OK(getsockopt(s[0], SOL_SOCKET, SO_ERROR, &error, &size));
    SAY("%d %d: %s", first, second, error == 0 ? "closed" : error_name(error));
    FAILS(EPIPE, send(s[0], "x", 1, MSG_NOSIGNAL));
    close(s[0]);
}

int main(void) {
    const int types[] = {SOCK_STREAM, SOCK_SEQPACKET};
    for (int t = 0; t < 2; ++t) {
        leave(types[t], -1, -1);
        leave(types[t], 1, -1);
        leave(types[t], 0, -1);
        leave(types[t], 0, 0);
        leave(types[t], 0, 1);
        leave(types[t], 1, 0);
    }
    return done();
}
