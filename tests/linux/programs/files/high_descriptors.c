// Descriptors with high numbers: the lowest free one, copies over fork and exec, closing ranges around them.
#include "check.h"

enum { HIGH = 500000 };

static void show(void) {
    const int numbers[] = {3, 255, 256, 319, 320, 1000, HIGH - 64, HIGH - 1, HIGH};
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) printf("%d ", fcntl(numbers[i], F_GETFD));
    printf("\n");
}

int main(int argc, char** argv) {
    (void)argv;
    if (argc > 1) {
        show();
        FAILS(EBADF, fcntl(HIGH, F_GETFD));
        IS(1, write(HIGH - 1, "x", 1));
        return done();
    }
    const struct rlimit much = {HIGH + 1, HIGH + 1};
    OK(setrlimit(RLIMIT_NOFILE, &much));
    const int null = open("/dev/null", O_RDWR);
    IS(HIGH, dup2(null, HIGH));
    FAILS(EBADF, dup2(null, HIGH + 1));
    IS(4, dup(null));
    OK(close(4));
    IS(HIGH - 1, fcntl(null, F_DUPFD, HIGH - 1));
    FAILS(EMFILE, fcntl(null, F_DUPFD, HIGH - 1));
    FAILS(EINVAL, fcntl(null, F_DUPFD, HIGH + 1));
    IS(HIGH - 64, fcntl(null, F_DUPFD_CLOEXEC, HIGH - 64));
    for (int fd = 250; fd < 330; fd++) IS(fd, dup2(null, fd));
    IS(330, fcntl(null, F_DUPFD, 250));
    OK(close(256));
    OK(close(319));
    IS(256, fcntl(null, F_DUPFD, 250));
    IS(319, fcntl(null, F_DUPFD, 250));
    show();
    CHILD("exit 0", {
        OK(close(320));
        IS(320, fcntl(null, F_DUPFD, 250));
        OK(syscall(SYS_close_range, 300, HIGH - 2, 0));
        show();
        IS(300, fcntl(null, F_DUPFD, 250));
        FAILS(EBADF, close(HIGH - 64));
        OK(close(HIGH));
    });
    show();
    IS(FD_CLOEXEC, fcntl(HIGH - 64, F_GETFD));
    OK(fcntl(HIGH, F_SETFD, FD_CLOEXEC));
    fflush(stdout);
    execl("/proc/self/exe", "again", "again", NULL);
    return 1;
}
