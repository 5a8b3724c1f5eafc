// Two processes that wait for each other's record lock: one is told EDEADLK.
#include "check.h"

static int set(int fd, int command, off_t start) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};
    return fcntl(fd, command, &lock);
}

int main(void) {
    make_file("file", "ab", 0600);
    int fd = open("file", O_RDWR);
    OK(set(fd, F_SETLK, 0));
    pid_t child = SPAWN({
        OK(set(fd, F_SETLK, 1));
        make_file("ready", "", 0600);
        OK(set(fd, F_SETLKW, 0));
    });
    while (access("ready", F_OK) != 0) nap_ms(5);
    nap_ms(30);
    FAILS(EDEADLK, set(fd, F_SETLKW, 1));
    struct flock unlock = {.l_type = F_UNLCK};
    OK(fcntl(fd, F_SETLK, &unlock));
    check_end(child, "exit 0");
    return done();
}
