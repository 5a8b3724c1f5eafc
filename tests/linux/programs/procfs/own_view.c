// What a process sees of itself: the name that it wrote, its descriptors whoever it has become, mounts below its root only.
#include "check.h"

#include <dirent.h>
#include <sys/mount.h>

static void set_name(const char* name, size_t size) {
    const int fd = IS(3, open("/proc/self/comm", O_WRONLY));
    IS(size, write(fd, name, size));
    OK(close(fd));
}

/// The first line of /proc/self/status.
static void say_status_name(void) {
    char line[64] = "";
    strncpy(line, content_of("/proc/self/status"), sizeof(line) - 1);
    *strchrnul(line, '\n') = 0;
    SAY("%s", line);
}

static void names(void) {
    set_name("with newline\n", 13);
    SAY("comm [%s]", content_of("/proc/self/comm"));
    say_status_name();
    set_name("back\\slash", 10);
    say_status_name();
}

static void descriptors(void) {
    char text[64] = "";
    become_user(1000, 1000);
    OK(access("/proc/self/fd", R_OK));
    const int fd = IS(3, open("/proc/self/fd", O_RDONLY | O_DIRECTORY));
    FAILS(ENOENT, open("/proc/self/fd/99", O_RDONLY));
    TRUE(readlink("/proc/self/fd/3", text, sizeof(text)) > 0);
    OK(close(fd));
}

static void mounts(void) {
    OK(mkdir("root", 0755));
    OK(mount("inner", "root", "tmpfs", 0, "size=64k"));
    OK(mkdir("root/proc", 0755));
    OK(mount("proc", "root/proc", "proc", 0, NULL));
    OK(chroot("root"));
    OK(chdir("/"));
    SAY("%s", content_of("/proc/self/mounts"));
    OK(umount("/proc"));
}

int main(void) {
    CHILD("exit 0", names());
    CHILD("exit 0", descriptors());
    CHILD("exit 0", mounts());
    return done();
}
