// The other errnos of rename().
#include "check.h"

int main(void) {
    make_file("a", "", 0644);
    mkdir("closed", 0755);
    make_file("closed/x", "", 0644);
    FAILS(ENOENT, rename("nothing", "b"));
    FAILS(ENOENT, rename("a", "no/b"));
    FAILS(ENOENT, rename("", "b"));
    FAILS(ENOENT, rename("a", ""));
    FAILS(ENOTDIR, rename("a/x", "b"));
    FAILS(ENOTDIR, rename("a", "a/b"));
    FAILS(EFAULT, rename(unmapped(), "b"));
    FAILS(EFAULT, rename("a", unmapped()));
    FAILS(EXDEV, rename("a", "/tmp/b"));
    symlink("loop", "loop");
    FAILS(ELOOP, rename("loop/x", "b"));
    char name[300] = "";
    memset(name, 'n', 299);
    FAILS(EBUSY, rename(".", name));
    FAILS(ENAMETOOLONG, rename("a", name));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, rename("closed/x", "b")));
    mkdir("sticky", 01777);
    chmod("sticky", 01777);
    make_file("sticky/roots", "", 0666);
    CHILD("exit 0", {
        become_user(1000, 1000);
        FAILS(EPERM, rename("sticky/roots", "sticky/mine"));
        FAILS(EPERM, unlink("sticky/roots"));
        make_file("sticky/mine", "", 0644);
        OK(rename("sticky/mine", "sticky/mine2"));
        FAILS(EPERM, rename("sticky/mine2", "sticky/roots"));
    });
    return done();
}
