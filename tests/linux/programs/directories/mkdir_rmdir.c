// mkdir() and rmdir(): what they do, the link counts, and their errnos.
#include "check.h"

int main(void) {
    struct stat s;
    OK(mkdir("a", 0755));
    OK(mkdir("a/b", 0755));
    OK(mkdir("slash/", 0755));
    stat("a", &s);
    IS(3, s.st_nlink);
    FAILS(EEXIST, mkdir("a", 0755));
    FAILS(EEXIST, mkdir("/", 0755));
    FAILS(EEXIST, mkdir(".", 0755));
    FAILS(ENOENT, mkdir("no/x", 0755));
    FAILS(ENOENT, mkdir("", 0755));
    FAILS(EFAULT, mkdir(unmapped(), 0755));
    make_file("file", "", 0644);
    FAILS(ENOTDIR, mkdir("file/x", 0755));
    FAILS(EEXIST, mkdir("file", 0755));
    symlink("nowhere", "dangling");
    FAILS(EEXIST, mkdir("dangling", 0755));
    symlink("loop", "loop");
    FAILS(ELOOP, mkdir("loop/x", 0755));
    FAILS(ENOTEMPTY, rmdir("a"));
    FAILS(ENOTDIR, rmdir("file"));
    FAILS(ENOENT, rmdir("nothing"));
    FAILS(EINVAL, rmdir("a/b/."));
    FAILS(ENOTEMPTY, rmdir("a/b/.."));
    FAILS(EBUSY, rmdir("/"));
    OK(mkdir("m", 0755));
    OK(mount("none", "m", "tmpfs", 0, NULL));
    FAILS(EBUSY, rmdir("m"));
    FAILS(EFAULT, rmdir(unmapped()));
    FAILS(ENOTDIR, rmdir("dangling"));
    FAILS(ELOOP, rmdir("loop/x"));
    OK(rmdir("a/b/"));
    stat("a", &s);
    IS(2, s.st_nlink);
    OK(rmdir("a"));
    mkdir("closed", 0755), mkdir("closed/x", 0755);
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, mkdir("closed/y", 0755));
          FAILS(EACCES, rmdir("closed/x")));
    // Each entry counts for the size, and so do the two that are always there.
    struct stat sizes;
    OK(mkdir("sized", 0755));
    stat("sized", &sizes);
    SAY("%ld", (long)sizes.st_size);
    make_file("sized/one", "", 0644);
    stat("sized", &sizes);
    SAY("%ld", (long)sizes.st_size);
    return done();
}
