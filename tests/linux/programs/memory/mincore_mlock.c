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
    FAILS(EINVAL, mlockall(0));
    OK(mlockall(MCL_CURRENT));
    OK(munlockall());
    return done();
}
