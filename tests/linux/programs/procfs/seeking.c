// lseek() and reads in the files and folders of /proc, far out and backwards; and files of a process that has ended.
#include "check.h"

static const char* say(long value) {
    static char text[32];
    if (value < 0) return error_name(errno);
    snprintf(text, sizeof text, "%ld", value);
    return text;
}

static void try(const char* path) {
    const struct {
        int whence;
        long offset;
    } MOVES[] = {{SEEK_SET, 5},
                 {SEEK_SET, -1},
                 {SEEK_CUR, 3},
                 {SEEK_CUR, -20},
                 {SEEK_END, 0},
                 {SEEK_END, -1},
                 {SEEK_DATA, 0},
                 {SEEK_HOLE, 0},
                 {9, 0},
                 {SEEK_SET, 0x7fffffff},
                 {SEEK_SET, 0x7ffffffe},
                 {SEEK_SET, 0x80000000},
                 {SEEK_SET, 0x7fffffffffffffff},
                 {SEEK_CUR, 1},
                 {SEEK_CUR, 0x7fffffffffffffff}};
    char byte;
    int fd = open(path, O_RDONLY);
    if (fd < 0) return SAY("%s: %s", path, error_name(errno));
    SAY("--- %s", path);
    for (size_t i = 0; i < ARRAY_SIZE(MOVES); i++) {
        SAY("whence %d, %lx: %s", MOVES[i].whence, MOVES[i].offset,
            say(lseek(fd, MOVES[i].offset, MOVES[i].whence)));
        long now = lseek(fd, 0, SEEK_CUR);
        long got = read(fd, &byte, 1);
        SAY("  there %s, read %s, then %s",
            now == 0    ? "0"
            : now < 100 ? "near"
                        : "far",
            got < 0 ? error_name(errno)
            : got   ? "something"
                    : "nothing",
            lseek(fd, 0, SEEK_CUR) == now + 1 ? "one on"
            : lseek(fd, 0, SEEK_CUR) == now   ? "unmoved"
                                              : "elsewhere");
    }
    SAY("pread far: %s", say(pread(fd, &byte, 1, 1l << 40)));
    SAY("pread farther: %s", say(pread(fd, &byte, 1, 0x7fffffffffffffff)));
    SAY("pread at 0: %s", say(pread(fd, &byte, 1, 0)));
    lseek(fd, 0, SEEK_SET);
    // In small pieces.
    long sum = 0, n;
    while ((n = read(fd, &byte, 1)) > 0) sum += n;
    SAY("in single bytes: %s", n < 0 ? error_name(errno) : sum == 0 ? "nothing" : sum == 1 ? "one" : "more");
    close(fd);
}

int main(void) {
    const char* const FILES[] = {
        "/proc/meminfo",  // longer than any place that is looked at, whatever the time
        "/proc/partitions",
        "/proc/self/maps",
        "/proc/self/cmdline",
        "/proc/self/environ",
        "/proc/self/mountinfo",
        "/proc/self/wchan",
        "/proc/self/uid_map",
        "/proc/sys/kernel/ostype",
        "/proc/sys/kernel/pid_max",
        "/proc/sys/kernel/random/uuid",
        "/proc/sys/fs/file-max"};
    const char* const FOLDERS[] = {"/proc",           "/proc/self", "/proc/self/fd",   "/proc/self/fdinfo",
                                   "/proc/self/task", "/proc/sys",  "/proc/sys/kernel"};
    const long PLACES[] = {0, 2, 0x7fffffff, 0x80000000, 0x7fffffffffffffff, -1};
    for (size_t i = 0; i < ARRAY_SIZE(FILES); i++) try(FILES[i]);
    for (size_t i = 0; i < ARRAY_SIZE(FOLDERS); i++) {
        int fd = OK(open(FOLDERS[i], O_RDONLY));
        SAY("--- %s", FOLDERS[i]);
        for (size_t k = 0; k < ARRAY_SIZE(PLACES); k++)
            SAY("SEEK_SET %lx: %s", PLACES[k], say(lseek(fd, PLACES[k], SEEK_SET)));
        SAY("SEEK_END: %s", say(lseek(fd, 0, SEEK_END)));
    }
    return done();
}
