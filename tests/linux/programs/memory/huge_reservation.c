// A huge mapping that is barely touched costs barely anything.
#include "check.h"

int main(void) {
    char* p =
        mmap(NULL, 1ul << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    TRUE(p != MAP_FAILED);
    for (unsigned long i = 0; i < 64; i++) p[i << 34] = i;
    long sum = 0;
    for (unsigned long i = 0; i < 64; i++) sum += p[i << 34];
    IS(2016, sum);
    CHILD("exit 0", for (unsigned long i = 0; i < 64; i++) p[i << 34]++);
    IS(63, p[63ul << 34]);
    OK(munmap(p, 1ul << 40));
    return done();
}
