// A descriptor opened with O_PATH names a place and gives no access.
#include "check.h"

int main(void) {
    make_file("file", "data", 0644);
    symlink("file", "link");
    mkdir("folder", 0755);
    make_file("folder/x", "x", 0644);
    int fd = OK(open("file", O_PATH));
    char byte;
    struct stat status;
    FAILS(EBADF, read(fd, &byte, 1));
    FAILS(EBADF, write(fd, "x", 1));
    FAILS(EBADF, lseek(fd, 0, SEEK_SET));
    FAILS(EBADF, ftruncate(fd, 0));
    FAILS(EBADF, syscall(SYS_fchmod, fd, 0600));
    FAILS(EBADF, syscall(SYS_fchown, fd, 0, 0));
    FAILS(EBADF, ioctl(fd, TCGETS, &byte));
    FAILS(EBADF, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
    OK(fstat(fd, &status));
    TRUE(status.st_size == 4);
    TRUE((fcntl(fd, F_GETFL) & O_PATH) != 0);
    OK(dup(fd));
    int folder = OK(open("folder", O_PATH | O_DIRECTORY));
    OK(close(openat(folder, "x", O_RDONLY)));
    OK(fchdir(folder));
    OK(access("x", R_OK));
    OK(chdir(".."));
    int link = OK(open("link", O_PATH | O_NOFOLLOW));
    OK(fstat(link, &status));
    TRUE(S_ISLNK(status.st_mode));
    char target[16] = "";
    IS(4, readlinkat(link, "", target, sizeof target));
    SAY("readlinkat of the descriptor: %s", target);
    CHILD("exit 0", {
        chmod("file", 0);
        become_user(1000, 1000);
        OK(open("file", O_PATH));
        FAILS(EACCES, open("file", O_RDONLY));
    });
    OK(close(fd));
    return done();
}
