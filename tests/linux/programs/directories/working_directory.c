// chdir(), fchdir() and getcwd(), also of a directory that is gone.
#include "check.h"

int main(void) {
    char path[256];
    mkdir("a", 0755), mkdir("a/b", 0755);
    symlink("a/b", "link");
    make_file("file", "", 0644);
    OK(chdir("link"));
    SAY("%s", getcwd(path, sizeof path));
    OK(chdir("../.."));
    SAY("%s", getcwd(path, sizeof path));
    int fd = open("a", O_RDONLY);
    OK(fchdir(fd));
    IS(8, syscall(SYS_getcwd, path, sizeof path));
    IS(8, syscall(SYS_getcwd, path, 8));
    FAILS(ERANGE, syscall(SYS_getcwd, path, 7));
    FAILS(EFAULT, syscall(SYS_getcwd, unmapped(), 100));
    OK(rmdir("b"));
    OK(rmdir("/desk/a"));
    FAILS(ENOENT, syscall(SYS_getcwd, path, sizeof path));
    FAILS(ENOENT, open("x", O_CREAT | O_RDWR, 0644));
    FAILS(ENOENT, mkdir("x", 0755));
    OK(access(".", F_OK));
    OK(chdir(".."));
    SAY("%s", getcwd(path, sizeof path));
    FAILS(ENOENT, chdir("nothing"));
    FAILS(ENOENT, chdir(""));
    FAILS(ENOTDIR, chdir("file"));
    FAILS(EFAULT, chdir(unmapped()));
    symlink("loop", "loop");
    FAILS(ELOOP, chdir("loop"));
    FAILS(EBADF, fchdir(99));
    FAILS(ENOTDIR, fchdir(open("file", O_RDONLY)));
    mkdir("closed", 0644);
    char name[300] = "";
    memset(name, 'n', 299);
    FAILS(ENAMETOOLONG, chdir(name));
    fd = open("closed", O_RDONLY);
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, chdir("closed")); FAILS(EACCES, fchdir(fd)));
    return done();
}
