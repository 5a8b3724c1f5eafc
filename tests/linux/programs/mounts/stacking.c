// Mounts over mounts, the directory underneath, lazy unmounting, EBUSY while in use.
#include "check.h"

int main(void) {
    mkdir("m", 0755);
    OK(mount("one", "m", "tmpfs", 0, NULL));
    make_file("m/one", "", 0644);
    int inside = open("m", O_RDONLY);
    OK(mount("two", "m", "tmpfs", 0, NULL));
    FAILS(ENOENT, access("m/one", F_OK));
    OK(faccessat(inside, "one", F_OK, 0));
    make_file("m/two", "", 0644);
    OK(umount("m"));
    OK(access("m/one", F_OK));
    FAILS(EBUSY, umount("m"));
    close(inside);
    OK(chdir("m"));
    FAILS(EBUSY, umount("/desk/m"));
    OK(umount2("/desk/m", MNT_DETACH));
    OK(access("one", F_OK));
    FAILS(ENOENT, access("/desk/m/one", F_OK));
    OK(chdir("/desk"));
    OK(mount("three", "m", "tmpfs", 0, NULL));
    mkdir("m/inner", 0755);
    OK(mount("four", "m/inner", "tmpfs", 0, NULL));
    FAILS(EBUSY, umount("m"));
    OK(chdir("m/inner/../.."));
    char path[64];
    SAY("%s", getcwd(path, sizeof path));
    OK(umount("m/inner"));
    FAILS(EAGAIN, umount2("m", MNT_EXPIRE));
    OK(umount2("m", MNT_EXPIRE));
    return done();
}
