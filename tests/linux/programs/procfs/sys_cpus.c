// The processors as /sys/devices/system/cpu lists them: lscpu, nproc and the C library's get_nprocs read these files.
#include "check.h"

#include <sched.h>
#include <sys/mount.h>

static int cpus;

// The file, which says just that. `is_told`: print what is right, too.
static void show(const char* name, const char* expected, int is_told) {
    char path[128], text[256];
    snprintf(path, sizeof path, "/mnt/devices/system/cpu/%s", name);
    int fd = open(path, O_RDONLY);
    long n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    struct stat s = {0};
    fstat(fd, &s);
    close(fd);
    if (strcmp(text, expected) != 0) {
        check_failures++;
        SAY("%s: %ld bytes \"%s\" instead of \"%s\"", name, n, text, expected);
    } else if (is_told) {
        SAY("%s is right, mode %o", name, s.st_mode);
    }
}

static void show_of_each(const char* name, const char* (*expected)(int cpu)) {
    for (int cpu = 0; cpu < cpus; cpu++) {
        char path[128];
        snprintf(path, sizeof path, "cpu%d/topology/%s", cpu, name);
        show(path, expected(cpu), cpu == 0);
    }
}

static char line[64];
static const char* all(void) {
    snprintf(line, sizeof line, cpus == 1 ? "0\n" : "0-%d\n", cpus - 1);
    return line;
}
static const char* its_number(int cpu) {
    snprintf(line, sizeof line, "%d\n", cpu);
    return line;
}
static const char* its_bit(int cpu) {
    snprintf(line, sizeof line, cpus > 4 ? "%02x\n" : "%x\n", 1u << cpu);  // as wide as the last one's
    return line;
}
static const char* nought(int cpu) {
    (void)cpu;
    return "0\n";
}

int main(void) {
    OK(mount("sysfs", "/mnt", "sysfs", 0, NULL));
    for (const char* at = content_of("/proc/cpuinfo"); (at = strstr(at, "processor\t:")) != NULL; at++)
        cpus++;
    show("possible", all(), 1), show("present", all(), 1), show("online", all(), 1);
    show("offline", "\n", 1), show("isolated", "\n", 1), show("kernel_max", "8191\n", 1);
    // Each is a core of its own; all are in one package.
    show_of_each("core_id", its_number), show_of_each("physical_package_id", nought);
    show_of_each("core_cpus_list", its_number), show_of_each("thread_siblings", its_bit);
    char beyond[64];
    snprintf(beyond, sizeof beyond, "/mnt/devices/system/cpu/cpu%d", cpus);
    FAILS(ENOENT, open(beyond, O_RDONLY));
    TRUE(open("/mnt/devices/system/cpu/online", O_CREAT | O_EXCL | O_RDWR, 0600) < 0);
    OK(umount("/mnt"));
    return done();
}
