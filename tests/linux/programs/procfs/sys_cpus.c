// The processors as /sys/devices/system/cpu lists them: lscpu, nproc and the C library's get_nprocs read these files.
#include "check.h"

#include <sched.h>
#include <sys/mount.h>

static void show(const char* name) {
    char path[128], text[256];
    snprintf(path, sizeof path, "/mnt/devices/system/cpu/%s", name);
    int fd = OK(open(path, O_RDONLY));
    long n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    struct stat s;
    fstat(fd, &s);
    SAY("%s: %ld bytes \"%s\" mode %o", name, n, text, s.st_mode);
    close(fd);
}

int main(void) {
    OK(mount("sysfs", "/mnt", "sysfs", 0, NULL));
    const char* names[] = {"possible",
                           "present",
                           "online",
                           "offline",
                           "isolated",
                           "kernel_max",
                           "cpu0/topology/core_id",
                           "cpu0/topology/physical_package_id",
                           "cpu0/topology/core_cpus_list",
                           "cpu0/topology/thread_siblings"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) show(names[i]);
    FAILS(ENOENT, open("/mnt/devices/system/cpu/cpu1", O_RDONLY));
    TRUE(open("/mnt/devices/system/cpu/online", O_CREAT | O_EXCL | O_RDWR, 0600) < 0);
    OK(umount("/mnt"));
    return done();
}
