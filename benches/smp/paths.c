// What a worker does with a file by its path, whether the file is its own or everybody's.
#include "smp.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

void stat_path(const char* path, long count) {
    struct stat status = {0};
    long wrong = 0;
    while (count--) wrong |= CALL2(SYS_stat, path, &status) | (status.st_size ^ BLOCK);
    REQUIRE(wrong == 0);
}

void open_and_close_path(const char* path, long count) {
    long wrong = 0;
    while (count--) {
        const long fd = CALL3(SYS_open, path, O_RDONLY, 0);
        wrong |= fd < 0;
        wrong |= CALL1(SYS_close, fd);
    }
    REQUIRE(wrong == 0);
}
