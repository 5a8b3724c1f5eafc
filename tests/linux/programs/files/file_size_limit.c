// RLIMIT_FSIZE: a write stops at the limit; beyond it SIGXFSZ, or EFBIG when that is ignored.
#include "check.h"

int main(void) {
    struct rlimit limit = {100, 100};
    int fd = OK(open("file", O_CREAT | O_RDWR, 0644));
    char data[150];
    memset(data, 'x', sizeof data);
    CHILD("exit 0", {
        signal(SIGXFSZ, SIG_IGN);
        OK(setrlimit(RLIMIT_FSIZE, &limit));
        IS(100, write(fd, data, 150));
        FAILS(EFBIG, write(fd, data, 1));
        FAILS(EFBIG, ftruncate(fd, 101));
        FAILS(EFBIG, fallocate(fd, 0, 0, 101));
        OK(ftruncate(fd, 100));
        FAILS(EFBIG, pwrite(fd, data, 1, 100));
        FAILS(EFBIG, truncate("file", 500));
    });
    CHILD("SIGXFSZ", {
        setrlimit(RLIMIT_FSIZE, &limit);
        lseek(fd, 100, SEEK_SET);
        write(fd, data, 1);
    });
    CHILD("SIGXFSZ", setrlimit(RLIMIT_FSIZE, &limit); ftruncate(fd, 101));
    return done();
}
