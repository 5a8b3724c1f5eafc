// /dev/random, /dev/urandom and getrandom(): bytes that differ, flags, and errnos.
#include "check.h"

static int looks_random(const unsigned char* bytes, int count) {
    int histogram[256] = {0}, most = 0;
    for (int i = 0; i < count; i++)
        if (++histogram[bytes[i]] > most) most = histogram[bytes[i]];
    return most < count / 64;
}

int main(void) {
    static unsigned char a[4096], b[4096];
    IS(4096, read(open("/dev/urandom", O_RDONLY), a, 4096));
    TRUE(looks_random(a, 4096));
    IS(4096, read(open("/dev/random", O_RDONLY), b, 4096));
    TRUE(looks_random(b, 4096));
    TRUE(memcmp(a, b, 4096) != 0);
    IS(4096, getrandom(a, 4096, 0));
    TRUE(looks_random(a, 4096));
    IS(16, getrandom(a, 16, GRND_NONBLOCK));
    IS(16, getrandom(a, 16, GRND_RANDOM));
    IS(0, getrandom(a, 0, 0));
    FAILS(EINVAL, getrandom(a, 16, 0x100));
    FAILS(EFAULT, syscall(SYS_getrandom, unmapped(), 16, 0));
    FAILS(EFAULT, syscall(SYS_getrandom, KERNEL_ADDRESS, 16, 0));
    IS(5, write(open("/dev/urandom", O_WRONLY), "stirs", 5));
    int ends[2];
    pipe(ends);
    CHILD("exit 0", getrandom(a, 32, 0); write(ends[1], a, 32));
    getrandom(a, 32, 0);
    read(ends[0], b, 32);
    TRUE(memcmp(a, b, 32) != 0);
    return done();
}
