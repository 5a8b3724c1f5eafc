// limit: 60
// Filling a tmpfs without a size limit of its own: ENOSPC before the machine is in trouble.
#include "check.h"

int main(void) {
    static char block[1 << 16];
    mkdir("m", 0700);
    OK(mount("none", "m", "tmpfs", 0, "size=40m"));
    int fd = open("m/file", O_CREAT | O_RDWR, 0600);
    long sum = 0, n;
    while ((n = write(fd, block, sizeof block)) > 0) sum += n;
    SAY("%ld bytes, then %s", sum, error_name(errno));
    OK(close(fd));
    OK(umount("m"));
    return done();
}
