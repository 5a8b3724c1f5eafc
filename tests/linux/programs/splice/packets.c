// splice() and sendfile() from sockets of packets: how much of a packet moves, and into how many pages of a pipe.
#include "check.h"

#include <sys/sendfile.h>
#include <sys/socket.h>

static int s[2], ends[2];
static char text[200000], got_text[200000];

static void make(int type) {
    OK(socketpair(AF_UNIX, type, 0, s));
    OK(pipe2(ends, O_NONBLOCK));
}
static void drop(void) { close(s[0]), close(s[1]), close(ends[0]), close(ends[1]); }

/// Reads the pipe empty, and looks whether that is the beginning of `text`.
static long drained(void) {
    long total = 0, count;
    while ((count = read(ends[0], got_text + total, sizeof got_text - total)) > 0) total += count;
    return memcmp(text, got_text, total) == 0 ? total : -total;
}

/// How many writes of a page each the pipe takes still.
static int room(void) {
    int pages = 0;
    while (write(ends[1], text, 4096) == 4096) ++pages;
    return pages;
}

int main(void) {
    for (size_t i = 0; i < sizeof text; ++i) text[i] = 'a' + i % 23 + i / 4096 % 3;
    const int types[] = {SOCK_SEQPACKET, SOCK_DGRAM};
    for (int t = 0; t < 2; ++t) {
        // A packet of several pages moves as one.
        make(types[t]);
        IS(10000, write(s[1], text, 10000));
        IS(10000, splice(s[0], NULL, ends[1], NULL, sizeof text, 0));
        IS(13, room());
        IS(10000 + 13 * 4096, labs(drained()));
        IS(5000, write(s[1], text, 5000));
        IS(4097, splice(s[0], NULL, ends[1], NULL, 4097, 0));
        IS(4097, drained());
        // What does not fit into the pipe is lost.
        for (int i = 0; i < 14; ++i) IS(1, vmsplice(ends[1], &(struct iovec){text, 1}, 1, 0));
        IS(20000, write(s[1], text, 20000));
        IS(8192, splice(s[0], NULL, ends[1], NULL, sizeof text, 0));
        FAILS(EAGAIN, recv(s[0], got_text, 100, MSG_DONTWAIT));
        IS(14 + 8192, labs(drained()));
        IS(100000, write(s[1], text, 100000));
        IS(65536, splice(s[0], NULL, ends[1], NULL, sizeof text, 0));
        IS(65536, drained());
        OK(fcntl(ends[1], F_SETPIPE_SZ, 1 << 18));
        IS(100000, write(s[1], text, 100000));
        IS(100000, splice(s[0], NULL, ends[1], NULL, sizeof text, 0));
        IS(100000, drained());
        // sendfile moves one packet as well, and only into a pipe.
        IS(7000, write(s[1], text, 7000));
        IS(10, write(s[1], text, 10));
        IS(7000, sendfile(ends[1], s[0], NULL, sizeof text));
        IS(7000, drained());
        int file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
        FAILS(EINVAL, sendfile(file, s[0], NULL, 100));
        IS(10, splice(s[0], NULL, ends[1], NULL, 10, 0));
        IS(10, drained());
        close(file);
        // Who wants no bytes gets them at once, and the packet stays.
        OK(fcntl(s[0], F_SETFL, O_NONBLOCK));
        IS(0, sendfile(ends[1], s[0], NULL, 0));
        IS(3, write(s[1], text, 3));
        IS(0, sendfile(ends[1], s[0], NULL, 0));
        IS(3, recv(s[0], got_text, 100, MSG_DONTWAIT));
        drop();
    }
    // A stream is waited for even by who wants no bytes.
    make(SOCK_STREAM);
    OK(fcntl(s[0], F_SETFL, O_NONBLOCK));
    FAILS(EAGAIN, sendfile(ends[1], s[0], NULL, 0));
    IS(3, write(s[1], text, 3));
    IS(0, sendfile(ends[1], s[0], NULL, 0));
    IS(3, recv(s[0], got_text, 100, MSG_DONTWAIT));
    OK(fcntl(s[0], F_SETFL, 0));
    // Not even a stream that may wait does so where the pipe may not.
    FAILS(EAGAIN, sendfile(ends[1], s[0], NULL, 0));
    FAILS(EAGAIN, sendfile(ends[1], s[0], NULL, 100));
    OK(fcntl(ends[1], F_SETFL, 0));
    OK(fcntl(s[0], F_SETFL, O_NONBLOCK));
    FAILS(EAGAIN, sendfile(ends[1], s[0], NULL, 0));
    OK(fcntl(s[0], F_SETFL, 0));
    pid_t child = SPAWN(nap_ms(50); write(s[1], "late", 4));
    IS(0, sendfile(ends[1], s[0], NULL, 0));
    check_end(child, "exit 0");
    IS(4, recv(s[0], got_text, 100, MSG_DONTWAIT));
    close(s[1]);
    s[1] = -1;
    IS(0, sendfile(ends[1], s[0], NULL, 0));
    drop();
    return done();
}
