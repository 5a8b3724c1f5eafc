// In a sticky directory only the owners of a file or of the directory remove it.
#include "check.h"

int main(void) {
    mkdir("d", 01777);
    chmod("d", 01777);
    make_file("d/roots", "", 0666);
    mkdir("d/folder", 0777);
    mkdir("owned", 01777);
    chmod("owned", 01777);
    chown("owned", 1000, 1000);
    make_file("owned/roots", "", 0600);
    CHILD("exit 0", {
        become_user(1000, 1000);
        FAILS(EPERM, unlink("d/roots"));
        FAILS(EPERM, rmdir("d/folder"));
        FAILS(EPERM, rename("d/folder", "d/other"));
        OK(unlink("owned/roots"));
        make_file("d/mine", "", 0600);
        OK(mkdir("d/own", 0700));
    });
    CHILD("exit 0", become_user(1001, 1001); FAILS(EPERM, unlink("d/mine")); FAILS(EPERM, rmdir("d/own")));
    CHILD("exit 0", become_user(1000, 1000); OK(unlink("d/mine")); OK(rmdir("d/own")));
    return done();
}
