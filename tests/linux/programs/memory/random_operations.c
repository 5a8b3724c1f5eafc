// A random sequence of mmap, munmap and mprotect against a simple model of what each page must hold.
#include "check.h"

enum { PAGES = 64, STEPS = 3000 };

static unsigned state = 12345;
static unsigned next(unsigned bound) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % bound;
}

int main(void) {
    static int value[PAGES], mapped[PAGES];
    char* base = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(base, PAGES * PAGE);
    int failed = 0, wrong = 0;
    for (int step = 0; step < STEPS; step++) {
        int first = next(PAGES), count = 1 + next(8);
        if (first + count > PAGES) count = PAGES - first;
        char* at = base + first * PAGE;
        switch (next(3)) {
            case 0:
                failed += mmap(at, count * PAGE, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at;
                for (int i = first; i < first + count; i++) mapped[i] = 1, value[i] = 0;
                break;
            case 1:
                failed += munmap(at, count * PAGE) != 0;
                for (int i = first; i < first + count; i++) mapped[i] = 0;
                break;
            case 2:
                for (int i = first; i < first + count; i++)
                    if (mapped[i]) *(int*)(base + i * PAGE) = value[i] = step;
        }
        unsigned char there[PAGES];
        for (int i = 0; i < PAGES; i++) {
            int is_there = mincore(base + i * PAGE, PAGE, there) == 0;
            wrong += is_there != mapped[i] || (is_there && *(int*)(base + i * PAGE) != value[i]);
        }
    }
    IS(0, failed);
    IS(0, wrong);
    return done();
}
