// O_TMPFILE: a file without a name, which linkat can give one.
#include "check.h"

int main(void) {
    int fd = OK(open(".", O_TMPFILE | O_RDWR, 0640));
    IS(5, write(fd, "hello", 5));
    SAY("flags %x", fcntl(fd, F_GETFL));
    struct stat status;
    OK(fstat(fd, &status));
    IS(0, status.st_nlink);
    TRUE((status.st_mode & 07777) == 0640);
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    OK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    SAY("content: %s", content_of("named"));
    OK(fstat(fd, &status));
    IS(1, status.st_nlink);
    FAILS(EINVAL, open(".", O_TMPFILE | O_RDONLY, 0600));
    make_file("file", "", 0600);
    FAILS(ENOTDIR, open("file", O_TMPFILE | O_RDWR, 0600));
    OK(symlink("none", "dangling"));
    OK(symlink(".", "here"));
    FAILS(ENOENT, open("dangling", O_TMPFILE | O_RDWR, 0600));
    FAILS(ENOTDIR, open("dangling", O_TMPFILE | O_RDWR | O_NOFOLLOW, 0600));
    FAILS(ENOTDIR, open("here", O_TMPFILE | O_RDWR | O_NOFOLLOW, 0600));
    OK(close(OK(open("here", O_TMPFILE | O_RDWR, 0600))));
    fd = OK(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    FAILS(ENOENT, linkat(AT_FDCWD, path, AT_FDCWD, "other", AT_SYMLINK_FOLLOW));
    return done();
}
