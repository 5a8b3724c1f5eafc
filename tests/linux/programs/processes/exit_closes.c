// Ending, also by a signal, closes descriptors and gives locks back.
#include "check.h"

int main(void) {
    int ends[2];
    char byte;
    pipe(ends);
    pid_t child = SPAWN(close(ends[0]); for (;;) pause());
    close(ends[1]);
    nap_ms(20);
    kill(child, SIGKILL);
    IS(0, read(ends[0], &byte, 1));
    check_end(child, "SIGKILL");
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    struct flock lock = {.l_type = F_WRLCK};
    child = SPAWN(fcntl(fd, F_SETLK, &lock); make_file("locked", "", 0600); nap_ms(60));
    while (access("locked", F_OK) != 0) nap_ms(5);
    FAILS(EAGAIN, fcntl(fd, F_SETLK, &lock));
    OK(fcntl(fd, F_SETLKW, &lock));
    check_end(child, "exit 0");
    return done();
}
