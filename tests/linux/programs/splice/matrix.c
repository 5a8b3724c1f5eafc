// splice() between every two kinds of files, with offsets and without, nothing and something.
#include "check.h"

static int open_end(const char* kind, int is_out) {
    int ends[2];
    if (strstr(kind, "pipe")) {
        pipe2(ends, O_NONBLOCK);
        if (!is_out && strcmp(kind, "pipe") == 0) write(ends[1], "piped", 5);
        if (strcmp(kind, "full pipe") == 0)
            for (int i = 0; i < 16; i++) write(ends[1], (char[4096]){0}, 4096);
        if (strcmp(kind, "pipe nobody reads") == 0) close(ends[0]);
        if (strcmp(kind, "pipe nobody writes") == 0) close(ends[1]);
        if (strcmp(kind, "wrong end of pipe") == 0) return is_out ? ends[0] : ends[1];
        return is_out ? ends[1] : ends[0];
    }
    if (strcmp(kind, "eventfd") == 0) return eventfd(3, EFD_NONBLOCK);
    if (strcmp(kind, "appended") == 0) return open("target", O_RDWR | O_APPEND);
    if (strcmp(kind, "read only") == 0) return open("target", O_RDONLY);
    if (strcmp(kind, "write only") == 0) return open("target", O_WRONLY);
    if (strcmp(kind, "path") == 0) return open("target", O_PATH);
    if (strcmp(kind, "closed") == 0) return 999;
    return open(kind, (is_out ? O_RDWR : O_RDONLY) | O_NONBLOCK);
}

int main(void) {
    static const char* const INS[] = {
        "source", "empty",           "/dev/null",          "/dev/zero",         "/dev/full",
        "pipe",   "empty pipe",      "pipe nobody writes", "wrong end of pipe", "eventfd",
        ".",      "/proc/self/comm", "/proc/self/status",  "write only",        "path",
        "closed"};
    static const char* const OUTS[] = {
        "target",  "/dev/null", "/dev/zero", "/dev/full", "pipe",  "full pipe", "pipe nobody reads",
        "eventfd", "appended",  "read only", "path",      "closed"};
    static const long OFFSETS[] = {-2, 0, 3, 100, -1, INT64_MAX};
    signal(SIGPIPE, SIG_IGN);
    umask(0);
    make_file("source", "0123456789", 0644);
    make_file("empty", "", 0644);
    make_file("target", "", 0644);
    for (size_t i = 0; i < ARRAY_SIZE(INS); i++)
        for (size_t o = 0; o < ARRAY_SIZE(OUTS); o++) {
            char line[2000];
            int length = 0;
            for (size_t p = 0; p < ARRAY_SIZE(OFFSETS); p++)
                for (int where = p == 0 ? 0 : 1; where < (p == 0 ? 1 : 4); where++) {
                    truncate("target", 0);
                    int in = open_end(INS[i], 0), out = open_end(OUTS[o], 1);
                    off_t a = OFFSETS[p], b = OFFSETS[p];
                    long moved = splice(in, where & 1 ? &a : NULL, out, where & 2 ? &b : NULL, 4, 0);
                    length += moved < 0 ? sprintf(line + length, " %s", error_name(errno))
                                        : sprintf(line + length, " %ld", moved);
                    if (a != OFFSETS[p]) length += sprintf(line + length, "(from %ld)", (long)a);
                    if (b != OFFSETS[p]) length += sprintf(line + length, "(to %ld)", (long)b);
                    if (lseek(in, 0, SEEK_CUR) > 0)
                        length += sprintf(line + length, "(in at %ld)", (long)lseek(in, 0, SEEK_CUR));
                    if (lseek(out, 0, SEEK_CUR) > 0)
                        length += sprintf(line + length, "(out at %ld)", (long)lseek(out, 0, SEEK_CUR));
                    close(in), close(out);
                }
            SAY("%s to %s:%s", INS[i], OUTS[o], line);
        }
    return done();
}
