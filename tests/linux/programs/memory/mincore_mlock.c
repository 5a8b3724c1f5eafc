// mincore(), mlock(), munlock(), mlockall().
#include "check.h"

int main(void) {
    unsigned char map[4];
    char* p = anonymous(4 * PAGE);
    p[PAGE] = 1;
    OK(mincore(p, 4 * PAGE, map));
    SAY("%d %d %d %d", map[0] & 1, map[1] & 1, map[2] & 1, map[3] & 1);
    OK(mlock(p, 4 * PAGE));
    OK(mincore(p, 4 * PAGE, map));
    SAY("%d %d %d %d", map[0] & 1, map[1] & 1, map[2] & 1, map[3] & 1);
    OK(munlock(p, 4 * PAGE));
    FAILS(EINVAL, mincore(p + 1, PAGE, map));
    FAILS(ENOMEM, mincore(unmapped(), PAGE, map));
    FAILS(EFAULT, mincore(p, PAGE, unmapped()));
    FAILS(ENOMEM, mlock(unmapped(), PAGE));
    FAILS(EINVAL, mlock((void*)(16 * PAGE), -(size_t)(8 * PAGE)));
    FAILS(EINVAL, mlockall(0));
    OK(mlockall(MCL_CURRENT));
    OK(munlockall());
    // What lies before a hole is told all the same.
    char* before_hole = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(before_hole + PAGE, PAGE);
    before_hole[0] = 1;
    unsigned char told[2] = {9, 9};
    FAILS(ENOMEM, mincore(before_hole, 2 * PAGE, told));
    SAY("%d %d", told[0] & 1, told[1]);
    FAILS(EFAULT, mincore(before_hole, PAGE, KERNEL_ADDRESS));
    FAILS(ENOMEM, mincore(before_hole, -1ul, KERNEL_ADDRESS));
    FAILS(EINVAL, mincore(before_hole + 1, -1ul, KERNEL_ADDRESS));
    return done();
}
