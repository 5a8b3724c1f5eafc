// truncate() to the size that a file has: a change where there are pages, also those behind its end, and none where not.
#include "check.h"

static const struct timespec PAST[2] = {{1000000000, 0}, {1100000000, 0}};

static int has_changed(const char* path) {
    struct stat s;
    stat(path, &s);
    return s.st_mtim.tv_sec != PAST[1].tv_sec;
}

int main(void) {
    make_file("file", "0123456789", 0644), make_file("hole", "", 0644), make_file("empty", "", 0644);
    OK(truncate("hole", 5000));
    const char* const names[] = {"file", "hole", "empty"};
    const long sizes[] = {10, 5000, 0};
    for (int i = 0; i < 3; i++) {
        OK(utimensat(AT_FDCWD, names[i], PAST, 0));
        OK(truncate(names[i], sizes[i]));
        SAY("%s %s", names[i], has_changed(names[i]) ? "changed" : "unchanged");
    }
    int fd = OK(open("hole", O_RDWR));
    OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 20000));
    struct stat s;
    fstat(fd, &s);
    IS(40, s.st_blocks);
    OK(truncate("hole", 5000));
    fstat(fd, &s);
    IS(16, s.st_blocks);
    // What was written behind the end through a mapping is gone.
    char* map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, open("file", O_RDWR), 0);
    map[20] = 'x';
    OK(truncate("file", 10));
    IS(0, map[20]);
    IS('9', map[9]);
    return done();
}
