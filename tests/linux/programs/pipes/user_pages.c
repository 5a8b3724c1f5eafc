// pipe-user-pages-soft and -hard: how much room the pipes of one user may have together.
#include "check.h"

static void set(const char* name, int value) {
    char path[64], text[16];
    snprintf(path, sizeof path, "/proc/sys/fs/%s", name);
    snprintf(text, sizeof text, "%d", value);
    int fd = OK(open(path, O_WRONLY));
    IS((ssize_t)strlen(text), write(fd, text, strlen(text)));
    OK(close(fd));
}

static long room(int fd) { return fcntl(fd, F_GETPIPE_SZ); }

static void of_a_user(void) {
    int ends[6][2];
    become_user(1000, 1000);
    for (int i = 0; i < 4; i++) {
        OK(pipe(ends[i]));
        IS(65536, room(ends[i][0]));
    }
    // 64 pages are held: above the soft limit there are small pipes still, and none grows.
    OK(pipe(ends[4]));
    IS(8192, room(ends[4][1]));
    FAILS(EPERM, fcntl(ends[4][1], F_SETPIPE_SZ, 16384));
    IS(4096, fcntl(ends[4][1], F_SETPIPE_SZ, 4096));
    FAILS(EPERM, fcntl(ends[4][1], F_SETPIPE_SZ, 8192));
    // 65 pages, and 66 are the most.
    FAILS(ENFILE, pipe(ends[5]));
    FAILS(ENFILE, pipe2(ends[5], O_DIRECT));
    FAILS(ENOMEM, open("given", O_RDWR));
    // One that shrinks makes room for others.
    IS(4096, fcntl(ends[0][0], F_SETPIPE_SZ, 4096));
    IS(4096, room(ends[0][1]));
    OK(pipe(ends[5]));
    SAY("the next has %ld", room(ends[5][0]));
    IS(32768, fcntl(ends[4][0], F_SETPIPE_SZ, 32768) < 0 ? -errno : 32768);
    // The pipes of a child count for the same user.
    CHILD("exit 0", OK(pipe(ends[5])); SAY("a child's has %ld", room(ends[5][0])));
    for (int i = 0; i < 4; i++) {
        OK(close(ends[i][0]));
        OK(close(ends[i][1]));
    }
    OK(pipe(ends[0]));
    IS(65536, room(ends[0][0]));
}

int main(void) {
    int ends[2];
    SAY("soft %s", content_of("/proc/sys/fs/pipe-user-pages-soft"));
    SAY("hard %s", content_of("/proc/sys/fs/pipe-user-pages-hard"));
    OK(mkfifo("given", 0666));
    OK(chmod("given", 0666));
    set("pipe-user-pages-soft", 64);
    set("pipe-user-pages-hard", 66);
    CHILD("exit 0", of_a_user());
    // The limits do not bind root.
    for (int i = 0; i < 8; i++) {
        OK(pipe(ends));
        IS(65536, room(ends[0]));
    }
    IS(1 << 21, fcntl(ends[0], F_SETPIPE_SZ, 1 << 21));
    // Another user has pages of its own, and 0 is no limit.
    CHILD("exit 0", become_user(1001, 1001); OK(pipe(ends)); IS(65536, room(ends[0])));
    set("pipe-user-pages-soft", 0);
    set("pipe-user-pages-hard", 0);
    CHILD(
        "exit 0", become_user(1002, 1002); for (int i = 0; i < 12; i++) {
            OK(pipe(ends));
            IS(65536, room(ends[0]));
        });
    set("pipe-user-pages-soft", 16384);
    return done();
}
