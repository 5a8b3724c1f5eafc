// mmap() of private anonymous memory: zeroed, protected, freed, at fixed addresses.
#include "check.h"

int main(void) {
    unsigned char* p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TRUE(p != MAP_FAILED && (uintptr_t)p % PAGE == 0);
    int sum = 0;
    for (size_t i = 0; i < 4 * PAGE; i++) sum += p[i];
    IS(0, sum);
    p[PAGE] = 7;
    OK(munmap(p + PAGE, PAGE));
    TRUE(mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
         p + PAGE);
    IS(0, p[PAGE]);
    p[0] = 9;
    TRUE(mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    IS(0, p[0]);
    CHILD("SIGSEGV", p[0] = 1);
    FAILS(EEXIST, mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    OK(munmap(p, 4 * PAGE));
    TRUE(mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == p);
    TRUE(mmap(p + 8 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == p + 8 * PAGE);
    OK(munmap(p, 9 * PAGE));
    OK(munmap(p, 9 * PAGE));
    OK(mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE | MAP_STACK, -1,
            0));
    CHILD("SIGSEGV", char* q = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
          SAY("%d", *q));
    return done();
}
