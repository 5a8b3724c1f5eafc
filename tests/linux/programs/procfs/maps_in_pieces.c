// /proc/self/maps and mounts of many lines, read in pieces of every size: the same text, and whole lines.
#include "check.h"

static char large[1 << 20], small[1 << 20];

static long read_all(const char* name, char* to, size_t piece) {
    long size = 0;
    ssize_t count;
    const int file = open(name, O_RDONLY);
    while ((count = read(file, to + size, piece)) > 0) size += count;
    close(file);
    return count == 0 ? size : -1;
}
static int lines(const char* text, long size) {
    int count = 0;
    for (long i = 0; i < size; i++) count += text[i] == '\n';
    return count;
}
static void check(const char* name) {
    const size_t pieces[] = {1, 7, 100, 4095, 4096, 5000, 65536};
    const long size = read_all(name, large, sizeof large);
    TRUE(size > 20000 && large[size - 1] == '\n');
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
        TRUE(read_all(name, small, pieces[i]) == size);
        IS(0, memcmp(large, small, (size_t)size));
    }
    // From the middle, back to the start, and behind the end.
    const int file = OK(open(name, O_RDONLY));
    IS(100, pread(file, small, 100, size / 2));
    IS(0, memcmp(small, large + size / 2, 100));
    IS(100, read(file, small, 100));
    IS(0, memcmp(small, large, 100));
    TRUE(lseek(file, size - 50, SEEK_SET) == size - 50);
    IS(50, read(file, small, 100));
    IS(0, read(file, small, 100));
    IS(0, pread(file, small, 100, size));
    IS(0, pread(file, small, 100, size + 5000));
    IS(0, lseek(file, 0, SEEK_SET));
    IS(30, read(file, small, 30));
    IS(0, memcmp(small, large, 30));
    // One read gives whole lines, a page of them at most.
    OK(lseek(file, 0, SEEK_SET));
    const long first = read(file, small, sizeof small);
    TRUE(first > 3000 && first <= 4096 && small[first - 1] == '\n');
    SAY("%s: %d lines", name, lines(large, size) >= 400);
    close(file);
}

int main(void) {
    char* field = mmap(NULL, 600 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 600; i += 2) OK(mprotect(field + i * PAGE, PAGE, PROT_READ));
    check("/proc/self/maps");
    for (int i = 0; i < 400; i++) {
        char name[60];
        snprintf(name, sizeof name, "/desk/a_place_with_a_long_name_for_mount_number_%d", i);
        OK(mkdir(name, 0755));
        OK(mount("source", name, "tmpfs", 0, NULL));
    }
    check("/proc/self/mounts");
    check("/proc/self/mountinfo");
    // What is unmapped between two reads takes only itself away.
    const int file = OK(open("/proc/self/maps", O_RDONLY));
    const long first = read(file, small, sizeof small);
    OK(munmap(field + 10 * PAGE, PAGE));
    long size = first;
    for (ssize_t count; (count = read(file, small + size, 4096)) > 0;) size += count;
    const long all = read_all("/proc/self/maps", large, sizeof large);
    SAY("%d", lines(small, size) - lines(large, all));
    return done();
}
