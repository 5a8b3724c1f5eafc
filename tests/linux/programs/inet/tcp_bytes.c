// TCP: bytes on their way: order, sizes, flags, buffers, epoll, sendfile and splice (tcp(7)).
#include "tcp.h"

#include <sys/epoll.h>

/// musl has it only with _GNU_SOURCE before the first include.
static ssize_t move(int from, int to, size_t size, unsigned how) {
    return syscall(SYS_splice, from, NULL, to, NULL, size, how);
}

static char many[1 << 20], got[1 << 20];

static void flags(void) {
    int c[2];
    char text[64];
    connection(c, 6100);
    FAILS(EAGAIN, recv(c[1], text, 10, MSG_DONTWAIT));
    IS(0, send(c[0], "", 0, 0));
    IS(5, send(c[0], "first", 5, 0));
    IS(6, send(c[0], "second", 6, 0));
    settle();
    int count = 0;
    OK(ioctl(c[1], FIONREAD, &count));
    SAY("readable %d", count);
    IS(3, recv(c[1], text, 3, MSG_PEEK));
    IS(7, recv(c[1], text, 7, 0));
    SAY("%.7s", text);
    IS(2, recv(c[1], NULL, 2, MSG_TRUNC));
    IS(2, recv(c[1], text, 64, 0));
    SAY("%.2s", text);
    FAILS(EFAULT, send(c[0], (void*)8, 5, 0));
    IS(4, send(c[0], "bad!", 4, 0));
    settle();
    FAILS(EFAULT, recv(c[1], (void*)8, 5, 0));
    IS(4, recv(c[1], text, 5, 0));
    pid_t child = fork();
    if (child == 0) {
        send(c[0], "abc", 3, 0);
        settle();
        send(c[0], "def", 3, 0);
        _exit(0);
    }
    IS(6, recv(c[1], text, 6, MSG_WAITALL));
    TRUE(waitpid(child, NULL, 0) == child);
    SAY("%.6s", text);
    IS(3, send(c[0], "abc", 3, 0));
    OK(shutdown(c[0], SHUT_WR));
    IS(3, recv(c[1], text, 6, MSG_WAITALL));
    IS(0, recv(c[1], text, 6, 0));
    struct sockaddr_in name = at("127.0.0.1", 1);
    SAY("a name in sendto: %s", result_of(sendto(c[1], "x", 1, 0, (void*)&name, sizeof name)));
    socklen_t size = sizeof name;
    IS(1, recvfrom(c[0], text, 1, 0, (void*)&name, &size));
    SAY("the name has %d bytes", (int)size);
    close(c[0]), close(c[1]);
}

static void large(void) {
    int c[2];
    connection(c, 6101);
    for (size_t i = 0; i < sizeof many; i++) many[i] = (i * 2654435761u) >> 13;
    pid_t child = fork();
    if (child == 0) {
        close(c[1]);
        for (size_t at_byte = 0; at_byte < sizeof many;) {
            const long n =
                send(c[0], many + at_byte, sizeof many - at_byte < 70001 ? sizeof many - at_byte : 70001, 0);
            if (n <= 0) _exit(1);
            at_byte += n;
        }
        _exit(0);
    }
    close(c[0]);
    size_t received = 0;
    for (long n; received < sizeof got && (n = recv(c[1], got + received, sizeof got - received, 0)) > 0;)
        received += n;
    SAY("%zu bytes, same %d", received, memcmp(many, got, sizeof many) == 0);
    TRUE(waitpid(child, NULL, 0) == child);
    IS(0, recv(c[1], got, 1, 0));
    close(c[1]);
    // Without a reader a writer comes to an end.
    connection(c, 6102);
    OK(fcntl(c[0], F_SETFL, O_NONBLOCK));
    size_t sent = 0;
    for (int quiet = 0; quiet < 3;) {
        const long n = send(c[0], many, 30000, 0);
        if (n < 0) {
            if (errno != EAGAIN) SAY("%s", error_name(errno));
            ++quiet, settle();
        } else {
            sent += n, quiet = 0;
        }
    }
    show_events("full", c[0]);
    SAY("more than both buffers at first: %d", sent > 100000);
    received = 0;
    for (long n; (n = recv(c[1], got, sizeof got, MSG_DONTWAIT)) > 0 || received < sent;) {
        if (n > 0)
            received += n;
        else
            settle();
    }
    SAY("all came: %d", received == sent);
    show_events("empty again", c[0]);
    close(c[0]), close(c[1]);
}

static void edges(void) {
    int c[2];
    char text[64];
    connection(c, 6103);
    const int e = OK(epoll_create1(0));
    struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, {0}};
    OK(epoll_ctl(e, EPOLL_CTL_ADD, c[1], &event));
    struct epoll_event seen;
    IS(1, epoll_wait(e, &seen, 1, 0));
    SAY("at first %#x", seen.events);
    IS(0, epoll_wait(e, &seen, 1, 0));
    IS(1, send(c[0], "a", 1, 0));
    IS(1, epoll_wait(e, &seen, 1, 1000));
    SAY("a byte %#x", seen.events);
    IS(0, epoll_wait(e, &seen, 1, 0));
    IS(1, send(c[0], "b", 1, 0));
    IS(1, epoll_wait(e, &seen, 1, 1000));
    SAY("another %#x", seen.events);
    IS(2, recv(c[1], text, 64, 0));
    IS(0, epoll_wait(e, &seen, 1, 0));
    OK(shutdown(c[0], SHUT_WR));
    IS(1, epoll_wait(e, &seen, 1, 1000));
    SAY("the end %#x", seen.events);
    OK(shutdown(c[1], SHUT_WR));
    settle();
    IS(1, epoll_wait(e, &seen, 1, 1000));
    SAY("both ends %#x", seen.events);
    close(c[0]), close(c[1]), close(e);
}

static void files(void) {
    int c[2], p[2];
    char text[64];
    connection(c, 6104);
    const int f = OK(open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0600));
    IS(10, write(f, "0123456789", 10));
    off_t offset = 2;
    IS(5, sendfile(c[0], f, &offset, 5));
    settle();
    IS(5, recv(c[1], text, 64, 0));
    SAY("%.5s, offset %d", text, (int)offset);
    OK(pipe(p));
    IS(6, write(p[1], "piped!", 6));
    IS(6, move(p[0], c[0], 100, 0));
    settle();
    IS(6, move(c[1], p[1], 100, 0));
    IS(6, read(p[0], text, 64));
    SAY("%.6s", text);
    FAILS(ESPIPE, lseek(c[0], 0, SEEK_SET));
    FAILS(ESPIPE, pread(c[0], text, 1, 0));
    struct iovec pieces[] = {{"one", 3}, {"", 0}, {"two", 3}};
    IS(6, writev(c[0], pieces, 3));
    settle();
    IS(6, read(c[1], text, 64));
    close(c[0]), close(c[1]);
}

static void urgent(void) {
    int c[2];
    char text[64];
    connection(c, 6105);
    IS(3, send(c[0], "abc", 3, 0));
    IS(1, send(c[0], "!", 1, MSG_OOB));
    IS(3, send(c[0], "def", 3, 0));
    settle();
    show_events("urgent", c[1]);
    SAY("at the mark: %d", sockatmark(c[1]));
    IS(3, recv(c[1], text, 64, 0));
    SAY("%.3s, at the mark: %d", text, sockatmark(c[1]));
    IS(1, recv(c[1], text, 64, MSG_OOB));
    SAY("%.1s", text);
    FAILS(EINVAL, recv(c[1], text, 64, MSG_OOB));
    IS(3, recv(c[1], text, 64, 0));
    SAY("%.3s", text);
    OK(set_number(c[1], SOL_SOCKET, SO_OOBINLINE, 1));
    IS(2, send(c[0], "x!", 2, MSG_OOB));
    IS(1, send(c[0], "y", 1, 0));
    settle();
    IS(1, recv(c[1], text, 64, 0));
    IS(2, recv(c[1], text, 64, 0));
    SAY("%.2s", text);
    FAILS(EINVAL, recv(c[1], text, 64, MSG_OOB));
    close(c[0]), close(c[1]);
}

int main(void) {
    loopback_up();
    signal(SIGPIPE, SIG_IGN);
    flags();
    large();
    edges();
    files();
    urgent();
    return done();
}
