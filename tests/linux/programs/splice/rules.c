// splice(), tee() and vmsplice(): flags, offsets, what is refused, who waits, SIGPIPE.
#include "check.h"

static int ends[2], others[2];
static char text[70000];

static void nothing(int signal) { (void)signal; }

int main(void) {
    make_file("f", "0123456789", 0644);
    int fd = open("f", O_RDWR);
    pipe(ends), pipe(others);
    IS(0, splice(-1, NULL, -1, NULL, 0, 99));
    FAILS(EINVAL, splice(-1, NULL, -1, NULL, 1, 16));
    FAILS(EBADF, splice(-1, NULL, ends[1], NULL, 1, 0));
    FAILS(EBADF, splice(ends[0], NULL, -1, NULL, 1, 0));
    FAILS(EINVAL, tee(-1, -1, 0, 16));
    IS(0, tee(-1, -1, 0, 0));
    FAILS(EBADF, tee(-1, -1, 1, 0));
    FAILS(EINVAL, vmsplice(-1, NULL, 0, 16));
    FAILS(EBADF, vmsplice(-1, NULL, 0, 0));
    IS(0, vmsplice(fd, NULL, 0, 0));
    FAILS(EFAULT, vmsplice(ends[1], unmapped(), 1, 0));
    FAILS(EINVAL, vmsplice(ends[1], NULL, 1025, 0));
    struct iovec piece = {text, 5};
    FAILS(EBADF, vmsplice(fd, &piece, 1, 0));
    FAILS(EFAULT, vmsplice(ends[1], (struct iovec[]){{unmapped(), 5}}, 1, 0));
    IS(0, vmsplice(ends[1], (struct iovec[]){{unmapped(), 0}}, 1, 0));
    FAILS(EINVAL, splice(fd, NULL, fd, NULL, 1, 0));
    FAILS(EINVAL, splice(ends[0], NULL, ends[1], NULL, 1, 0));
    FAILS(EINVAL, tee(ends[0], ends[1], 1, 0));
    FAILS(EINVAL, tee(fd, ends[1], 1, 0));
    FAILS(EBADF, tee(ends[1], others[1], 1, 0));
    off_t at = 2;
    FAILS(ESPIPE, splice(ends[0], &at, fd, NULL, 1, 0));
    FAILS(ESPIPE, splice(fd, NULL, ends[1], &at, 1, 0));
    FAILS(EFAULT, splice(fd, unmapped(), ends[1], NULL, 1, 0));
    FAILS(EAGAIN, splice(ends[0], NULL, fd, NULL, 1, SPLICE_F_NONBLOCK));
    FAILS(EAGAIN, tee(ends[0], others[1], 1, SPLICE_F_NONBLOCK));
    FAILS(EAGAIN, vmsplice(ends[0], &piece, 1, SPLICE_F_NONBLOCK));

    // The pipe refers to pages: of the file, of memory, of another pipe.
    IS(4, splice(fd, &at, ends[1], NULL, 4, SPLICE_F_MOVE | SPLICE_F_MORE));
    pwrite(fd, "xy", 2, 3);
    strcpy(text, "memory");
    IS(5, vmsplice(ends[1], &piece, 1, SPLICE_F_GIFT));
    text[0] = 'M';
    IS(7, tee(ends[0], others[1], 7, 0));
    IS(9, splice(ends[0], NULL, others[1], NULL, 100, SPLICE_F_NONBLOCK));
    char got[64] = "";
    IS(16, read(others[0], got, sizeof got));
    SAY("%s", got);
    FAILS(EAGAIN, splice(ends[0], NULL, others[1], NULL, 100, SPLICE_F_NONBLOCK));
    FAILS(EINVAL, splice(open("/dev/zero", O_RDONLY), NULL, ends[1], NULL, 100, 0));

    // Parts of pages stay in order, and a write is not put behind what somebody else refers to.
    write(ends[1], "abcdef", 6);
    IS(2, splice(ends[0], NULL, others[1], NULL, 2, 0));
    IS(3, tee(ends[0], others[1], 3, 0));
    write(ends[1], "ghi", 3);
    write(others[1], "123", 3);
    memset(got, 0, sizeof got);
    IS(8, read(others[0], got, sizeof got));
    SAY("%s", got);
    memset(got, 0, sizeof got);
    IS(7, read(ends[0], got, sizeof got));
    SAY("%s", got);

    // Sizes: what a pipe has room for, and what it has.
    int zero = open("large", O_RDWR | O_CREAT, 0600);
    ftruncate(zero, 1 << 20);
    IS(65536, splice(zero, NULL, ends[1], NULL, 1 << 20, 0));
    FAILS(EAGAIN, splice(zero, NULL, ends[1], NULL, 1, SPLICE_F_NONBLOCK));
    FAILS(EAGAIN, vmsplice(ends[1], &piece, 1, SPLICE_F_NONBLOCK));
    IS(65536, tee(ends[0], others[1], 1 << 20, 0));
    FAILS(EAGAIN, tee(ends[0], others[1], 1, SPLICE_F_NONBLOCK));
    at = 5;
    IS(65536, splice(ends[0], NULL, fd, &at, 1 << 20, 0));
    SAY("%ld", (long)at);
    IS(65536, splice(others[0], NULL, open("/dev/null", O_WRONLY), NULL, 1 << 20, 0));
    IS(4096, read(fd, text, 4096));
    FAILS(EINVAL, splice(ends[0], NULL, open("f", O_WRONLY | O_APPEND), NULL, 1, 0));

    // Waiting.
    pid_t child = SPAWN(nap_ms(50); write(ends[1], "late", 4));
    IS(4, splice(ends[0], NULL, fd, NULL, 100, 0));
    check_end(child, "exit 0");
    child = SPAWN(nap_ms(50); write(ends[1], "later", 5));
    IS(5, tee(ends[0], others[1], 100, 0));
    check_end(child, "exit 0");
    handle(SIGALRM, nothing, 0);
    IS(5, splice(ends[0], NULL, others[1], NULL, 100, 0));
    ualarm(50000, 0);
    FAILS(EINTR, splice(ends[0], NULL, others[1], NULL, 100, 0));
    IS(10, splice(others[0], NULL, fd, NULL, 100, 0));

    // No writer, no reader.
    close(ends[1]);
    IS(0, splice(ends[0], NULL, fd, NULL, 100, 0));
    IS(0, splice(ends[0], NULL, others[1], NULL, 100, 0));
    IS(0, tee(ends[0], others[1], 100, 0));
    close(others[0]);
    CHILD("SIGPIPE", splice(fd, NULL, others[1], NULL, 100, 0));
    CHILD("SIGPIPE", vmsplice(others[1], &piece, 1, 0));
    pipe(ends);
    write(ends[1], "x", 1);
    CHILD("SIGPIPE", splice(ends[0], NULL, others[1], NULL, 100, 0));
    CHILD("SIGPIPE", tee(ends[0], others[1], 100, 0));
    signal(SIGPIPE, SIG_IGN);
    FAILS(EPIPE, vmsplice(others[1], &piece, 1, 0));
    // To memory.
    memset(got, 0, sizeof got);
    write(ends[1], "hello", 5);
    IS(6, vmsplice(ends[0], (struct iovec[]){{got, 3}, {got + 10, 20}}, 2, 0));
    SAY("%s %s", got, got + 10);
    return done();
}
