// mmap() below vm.mmap_min_addr: for CAP_SYS_RAWIO only, and what is wrong with the flags comes first.
#include "check.h"

int main(void) {
    const int fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    char* low = mmap((void*)PAGE, PAGE, PROT_READ | PROT_WRITE, fixed, -1, 0);
    TRUE(low == (char*)PAGE);
    low[0] = 1;
    OK(munmap(low, PAGE));
    FAILS(EINVAL, (long)mmap((void*)PAGE, PAGE, PROT_READ, MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    CHILD("exit 0", {
        become_user(1000, 1000);
        FAILS(EPERM, (long)mmap((void*)PAGE, PAGE, PROT_READ, fixed, -1, 0));
        // As a hint it only moves up.
        TRUE(mmap((void*)PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    });
    return done();
}
