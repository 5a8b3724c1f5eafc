// The links that programs expect below /dev, through /proc/self/fd.
#include "check.h"

int main(void) {
    make_file("file", "from the file", 0644);
    int fd = open("file", O_RDONLY);
    dup2(fd, 9);
    char text[32] = "";
    int again = OK(open("/proc/self/fd/9", O_RDONLY));
    IS(13, read(again, text, 32));
    SAY("%s", text);
    IS(0, lseek(fd, 0, SEEK_CUR));
    int ends[2];
    pipe(ends);
    write(ends[1], "pipe", 4);
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    again = OK(open(path, O_RDONLY));
    IS(4, read(again, text, 32));
    long n = readlink(path, text, 32);
    TRUE(n > 6 && strncmp(text, "pipe:[", 6) == 0);
    FAILS(ENOENT, open("/proc/self/fd/77", O_RDONLY));
    FAILS(EACCES, open((become_user(1000, 1000),
                        snprintf(path, sizeof path, "/proc/self/fd/%d",
                                 open("/tests/devices/standard_links", O_RDONLY)),
                        path),
                       O_WRONLY));
    return done();
}
