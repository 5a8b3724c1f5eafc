// chroot(): paths end at the new root, the working directory does not move.
#include "check.h"

int main(void) {
    char path[256];
    mkdir("jail", 0755), mkdir("jail/inner", 0755);
    make_file("file", "", 0644), make_file("jail/file2", "", 0644);
    FAILS(ENOENT, chroot("nothing"));
    FAILS(ENOTDIR, chroot("file"));
    FAILS(EFAULT, chroot(unmapped()));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EPERM, chroot("jail")));
    CHILD("exit 0", {
        OK(chroot("jail"));
        OK(access("file", F_OK));
        OK(access("/file2", F_OK));
        OK(access("/../../file2", F_OK));
        FAILS(ENOENT, access("/file", F_OK));
        IS(19, syscall(SYS_getcwd, path, sizeof path));
        SAY("%s", path);
        OK(chdir("/"));
        SAY("%s", getcwd(path, sizeof path));
        OK(chdir("inner"));
        SAY("%s", getcwd(path, sizeof path));
    });
    OK(access("/desk/file", F_OK));
    return done();
}
