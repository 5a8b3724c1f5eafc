// openat() and the other *at calls: relative to a folder, absolute, AT_FDCWD, and what is no folder.
#include "check.h"

int main(void) {
    mkdir("folder", 0755);
    make_file("folder/inside", "inside", 0644);
    make_file("file", "file", 0644);
    int folder = OK(open("folder", O_RDONLY | O_DIRECTORY));
    int file = OK(open("file", O_RDONLY));
    OK(close(openat(folder, "inside", O_RDONLY)));
    OK(close(openat(AT_FDCWD, "folder/inside", O_RDONLY)));
    OK(close(openat(-1, "/dev/null", O_RDONLY)));
    OK(close(openat(folder, "..", O_RDONLY)));
    FAILS(EBADF, openat(-1, "file", O_RDONLY));
    FAILS(ENOTDIR, openat(file, "inside", O_RDONLY));
    FAILS(ENOENT, openat(folder, "file", O_RDONLY));
    OK(mkdirat(folder, "deeper", 0700));
    FAILS(EEXIST, mkdirat(folder, "deeper", 0700));
    FAILS(EBADF, mkdirat(99, "x", 0700));
    FAILS(ENOTDIR, mkdirat(file, "x", 0700));
    OK(symlinkat("inside", folder, "link"));
    char target[20] = "";
    IS(6, readlinkat(folder, "link", target, sizeof target));
    SAY("target %s", target);
    OK(linkat(folder, "inside", AT_FDCWD, "hard", 0));
    OK(renameat(folder, "inside", AT_FDCWD, "moved"));
    FAILS(EISDIR, unlinkat(folder, "deeper", 0));
    FAILS(ENOTDIR, unlinkat(folder, "link", AT_REMOVEDIR));
    FAILS(EINVAL, unlinkat(folder, "link", 0x8000));
    OK(unlinkat(folder, "link", 0));
    OK(unlinkat(folder, "deeper", AT_REMOVEDIR));
    FAILS(EBADF, unlinkat(99, "x", 0));
    FAILS(EBADF, renameat(99, "x", AT_FDCWD, "y"));
    FAILS(EBADF, readlinkat(99, "x", target, 9));
    FAILS(EBADF, symlinkat("x", 99, "y"));
    FAILS(EBADF, linkat(99, "x", AT_FDCWD, "y", 0));
    FAILS(EINVAL, linkat(AT_FDCWD, "hard", AT_FDCWD, "y", 0x8000));
    return done();
}
