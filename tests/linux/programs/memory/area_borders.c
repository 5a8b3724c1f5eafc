// Where one area of a program's memory ends and the next begins, after all that changes it: /proc/self/maps shows it, and
// mremap() minds it. Chosen by a fixed row of numbers, in the parent and in children.
#include "check.h"

#define PAGES 24
static char* arena;
static unsigned long state = 1;

static unsigned number(unsigned limit) {
    state = state * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned)(state >> 33) % limit;
}

static void show(const char* what, unsigned at, unsigned count, long result) {
    char line[256], borders[700] = "";
    int length = 0;
    FILE* maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps)) {
        unsigned long start, end;
        char rights[8];
        sscanf(line, "%lx-%lx %7s", &start, &end, rights);
        if (start >= (unsigned long)arena && end <= (unsigned long)arena + PAGES * PAGE)
            length += sprintf(borders + length, " %lu-%lu%s", (start - (unsigned long)arena) / PAGE,
                              (end - (unsigned long)arena) / PAGE, rights);
    }
    fclose(maps);
    SAY("%s %u+%u: %s%s", what, at, count, result == -1 ? error_name(errno) : "ok", borders);
}

static void step(void) {
    static const int ADVICE[] = {MADV_NORMAL,
                                 MADV_RANDOM,
                                 MADV_SEQUENTIAL,
                                 MADV_DONTFORK,
                                 MADV_DOFORK,
                                 MADV_DONTDUMP,
                                 MADV_DODUMP,
                                 MADV_DONTNEED,
                                 MADV_WILLNEED,
                                 18 /* MADV_WIPEONFORK */,
                                 19 /* MADV_KEEPONFORK */};
    static const int RIGHTS[] = {PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
                                 PROT_READ | PROT_EXEC};
    unsigned at = number(PAGES), count = 1 + number(PAGES - at < 8 ? PAGES - at : 8);
    char* place = arena + at * PAGE;
    size_t size = count * PAGE;
    switch (number(12)) {
        case 0:
        case 1:
        case 2:
            return show(
                "mmap", at, count,
                (long)mmap(place, size, RIGHTS[number(3)], MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
        case 3: return show("munmap", at, count, munmap(place, size));
        case 4: return show("mprotect", at, count, mprotect(place, size, RIGHTS[number(5)]));
        case 5: return show("mlock", at, count, mlock(place, size));
        case 6: return show("munlock", at, count, munlock(place, size));
        case 7: {
            const int advice = number(11);
            const long result = madvise(place, size, ADVICE[advice]);
            return show("madvise", at, count, result);
        }
        case 8:
        case 9: {  // written by the kernel, which says so where it cannot be
            int ends[2];
            pipe(ends);
            long result = 0;
            for (unsigned i = 0; i < count; i++) {
                write(ends[1], "x", 1);
                if (read(ends[0], place + i * PAGE, 1) != 1) result = -1;
            }
            close(ends[0]);
            close(ends[1]);
            return show("write", at, count, result);
        }
        case 10: {
            unsigned to = number(PAGES), new_count = 1 + number(PAGES - to < 8 ? PAGES - to : 8);
            const long result =
                (long)mremap(place, size, new_count * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, arena + to * PAGE);
            SAY("to %u+%u", to, new_count);
            return show("mremap", at, count, result);
        }
        default: return show("mremap larger", at, count, (long)mremap(place, size, size + PAGE, 0));
    }
}

int main(void) {
    arena = mmap((void*)0x10000000, PAGES * PAGE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < 60; i++) step();
        fflush(stdout);
        CHILD("exit 0", {
            SAY("a child");
            for (int i = 0; i < 40; i++) step();
        });
    }
    return done();
}
