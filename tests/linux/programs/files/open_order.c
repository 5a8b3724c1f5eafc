// Which of several errors open() tells: wrong flags before the path, no room for a descriptor before the directory.
#include "check.h"

int main(void) {
    FAILS(EINVAL, open(unmapped(), O_DIRECTORY | O_TMPFILE));
    FAILS(EINVAL, open(unmapped(), O_TMPFILE | O_RDWR | O_CREAT, 0600));
    FAILS(EINVAL, open("", O_TMPFILE));
    FAILS(EFAULT, open(unmapped(), O_TMPFILE | O_RDWR, 0600));
    mkdir("folder", 0755);
    FAILS(EINVAL, open(unmapped(), O_CREAT | O_DIRECTORY, 0600));
    FAILS(EINVAL, open("folder", O_CREAT | O_DIRECTORY | O_EXCL, 0600));
    FAILS(EINVAL, open("new", O_CREAT | O_DIRECTORY, 0600));
    FAILS(ENOENT, open("new", O_RDONLY));
    OK(open("folder", O_PATH | O_CREAT | O_DIRECTORY));
    FAILS(EINVAL, openat(99, "folder", O_TMPFILE));
    FAILS(EBADF, openat(99, "folder", O_RDONLY));
    FAILS(ENOENT, openat(99, "", O_RDONLY));
    struct rlimit none = {3, 3};
    setrlimit(RLIMIT_NOFILE, &none);
    for (int fd = 0; fd < 3; fd++) fcntl(fd, F_GETFD) < 0 ? dup2(1, fd) : 0;
    FAILS(EMFILE, openat(99, "file", O_RDONLY));
    FAILS(ENOENT, open("", O_RDONLY));
    FAILS(EINVAL, open("file", O_TMPFILE));
    FAILS(EFAULT, open(unmapped(), O_RDONLY));
    return done();
}
