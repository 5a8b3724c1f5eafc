// brk(): growing, shrinking, zeroed memory, and what it refuses.
#include "check.h"

int main(void) {
    char* start = (char*)syscall(SYS_brk, 0);
    TRUE((char*)syscall(SYS_brk, start + 10 * PAGE) == start + 10 * PAGE);
    memset(start, 'x', 10 * PAGE);
    TRUE((char*)syscall(SYS_brk, start + PAGE) == start + PAGE);
    CHILD("SIGSEGV", start[5 * PAGE] = 1);
    TRUE((char*)syscall(SYS_brk, start + 10 * PAGE) == start + 10 * PAGE);
    IS(0, start[5 * PAGE]);
    IS('x', start[0]);
    TRUE((char*)syscall(SYS_brk, 0) == start + 10 * PAGE);
    TRUE((char*)syscall(SYS_brk, 1) == start + 10 * PAGE);
    TRUE((char*)syscall(SYS_brk, KERNEL_ADDRESS) == start + 10 * PAGE);
    TRUE((char*)syscall(SYS_brk, start + 10 * PAGE + 1) == start + 10 * PAGE + 1);
    start[10 * PAGE] = 1;
    struct rlimit limit = {PAGE, PAGE};
    setrlimit(RLIMIT_DATA, &limit);
    TRUE((char*)syscall(SYS_brk, start + 100 * PAGE) == start + 10 * PAGE + 1);
    return done();
}
