// sendfile() between every two kinds of files, with an offset and without, nothing and something.
#include "check.h"

static int open_end(const char* kind, int is_out) {
    int ends[2];
    if (strcmp(kind, "pipe") == 0 || strcmp(kind, "pipe nobody reads") == 0 ||
        strcmp(kind, "full pipe") == 0) {
        pipe2(ends, O_NONBLOCK);
        if (strncmp(kind, "pipe", 4) == 0 && !is_out) write(ends[1], "piped", 5);
        if (strcmp(kind, "full pipe") == 0)
            for (int i = 0; i < 16; i++) write(ends[1], (char[4096]){0}, 4096);
        if (strcmp(kind, "pipe nobody reads") == 0) close(ends[0]);
        return is_out ? ends[1] : ends[0];
    }
    if (strcmp(kind, "eventfd") == 0) return eventfd(3, EFD_NONBLOCK);
    if (strcmp(kind, "appended") == 0) return open("target", O_RDWR | O_APPEND);
    if (strcmp(kind, "read only") == 0) return open("target", O_RDONLY);
    if (strcmp(kind, "path") == 0) return open("target", O_PATH);
    if (strcmp(kind, "closed") == 0) return 999;
    return open(kind, (is_out ? O_RDWR : O_RDONLY) | O_NONBLOCK);
}

int main(void) {
    static const char* const INS[] = {
        "source", "empty",   "/dev/null", "/dev/zero",       "/dev/full",         "/dev/urandom",
        "pipe",   "eventfd", ".",         "/proc/self/comm", "/proc/self/status", "/proc/sys/kernel/ostype",
        "fifo",   "path",    "closed"};
    static const char* const OUTS[] = {
        "target",    "/dev/null", "/dev/zero",       "/dev/full", "pipe",      "pipe nobody reads",
        "full pipe", "eventfd",   "/proc/self/comm", "appended",  "read only", "fifo",
        "path",      "closed"};
    static const long OFFSETS[] = {-2, 0, 3, 100, -1, INT64_MAX, INT64_MAX - 4};
    signal(SIGPIPE, SIG_IGN);
    umask(0);
    make_file("source", "0123456789", 0644);
    make_file("empty", "", 0644);
    make_file("target", "", 0644);
    mkfifo("fifo", 0644);
    int fifo = open("fifo", O_RDWR | O_NONBLOCK);
    for (size_t i = 0; i < ARRAY_SIZE(INS); i++)
        for (size_t o = 0; o < ARRAY_SIZE(OUTS); o++) {
            char line[1000];
            int length = 0;
            for (size_t p = 0; p < ARRAY_SIZE(OFFSETS); p++)
                for (size_t size = 0; size < 5; size += 4) {
                    truncate("target", 0);
                    int in = open_end(INS[i], 0), out = open_end(OUTS[o], 1);
                    off_t offset = OFFSETS[p];
                    long moved = sendfile(out, in, p > 0 ? &offset : NULL, size);
                    length += moved < 0 ? sprintf(line + length, " %s", error_name(errno))
                                        : sprintf(line + length, " %ld", moved);
                    if (offset != OFFSETS[p]) length += sprintf(line + length, "(to %ld)", (long)offset);
                    if (lseek(in, 0, SEEK_CUR) > 0)
                        length += sprintf(line + length, "(at %ld)", (long)lseek(in, 0, SEEK_CUR));
                    close(in), close(out);
                    char rest[16];
                    while (read(fifo, rest, sizeof(rest)) > 0) {
                    }
                }
            SAY("%s to %s:%s", INS[i], OUTS[o], line);
        }
    return done();
}
