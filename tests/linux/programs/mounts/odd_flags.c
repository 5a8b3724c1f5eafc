// MS_STRICTATIME beside MS_NOATIME, the atime options of every combination; and umount2 of "." where it is mounted over.
#include "check.h"

static const char* options(const char* place) {
    static char found[128];
    char* text = strdup(content_of("/proc/self/mounts"));
    strcpy(found, "not there");
    for (char* line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char where[128], all[128];
        if (sscanf(line, "%*s %127s %*s %127s", where, all) == 2 && strcmp(where, place) == 0)
            strcpy(found, all);
    }
    free(text);
    return found;
}

int main(void) {
    const unsigned long ATIME[] = {MS_NOATIME, MS_NODIRATIME, MS_RELATIME, MS_STRICTATIME};
    mkdir("m", 0755);
    for (int bits = 7; bits < 16; bits += 2) {
        unsigned long flags = 0;
        for (int i = 0; i < 4; i++) flags |= bits >> i & 1 ? ATIME[i] : 0;
        OK(mount("t", "m", "tmpfs", flags, NULL));
        SAY("%d: %s", bits, options("/desk/m"));
        OK(mount(NULL, "m", NULL, MS_REMOUNT | MS_NOSUID, NULL));
        SAY("remounted: %s", options("/desk/m"));
        OK(umount("m"));
        OK(mount("t", "m", "tmpfs", MS_NOATIME | MS_NODIRATIME, NULL));
        OK(mount(NULL, "m", NULL, MS_REMOUNT | flags, NULL));
        SAY("remounted with them: %s", options("/desk/m"));
        OK(mount(NULL, "m", NULL, MS_REMOUNT | MS_BIND | flags, NULL));
        SAY("and as a bind: %s", options("/desk/m"));
        OK(umount("m"));
    }
    OK(mount("one", "m", "tmpfs", 0, NULL));
    make_file("m/one", "", 0644);
    OK(chdir("m"));
    OK(mount("two", "/desk/m", "tmpfs", 0, NULL));
    make_file("/desk/m/two", "", 0644);
    OK(access("one", F_OK));
    SAY("umount . : %s", umount2(".", 0) < 0 ? error_name(errno) : "ok");
    SAY("visible: %s", access("/desk/m/two", F_OK) == 0   ? "two"
                       : access("/desk/m/one", F_OK) == 0 ? "one"
                                                          : "none");
    SAY("umount . again: %s", umount2(".", 0) < 0 ? error_name(errno) : "ok");
    SAY("lazily: %s", umount2(".", MNT_DETACH) < 0 ? error_name(errno) : "ok");
    SAY("visible: %s", access("/desk/m/two", F_OK) == 0   ? "two"
                       : access("/desk/m/one", F_OK) == 0 ? "one"
                                                          : "none");
    SAY("lazily: %s", umount2(".", MNT_DETACH) < 0 ? error_name(errno) : "ok");
    OK(chdir("/desk"));
    SAY("rest: %s", umount2("m", MNT_DETACH) < 0 ? error_name(errno) : "ok");
    // By a descriptor's link.
    OK(mount("one", "m", "tmpfs", 0, NULL));
    int below = OK(open("m", O_PATH));
    OK(mount("two", "m", "tmpfs", 0, NULL));
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", below);
    SAY("umount of the link: %s", umount2(path, 0) < 0 ? error_name(errno) : "ok");
    SAY("options %s", options("/desk/m"));
    SAY("umount of the link: %s", umount2(path, MNT_DETACH) < 0 ? error_name(errno) : "ok");
    SAY("mount on the link: %s", mount("three", path, "tmpfs", 0, NULL) < 0 ? error_name(errno) : "ok");
    while (umount2("m", MNT_DETACH) == 0) SAY("one more");
    return done();
}
