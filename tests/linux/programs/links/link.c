// link(): counts, what cannot be linked, and its errnos.
#include "check.h"

int main(void) {
    struct stat s;
    make_file("a", "text", 0644);
    mkdir("folder", 0755);
    OK(link("a", "b"));
    OK(link("b", "folder/c"));
    stat("a", &s);
    IS(3, s.st_nlink);
    OK(truncate("folder/c", 2));
    SAY("%s", content_of("a"));
    OK(unlink("a"));
    stat("b", &s);
    IS(2, s.st_nlink);
    symlink("b", "soft");
    OK(link("soft", "soft2"));
    lstat("soft2", &s);
    TRUE(S_ISLNK(s.st_mode));
    IS(2, s.st_nlink);
    OK(linkat(AT_FDCWD, "soft", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
    lstat("followed", &s);
    TRUE(S_ISREG(s.st_mode));
    FAILS(EEXIST, link("b", "folder/c"));
    FAILS(EEXIST, link("b", "folder"));
    FAILS(EPERM, link("folder", "x"));
    FAILS(ENOENT, link("nothing", "x"));
    FAILS(ENOENT, link("b", "no/x"));
    FAILS(ENOENT, link("", "x"));
    FAILS(ENOTDIR, link("b/x", "y"));
    FAILS(ENOTDIR, link("b", "b/y"));
    FAILS(EXDEV, link("b", "/tmp/x"));
    FAILS(EFAULT, link(unmapped(), "x"));
    FAILS(EFAULT, link("b", unmapped()));
    symlink("loop", "loop");
    FAILS(ELOOP, link("loop/x", "y"));
    OK(chown("b", 1000, 1000));  // fs.protected_hardlinks leaves others out earlier
    CHILD("exit 0", become_user(1000, 1000); chdir("folder"); FAILS(EACCES, link("c", "d")));
    int fd = open("b", O_RDONLY);
    OK(linkat(fd, "", AT_FDCWD, "by_descriptor", AT_EMPTY_PATH));
    int place = OK(open(".", O_RDONLY));
    FAILS(ENOENT, linkat(99, "", AT_FDCWD, "x", 0));
    FAILS(EBADF, linkat(99, "", AT_FDCWD, "x", AT_EMPTY_PATH));
    FAILS(ENOENT, linkat(place, "b", 99, "", 0));
    FAILS(EFAULT, linkat(AT_FDCWD, unmapped(), AT_FDCWD, "x", AT_EMPTY_PATH));
    CHILD("exit 0", become_user(1000, 1000);
          FAILS(ENOENT, linkat(AT_FDCWD, unmapped(), AT_FDCWD, "x", AT_EMPTY_PATH)));
    return done();
}
