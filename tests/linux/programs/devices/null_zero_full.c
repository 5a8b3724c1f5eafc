// /dev/null, /dev/zero and /dev/full.
#include "check.h"

int main(void) {
    char data[16] = "xxxxxxxxxxxxxxx", zero[16] = "";
    struct stat s;
    const char* names[] = {"null", "zero", "full", "random", "urandom", "tty", "console"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char path[32];
        snprintf(path, sizeof path, "/dev/%s", names[i]);
        OK(stat(path, &s));
        SAY("%s: %s %d:%d mode %o", names[i], type_name(s.st_mode), major(s.st_rdev), minor(s.st_rdev),
            s.st_mode & 07777);
    }
    int null = OK(open("/dev/null", O_RDWR)), zeros = OK(open("/dev/zero", O_RDWR)),
        full = OK(open("/dev/full", O_RDWR));
    IS(0, read(null, data, 16));
    IS(16, write(null, data, 16));
    IS(16, read(zeros, data, 16));
    TRUE(memcmp(data, zero, 16) == 0);
    IS(16, write(zeros, data, 16));
    IS(16, read(full, data, 16));
    FAILS(ENOSPC, write(full, "x", 1));
    IS(0, lseek(null, 5, SEEK_SET));
    FAILS(EFAULT, read(zeros, unmapped(), 1));
    IS(100, write(null, unmapped(), 100));
    FAILS(ENOTTY, ioctl(null, TCGETS, data));
    FAILS(EFAULT, read(zeros, KERNEL_ADDRESS, 10));
    char* p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zeros, 0);
    TRUE(p != MAP_FAILED);
    IS(0, p[5]);
    p[5] = 1;
    p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, zeros, 0);
    CHILD("exit 0", p[0] = 'c');
    IS('c', p[0]);
    OK(ftruncate(open("file", O_CREAT | O_RDWR, 0600), 1));
    FAILS(EINVAL, ftruncate(null, 0));
    OK(close(open("/dev/null", O_RDWR | O_TRUNC | O_CREAT, 0600)));
    return done();
}
