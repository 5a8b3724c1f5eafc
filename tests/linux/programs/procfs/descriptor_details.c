// /proc/self/fdinfo: positions, also of files that only have one in name, and what an eventfd adds.
#include "check.h"

static void show(int fd) {
    char path[64];
    sprintf(path, "/proc/self/fdinfo/%d", fd);
    FILE* file = fopen(path, "r");
    char line[128];
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "mnt_id", 6) != 0 && strncmp(line, "ino", 3) != 0 &&
            strncmp(line, "eventfd-id", 10) != 0)
            SAY("%s", line);
    fclose(file);
}

int main(void) {
    char bytes[16];
    int zero = OK(open("/dev/zero", O_RDWR)), null = OK(open("/dev/null", O_RDWR)),
        file = OK(open("file", O_CREAT | O_RDWR, 0644));
    IS(16, read(zero, bytes, 16));
    IS(16, write(zero, bytes, 16));
    IS(16, write(null, bytes, 16));
    IS(16, write(file, bytes, 16));
    show(zero), show(null), show(file);
    int event = OK(eventfd(7, EFD_NONBLOCK | EFD_CLOEXEC));
    uint64_t value = 0x12345;
    IS(8, write(event, &value, 8));
    show(event);
    IS(8, read(event, &value, 8));
    show(event);
    int other = OK(dup(event));
    show(other);
    return done();
}
