// The stack grows by itself up to RLIMIT_STACK, and no further.
#include "check.h"

static long descend(long bytes) {
    volatile char block[8192];
    block[0] = bytes;
    if (bytes > 0) return descend(bytes - 8192) + block[0];
    return 0;
}

int main(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    SAY("limit %ld", (long)limit.rlim_cur);
    CHILD("exit 0", descend(4 << 20); SAY("4 MiB are fine"));
    CHILD("SIGSEGV", descend(16 << 20));
    limit.rlim_cur = 1 << 20;
    OK(setrlimit(RLIMIT_STACK, &limit));
    CHILD("exit 0", descend(512 << 10));
    CHILD("SIGSEGV", descend(2 << 20));
    CHILD("exit 0", {
        // A jump over untouched pages of the stack is growth as well.
        char here;
        volatile uintptr_t below = (uintptr_t)&here - (500 << 10);
        *(volatile char*)below = 1;
        SAY("far below the stack pointer is fine too");
    });
    CHILD("exit 0", {
        limit.rlim_cur = 64 << 20;
        OK(setrlimit(RLIMIT_STACK, &limit));
        descend(32 << 20);
        SAY("a raised limit counts at once");
    });
    return done();
}
