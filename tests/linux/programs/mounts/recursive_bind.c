// mount --rbind: everything below comes along, in depth and in stacks; and how many mounts there may be.
#include "check.h"

static int count(const char* below) {
    int found = 0;
    char* text = strdup(content_of("/proc/self/mounts"));
    for (char* line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char place[256];
        sscanf(line, "%*s %255s", place);
        found += strncmp(place, below, strlen(below)) == 0;
    }
    free(text);
    return found;
}

static void show(const char* below) {
    char* text = strdup(content_of("/proc/self/mounts"));
    for (char* line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char source[64], place[256];
        sscanf(line, "%63s %255s", source, place);
        if (strncmp(place, below, strlen(below)) == 0) SAY("  %s on %s", source, place);
    }
    free(text);
}

static void new_mount(const char* name, const char* place) { OK(mount(name, place, "tmpfs", 0, NULL)); }

int main(void) {
    mkdir("a", 0755), mkdir("b", 0755), mkdir("c", 0755), mkdir("d", 0755), mkdir("e", 0755);
    new_mount("one", "a");
    mkdir("a/x", 0755), mkdir("a/y", 0755);
    new_mount("two", "a/x");
    mkdir("a/x/deep", 0755);
    new_mount("three", "a/x/deep");
    mkdir("a/x/deep/er", 0755);
    new_mount("four", "a/x/deep/er");
    new_mount("five", "a/y");
    new_mount("over", "a/y");
    mkdir("a/y/in", 0755);
    new_mount("six", "a/y/in");
    OK(mount("a", "b", NULL, MS_BIND | MS_REC, NULL));
    show("/desk/b");
    OK(mount("b", "c", NULL, MS_BIND | MS_REC, NULL));
    show("/desk/c");
    OK(mount("b/x/deep", "d", NULL, MS_BIND | MS_REC, NULL));
    show("/desk/d");
    // A folder of a mount: what lies beside it stays away.
    OK(mkdir("a/x/deep/er/f", 0755));
    OK(mount("a/x", "e", NULL, MS_BIND | MS_REC, NULL));
    show("/desk/e");
    OK(access("e/deep/er/f", F_OK));
    // Moved behind its own parents in the list, and still found.
    OK(umount2("c", MNT_DETACH));
    OK(mount("b/x", "c", NULL, MS_MOVE, NULL));
    OK(umount2("e", MNT_DETACH));
    OK(mount("/desk", "/mnt", NULL, MS_BIND | MS_REC, NULL));
    show("/mnt");
    OK(umount2("/mnt", MNT_DETACH));
    // Into itself: copies of what was there, not of the copies.
    OK(mount("a", "a/x/deep", NULL, MS_BIND | MS_REC, NULL));
    show("/desk/a");
    OK(umount2("a", MNT_DETACH)), OK(umount2("b", MNT_DETACH)), OK(umount2("c", MNT_DETACH)),
        OK(umount2("d", MNT_DETACH));
    IS(0, count("/desk/"));
    SAY("mount-max %s", content_of("/proc/sys/fs/mount-max"));
    int fd = OK(open("/proc/sys/fs/mount-max", O_RDWR));
    FAILS(EINVAL, pwrite(fd, "0\n", 2, 0));
    FAILS(EINVAL, pwrite(fd, "-1\n", 3, 0));
    FAILS(EINVAL, pwrite(fd, "x\n", 2, 0));
    FAILS(EINVAL, pwrite(fd, "4294967296\n", 11, 0));
    FAILS(EINVAL, pwrite(fd, "\n", 1, 0));
    IS(2, pwrite(fd, "5\n", 2, 7));
    SAY("mount-max %s", content_of("/proc/sys/fs/mount-max"));
    char number[16];
    int base = count("/");
    IS(3, pwrite(fd, "40\n", 3, 0));
    mkdir("g", 0755);
    int done_mounts = 0;
    while (mount("g", "g", NULL, MS_BIND | MS_REC, NULL) == 0) done_mounts++;
    SAY("recursive binds %d: %s", done_mounts, error_name(errno));
    while (mount("t", "g", "tmpfs", 0, NULL) == 0) done_mounts++;
    SAY("single mounts: %s, %d in all", error_name(errno), count("/") - base > 20);
    FAILS(ENOSPC, mount("a", "b", NULL, MS_BIND, NULL));
    while (umount2("g", MNT_DETACH) == 0) continue;
    snprintf(number, sizeof number, "0x%x\n", 100000);
    IS((long)strlen(number), pwrite(fd, number, strlen(number), 0));
    SAY("mount-max %s", content_of("/proc/sys/fs/mount-max"));
    return done();
}
