// What open() does for each of its flags.
#include "check.h"

int main(void) {
    char byte;
    make_file("file", "hello", 0644);
    mkdir("folder", 0755);
    symlink("file", "link");
    symlink("nowhere", "dangling");
    int fd = OK(open("file", O_RDONLY));
    IS(0, fcntl(fd, F_GETFD));
    FAILS(EBADF, write(fd, "x", 1));
    close(fd);
    fd = OK(open("file", O_WRONLY | O_CLOEXEC));
    IS(FD_CLOEXEC, fcntl(fd, F_GETFD));
    FAILS(EBADF, read(fd, &byte, 1));
    close(fd);
    fd = OK(open("file", O_RDWR | O_APPEND | O_NONBLOCK));
    IS(O_RDWR, fcntl(fd, F_GETFL) & O_ACCMODE);
    TRUE((fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK)) == (O_APPEND | O_NONBLOCK));
    close(fd);
    FAILS(EEXIST, open("file", O_CREAT | O_EXCL | O_RDWR, 0644));
    FAILS(EEXIST, open("dangling", O_CREAT | O_EXCL | O_RDWR, 0644));
    OK(close(open("file", O_CREAT | O_RDONLY, 0)));
    SAY("content kept: %s", content_of("file"));
    OK(close(open("file", O_RDWR | O_TRUNC)));
    SAY("content after O_TRUNC: '%s'", content_of("file"));
    OK(close(open("dangling", O_CREAT | O_RDWR, 0600)));
    SAY("O_CREAT through a dangling link makes its target: %d", access("nowhere", F_OK));
    FAILS(ELOOP, open("link", O_RDONLY | O_NOFOLLOW));
    FAILS(ENOTDIR, open("file", O_RDONLY | O_DIRECTORY));
    OK(close(open("folder", O_RDONLY | O_DIRECTORY)));
    FAILS(EISDIR, open("folder", O_WRONLY));
    FAILS(EISDIR, open("folder", O_RDWR));
    FAILS(EISDIR, open("folder", O_CREAT | O_RDONLY, 0644));
    OK(close(open("file", O_RDWR | O_SYNC)));
    OK(close(open("file", O_RDWR | O_DSYNC)));
    OK(close(open("file", O_RDONLY | O_NOATIME)));
    OK(close(open("file", O_RDONLY | O_NOCTTY)));
    OK(close(open("file", O_RDONLY | 0x40000000)));
    // Access mode 3 asks for both rights and gives neither, so a running program may be opened with it.
    int neither = OK(open("/proc/self/exe", 3));
    FAILS(EBADF, read(neither, unmapped(), 1));
    FAILS(EBADF, write(neither, "x", 1));
    FAILS(EINVAL, open("/dev/null", O_RDONLY | O_DIRECT));
    FAILS(EINVAL, open("/", O_RDONLY | O_DIRECT));
    SAY("%lx", syscall(SYS_fcntl, syscall(SYS_open, "/", O_RDONLY), F_GETFL));
    SAY("%lx", syscall(SYS_fcntl, syscall(SYS_open, "/", O_PATH), F_GETFL));
    return done();
}
