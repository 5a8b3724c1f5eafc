// poll(): each kind of readiness, on pipes, files, devices, closed descriptors; timeouts and errnos.
#include "check.h"

static const char* events(short bits) {
    static char text[64];
    snprintf(text, sizeof text, "%s%s%s%s%s", bits & POLLIN ? "IN " : "", bits & POLLOUT ? "OUT " : "",
             bits & POLLERR ? "ERR " : "", bits & POLLHUP ? "HUP " : "", bits & POLLNVAL ? "NVAL " : "");
    return text;
}

static void show(const char* what, int fd) {
    struct pollfd p = {fd, POLLIN | POLLOUT, 0};
    int ready = poll(&p, 1, 0);
    SAY("%s: %d %s", what, ready, events(p.revents));
}

int main(void) {
    int ends[2];
    static char big[65536];
    pipe(ends);
    show("empty pipe, reader", ends[0]), show("empty pipe, writer", ends[1]);
    write(ends[1], "x", 1);
    show("pipe with a byte, reader", ends[0]);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], big, 4096) > 0) continue;
    show("full pipe, writer", ends[1]);
    int reader = dup(ends[0]);
    close(ends[0]), close(reader);
    show("writer without reader", ends[1]);
    pipe(ends), write(ends[1], "x", 1), close(ends[1]);
    show("reader without writer, byte left", ends[0]);
    read(ends[0], big, 1);
    show("reader without writer", ends[0]);
    show("file", open("file", O_CREAT | O_RDWR, 0600));
    show("folder", open(".", O_RDONLY));
    show("/dev/null", open("/dev/null", O_RDWR));
    show("/dev/zero", open("/dev/zero", O_RDWR));
    show("closed", 99);
    mkfifo("fifo", 0600);
    show("fifo without writer", open("fifo", O_RDONLY | O_NONBLOCK));
    struct pollfd three[3] = {{-1, POLLIN, 9}, {99, POLLIN, 0}, {0, 0, 0}};
    IS(1, poll(three, 3, 0));
    SAY("negative: %d", three[0].revents);
    pipe(ends);
    struct pollfd p = {ends[0], POLLIN, 0};
    long start = now_ms();
    IS(0, poll(&p, 1, 60));
    TRUE(now_ms() - start >= 59);
    start = now_ms();
    IS(0, poll(NULL, 0, 30));
    TRUE(now_ms() - start >= 29);
    pid_t child = SPAWN(nap_ms(30); write(ends[1], "x", 1));
    IS(1, poll(&p, 1, -1));
    check_end(child, "exit 0");
    FAILS(EFAULT, poll(unmapped(), 1, 0));
    FAILS(EINVAL, poll(&p, 1 << 30, 0));
    FAILS(EFAULT, poll(KERNEL_ADDRESS, 0, 0));
    IS(0, poll(unmapped(), 0, 0));
    return done();
}
