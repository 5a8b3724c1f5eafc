// The files of /proc that ps, free, mount and uptime read, by their shape.
#include "check.h"

static void shape(const char* path, int lines) {
    const char* text = content_of(path);
    char out[2048];
    size_t used = 0;
    for (; *text && lines > 0 && used < sizeof out - 2; text++) {
        if (isdigit((unsigned char)*text)) {
            while (isdigit((unsigned char)text[1])) text++;
            out[used++] = '#';
        } else if (*text == ' ') {
            while (text[1] == ' ') text++;
            out[used++] = ' ';
        } else
            out[used++] = *text;
        lines -= *text == '\n';
    }
    out[used] = 0;
    SAY("%s:\n%s", path, out);
}

/// What a panic is followed by: any int, which the command line set to -1.
static void panic_timeout(void) {
    const char* path = "/proc/sys/kernel/panic";
    const char* values[] = {"10\n", " 7",  "-2", "0x10\n",     "010",
                            "x",    "+5",  "5x", "2147483648", "99999999999999999999",
                            "\n",   "-1\n"};
    SAY("panic %s", content_of(path));
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        int fd = open(path, O_WRONLY);
        ssize_t count = write(fd, values[i], strlen(values[i]));
        int error = count < 0 ? errno : 0;
        close(fd);
        SAY("%s: %zd, errno %d, now %s", values[i], count, error, content_of(path));
    }
}

int main(void) {
    panic_timeout();
    shape("/proc/uptime", 1);
    shape("/proc/loadavg", 1);
    shape("/proc/meminfo", 5);
    shape("/proc/stat", 2);
    shape("/proc/sys/kernel/pid_max", 1);
    shape("/proc/sys/kernel/ostype", 1);
    const char* stat_text = content_of("/proc/stat");
    const char* wanted[] = {"ctxt ", "btime ", "processes ", "procs_running ", "procs_blocked "};
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
        SAY("%s%s", wanted[i], strstr(stat_text, wanted[i]) ? "there" : "missing");
    const char* meminfo = content_of("/proc/meminfo");
    const char* fields[] = {
        "MemTotal:", "MemFree:", "MemAvailable:", "Buffers:",      "Cached:",    "SwapTotal:",
        "SwapFree:", "Shmem:",   "Slab:",         "SReclaimable:", "SUnreclaim:"};
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        SAY("%s %s", fields[i], strstr(meminfo, fields[i]) ? "there" : "missing");
    const char* version = content_of("/proc/version");
    TRUE(strncmp(version, "Linux version 6.1", 17) == 0);
    TRUE(strstr(content_of("/proc/filesystems"), "nodev\ttmpfs\n") != NULL);
    TRUE(strstr(content_of("/proc/filesystems"), "nodev\tproc\n") != NULL);
    TRUE(strstr(content_of("/proc/cmdline"), "console=ttyS0") != NULL);
    TRUE(strstr(content_of("/proc/cpuinfo"), "processor\t: 0\n") != NULL);
    return done();
}
