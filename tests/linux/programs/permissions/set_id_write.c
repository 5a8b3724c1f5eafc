// Writing to a set-user-id file takes the bits away, unless root writes.
#include "check.h"

int main(void) {
    struct stat s;
    make_file("file", "", 0600);
    chown("file", 1000, 1000);
    chmod("file", 06777);
    OK(close(open("file", O_WRONLY | O_APPEND)));
    int fd = open("file", O_WRONLY);
    IS(1, write(fd, "x", 1));
    fstat(fd, &s);
    SAY("root: %o", s.st_mode & 07777);
    CHILD("exit 0", become_user(1000, 1000); IS(1, write(fd, "x", 1)));
    fstat(fd, &s);
    SAY("user: %o", s.st_mode & 07777);
    chmod("file", 06777);
    CHILD("exit 0", become_user(1000, 1000); OK(ftruncate(fd, 0)));
    fstat(fd, &s);
    SAY("truncated by the user: %o", s.st_mode & 07777);
    return done();
}
