// unlink() and its errnos.
#include "check.h"

int main(void) {
    make_file("file", "", 0444);
    mkdir("folder", 0755);
    make_file("folder/x", "", 0644);
    symlink("folder", "link");
    OK(unlink("file"));
    OK(unlink("link"));
    OK(access("folder", F_OK));
    FAILS(EISDIR, unlink("folder"));
    FAILS(ENOENT, unlink("file"));
    FAILS(ENOENT, unlink(""));
    FAILS(ENOTDIR, unlink("folder/x/y"));
    FAILS(ENOTDIR, unlink("folder/x/"));
    FAILS(EFAULT, unlink(unmapped()));
    symlink("loop", "loop");
    FAILS(ELOOP, unlink("loop/x"));
    OK(unlink("loop"));
    char name[300] = "";
    memset(name, 'n', 299);
    FAILS(ENAMETOOLONG, unlink(name));
    FAILS(EISDIR, unlink("/"));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, unlink("folder/x")));
    return done();
}
