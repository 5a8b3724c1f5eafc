// F_SETPIPE_SZ at its upper end, for root and for a user.
#include "check.h"

static int ends[2];

static void try(unsigned long size) {
    long n = syscall(SYS_fcntl, ends[1], F_SETPIPE_SZ, size);
    if (n < 0)
        SAY("%lx: %s", size, error_name(errno));
    else
        SAY("%lx: %lx", size, n);
    syscall(SYS_fcntl, ends[1], F_SETPIPE_SZ, 4096);
}

int main(void) {
    const unsigned long SIZES[] = {0,           1,           4097,       0xfffff,    0x100000,
                                   0x100001,    0x1000000,   0x10000000, 0x10000001, 0x7fffffff,
                                   0x80000000,  0x80000001,  0x80001000, 0xffffffff, 0x100000000,
                                   0x100001000, 0x180000000, -1ul,       -4096ul,    0x8000000000000000};
    pipe(ends);
    for (size_t i = 0; i < ARRAY_SIZE(SIZES); i++) try(SIZES[i]);
    CHILD("exit 0", become_user(1000, 1000); for (size_t i = 0; i < ARRAY_SIZE(SIZES); i++) try(SIZES[i]));
    return done();
}
