// One operation beside n mounts.
#include "scale.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static long mounts;

static void mount_at(const char* place) { REQUIRE(mount("tmpfs", place, "tmpfs", 0, NULL) == 0); }

static void make_places(void) {
    REQUIRE(mkdir("own", 0755) == 0 && mkdir("new", 0755) == 0 && mkdir("file_place", 0755) == 0);
    mount_at("own");
    make_file("own/one", 3);
}
// One more, so that each round finds trees of another shape: in some shapes an insertion at the end rebalances up to the root, and
// the removal does so again.
static void mount_sibling(void) {
    static long places;
    char name[40];
    sprintf(name, "place%ld", places++);
    REQUIRE(mkdir(name, 0755) == 0);
    mount_at(name);
}
static void make_siblings(long count) {
    make_places();
    for (long i = 0; i < count; ++i) mount_sibling();
}
static void make_stack(long count) {
    make_places();
    for (long i = 0; i < count; ++i) mount_at("new");
}
static void nest(void) {
    REQUIRE(chdir("new") == 0);
    for (long i = 0; i < mounts; ++i) {
        mount_at(".");
        // Into the root of what has just been mounted, and a place for the next.
        REQUIRE(chdir("../new") == 0 || chdir("../d") == 0);
        REQUIRE(mkdir("d", 0755) == 0 && chdir("d") == 0);
    }
    REQUIRE(chdir("/desk") == 0);
}
static void make_nest(long count) {
    mounts = count;
    make_places();
    nest();
}

static void mount_umount(void) {
    REQUIRE(CALL6(SYS_mount, "tmpfs", "new", "tmpfs", 0, NULL, 0) == 0 && CALL2(SYS_umount2, "new", 0) == 0);
}
static void bind_umount(void) {
    REQUIRE(CALL6(SYS_mount, "own", "new", NULL, MS_BIND, NULL, 0) == 0 && CALL2(SYS_umount2, "new", 0) == 0);
}
static void remount(void) {
    REQUIRE(CALL6(SYS_mount, "tmpfs", "own", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID, NULL, 0) == 0);
}
static void stat_through(void) {
    struct stat status;
    REQUIRE(CALL2(SYS_stat, "own/one", &status) == 0 && status.st_size == 3);
}
static void stat_above(void) {
    struct stat status;
    REQUIRE(CALL2(SYS_stat, "own/..", &status) == 0);
}
static void mkdir_rmdir(void) {
    REQUIRE(CALL2(SYS_mkdir, "another", 0755) == 0 && CALL1(SYS_rmdir, "another") == 0);
}
static void create_unlink(void) {
    REQUIRE(CALL3(SYS_mknod, "own/two", S_IFREG | 0644, 0) == 0 && CALL1(SYS_unlink, "own/two") == 0);
}
static void read_list_start(void) {
    const int file = (int)CALL3(SYS_open, "/proc/mounts", O_RDONLY, 0);
    REQUIRE(file >= 0 && CALL3(SYS_read, file, buffer, 64) > 0 && CALL1(SYS_close, file) == 0);
}
static void stat_stack(void) {
    struct stat status;
    REQUIRE(CALL2(SYS_stat, "new", &status) == 0);
}
static void umount_nest(void) {
    if (mounts) REQUIRE(CALL2(SYS_umount2, "new", MNT_DETACH) == 0);
}

const struct Growth mount_rows[] = {
    {"mounts_mount_umount", 32, NULL, make_siblings, mount_umount, mount_sibling, NULL},
    {"mounts_bind_umount", 32, NULL, make_siblings, bind_umount, mount_sibling, NULL},
    {"mounts_remount", 32, NULL, make_siblings, remount, NULL, NULL},
    {"mounts_stat_through", 32, NULL, make_siblings, stat_through, NULL, NULL},
    {"mounts_stat_above", 32, NULL, make_siblings, stat_above, NULL, NULL},
    {"mounts_mkdir_rmdir", 32, NULL, make_siblings, mkdir_rmdir, NULL, NULL},
    {"mounts_create_unlink", 32, NULL, make_siblings, create_unlink, NULL, NULL},
    {"mounts_list_start", 32, NULL, make_siblings, read_list_start, NULL, NULL},
    {"mounts_stat_stack", 32, "a walk goes up mount by mount", make_stack, stat_stack, NULL, NULL},
    {"mounts_umount_nest", 16, "each mount is taken away", make_nest, umount_nest, nest, NULL},
    {NULL},
};
