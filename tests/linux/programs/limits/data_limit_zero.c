// A soft RLIMIT_DATA of 0: brk can do nothing, and for mappings the hard limit counts.
#include "check.h"

int main(void) {
    struct rlimit limit = {0, 8 << 20};
    char* old = sbrk(0);
    OK(setrlimit(RLIMIT_DATA, &limit));
    OK(mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    FAILS(ENOMEM, mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    TRUE(syscall(SYS_brk, old + 65536) == (long)old);
    limit.rlim_cur = 4096;
    OK(setrlimit(RLIMIT_DATA, &limit));
    FAILS(ENOMEM, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    return done();
}
