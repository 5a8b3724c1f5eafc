// /proc/vmstat has a line for each counter that vmstat(8) needs, and what is free there is free in /proc/meminfo too.
#include "check.h"

static char text[16384];

static long value(const char* name) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%s ", name);
    for (char* line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, wanted, strlen(wanted)) == 0) return atol(line + strlen(wanted));
    return -1;
}

static void take(const char* path) {
    int fd = OK(open(path, O_RDONLY));
    long n, used = 0;
    while ((n = read(fd, text + used, sizeof text - 1 - used)) > 0) used += n;
    text[used] = 0;
    close(fd);
}

int main(void) {
    take("/proc/vmstat");
    long free_pages = value("nr_free_pages"), shared = value("nr_shmem");
    const char* names[] = {"nr_anon_pages", "nr_mapped", "nr_file_pages", "pgpgin",
                           "pgpgout",       "pswpin",    "pswpout"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        SAY("%s: %s", names[i], value(names[i]) >= 0 ? "there" : "missing");
    SAY("swapped: %ld %ld", value("pswpin"), value("pswpout"));
    TRUE(value("nr_file_pages") >= shared && shared >= 0);
    take("/proc/meminfo");
    long in_meminfo = atol(strstr(text, "MemFree:") + 8) / 4;
    TRUE(labs(in_meminfo - free_pages) < 2000);
    return done();
}
