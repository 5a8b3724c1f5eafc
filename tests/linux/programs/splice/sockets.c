// splice() from Unix sockets: who waits, how much moves at once, what it leaves.
#include <sys/socket.h>
#include "check.h"

static int s[2], ends[2];
static char text[70000];

static void make(int type) {
    OK(socketpair(AF_UNIX, type, 0, s));
    OK(pipe(ends));
}
static void drop(void) { close(s[0]), close(s[1]), close(ends[0]), close(ends[1]); }

int main(void) {
    // A stream looks at the flag of the call, as well as at that of the socket.
    make(SOCK_STREAM);
    FAILS(EAGAIN, splice(s[0], NULL, ends[1], NULL, 100, SPLICE_F_NONBLOCK));
    IS(3, write(s[1], "abc", 3));
    IS(2, splice(s[0], NULL, ends[1], NULL, 2, SPLICE_F_NONBLOCK));
    IS(1, splice(s[0], NULL, ends[1], NULL, 100, SPLICE_F_NONBLOCK));
    FAILS(EAGAIN, splice(s[0], NULL, ends[1], NULL, 100, SPLICE_F_NONBLOCK | SPLICE_F_MORE));
    // All that has come moves at once.
    IS(2, write(s[1], "de", 2));
    IS(3, write(s[1], "fgh", 3));
    IS(5, splice(s[0], NULL, ends[1], NULL, 100, 0));
    IS(8, read(ends[0], text, sizeof text));
    SAY("%s", text);
    IS(10000, write(s[1], text, 10000));
    IS(10000, splice(s[0], NULL, ends[1], NULL, 70000, 0));
    IS(10000, read(ends[0], text, sizeof text));
    SAY("%.8s", text);
    pid_t child = SPAWN(nap_ms(50); write(s[1], "late", 4));
    IS(4, splice(s[0], NULL, ends[1], NULL, 100, 0));
    check_end(child, "exit 0");
    close(s[1]);
    s[1] = -1;
    IS(0, splice(s[0], NULL, ends[1], NULL, 100, SPLICE_F_NONBLOCK));
    drop();

    // One packet at a time.
    make(SOCK_SEQPACKET);
    IS(2, write(s[1], "ij", 2));
    IS(2, write(s[1], "kl", 2));
    IS(2, splice(s[0], NULL, ends[1], NULL, 100, SPLICE_F_NONBLOCK));
    IS(1, splice(s[0], NULL, ends[1], NULL, 1, 0));
    OK(fcntl(s[0], F_SETFL, O_NONBLOCK));
    FAILS(EAGAIN, splice(s[0], NULL, ends[1], NULL, 100, 0));
    IS(3, read(ends[0], text, sizeof text));
    SAY("%.3s", text);
    drop();

    // Packets wait whatever the call says.
    make(SOCK_DGRAM);
    child = SPAWN(nap_ms(50); write(s[1], "late", 4));
    IS(4, splice(s[0], NULL, ends[1], NULL, 100, SPLICE_F_NONBLOCK));
    check_end(child, "exit 0");
    drop();
    return done();
}
