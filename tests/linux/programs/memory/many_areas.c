// Thousands of separate areas, then all gone; splitting and joining leaves every byte in place.
#include "check.h"

int main(void) {
    enum { AREAS = 2000 };
    char* base = mmap(NULL, AREAS * 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int failed = 0, wrong = 0;
    for (int i = 0; i < AREAS; i++)
        failed += mprotect(base + 2 * i * PAGE, PAGE, PROT_READ | PROT_WRITE) != 0;
    IS(0, failed);
    for (int i = 0; i < AREAS; i++) *(int*)(base + 2 * i * PAGE) = i;
    OK(mprotect(base, AREAS * 2 * PAGE, PROT_READ));
    for (int i = 0; i < AREAS; i++) wrong += *(int*)(base + 2 * i * PAGE) != i;
    IS(0, wrong);
    CHILD("exit 0", for (int i = 0; i < AREAS; i++) wrong += *(int*)(base + 2 * i * PAGE) != i; IS(0, wrong));
    OK(munmap(base, AREAS * 2 * PAGE));
    CHILD("SIGSEGV", SAY("%d", *base));
    return done();
}
