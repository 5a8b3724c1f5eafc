// ioctl() of /dev/random: how much entropy there is, adding some, and who may.
#include "check.h"

static const char* result(long value) { return value < 0 ? error_name(errno) : "ok"; }

static void try(int fd) {
    int bits = -1;
    struct {
        int bits, size;
        char bytes[16];
    } pool = {8, 16, "sixteen bytes!!"};
    OK(ioctl(fd, 0x80045200, &bits));
    IS(256, bits);
    FAILS(EFAULT, ioctl(fd, 0x80045200, unmapped()));
    SAY("RNDADDTOENTCNT %s", result((bits = 8, ioctl(fd, 0x40045201, &bits))));
    SAY("RNDADDTOENTCNT negative %s", result((bits = -8, ioctl(fd, 0x40045201, &bits))));
    SAY("RNDADDTOENTCNT bad %s", result(ioctl(fd, 0x40045201, unmapped())));
    SAY("RNDGETPOOL %s", result(ioctl(fd, 0x80085202, &pool)));
    SAY("RNDADDENTROPY %s", result(ioctl(fd, 0x40085203, &pool)));
    pool.bits = -1;
    SAY("RNDADDENTROPY negative %s", result(ioctl(fd, 0x40085203, &pool)));
    pool.bits = 8, pool.size = -1;
    SAY("RNDADDENTROPY negative size %s", result(ioctl(fd, 0x40085203, &pool)));
    pool.size = 0;
    SAY("RNDADDENTROPY no size %s", result(ioctl(fd, 0x40085203, &pool)));
    SAY("RNDADDENTROPY bad %s", result(ioctl(fd, 0x40085203, unmapped())));
    int* ends_early = (int*)before_hole(12);
    ends_early[0] = 8, ends_early[1] = 16;
    SAY("RNDADDENTROPY half %s", result(ioctl(fd, 0x40085203, ends_early)));
    SAY("RNDZAPENTCNT %s", result(ioctl(fd, 0x5204, 0)));
    SAY("RNDCLEARPOOL %s", result(ioctl(fd, 0x5206, 0)));
    SAY("RNDRESEEDCRNG %s", result(ioctl(fd, 0x5207, 0)));
    SAY("unknown %s", result(ioctl(fd, 0x5299, 0)));
    SAY("terminal %s", result(ioctl(fd, TCGETS, 0)));
}

int main(void) {
    int fd = OK(open("/dev/random", O_RDWR));
    try(fd);
    try(OK(open("/dev/urandom", O_RDONLY)));
    CHILD("exit 0", become_user(1000, 1000); try(fd));
    return done();
}
