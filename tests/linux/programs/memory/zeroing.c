// Memory that others had used comes back zeroed.
#include "check.h"

int main(void) {
    for (int round = 0; round < 5; round++) {
        CHILD("exit 0", memset(anonymous(2 << 20), 0xa5, 2 << 20));
        unsigned char* p = anonymous(4 << 20);
        long sum = 0;
        for (size_t i = 0; i < 4 << 20; i += 16) sum += *(unsigned long*)(p + i);
        IS(0, sum);
        munmap(p, 4 << 20);
    }
    unsigned char* heap = (unsigned char*)syscall(SYS_brk, 0);
    TRUE((unsigned char*)syscall(SYS_brk, heap + (1 << 20)) == heap + (1 << 20));
    long sum = 0;
    for (int i = 0; i < 1 << 20; i++) sum += heap[i];
    IS(0, sum);
    return done();
}
