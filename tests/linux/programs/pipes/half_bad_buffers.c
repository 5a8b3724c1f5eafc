// A pipe read or write whose buffer ends in a hole gives what was possible, or EFAULT.
#include "check.h"

int main(void) {
    int ends[2];
    pipe2(ends, O_NONBLOCK);
    char* hole = before_hole(3);
    memcpy(hole, "abc", 3);
    FAILS(EFAULT, write(ends[1], hole, 6));
    IS(3, write(ends[1], hole, 3));
    IS(3, write(ends[1], hole, 3));
    FAILS(EFAULT, read(ends[0], hole, 6));
    FAILS(EFAULT, read(ends[0], KERNEL_ADDRESS, 6));
    FAILS(EFAULT, write(ends[1], KERNEL_ADDRESS, 6));
    FAILS(EFAULT, write(ends[1], (void*)-4096, 6));
    return done();
}
