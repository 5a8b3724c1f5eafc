// Descriptors made by dup and by fork share one offset and status flags; a second open() does not.
#include "check.h"

int main(void) {
    make_file("file", "abcdefgh", 0644);
    int a = OK(open("file", O_RDONLY)), b = OK(dup(a)), c = OK(open("file", O_RDONLY));
    char byte;
    IS(1, read(a, &byte, 1));
    IS(1, lseek(b, 0, SEEK_CUR));
    IS(0, lseek(c, 0, SEEK_CUR));
    OK(fcntl(b, F_SETFL, O_APPEND));
    TRUE((fcntl(a, F_GETFL) & O_APPEND) != 0);
    TRUE((fcntl(c, F_GETFL) & O_APPEND) == 0);
    OK(fcntl(b, F_SETFD, FD_CLOEXEC));
    IS(0, fcntl(a, F_GETFD));
    CHILD("exit 0", IS(5, lseek(a, 5, SEEK_SET)); close(a); close(b));
    IS(5, lseek(a, 0, SEEK_CUR));
    return done();
}
