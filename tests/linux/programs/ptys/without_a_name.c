// A slave whose master is closed has no name any more; how large a file of a devpts may be.
#include "check.h"

#include <sys/ioctl.h>
#include <sys/sendfile.h>

int main(void) {
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlock = 0;
    OK(ioctl(master, TIOCSPTLCK, &unlock));
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    struct stat status;
    OK(fstat(slave, &status));
    IS(1, status.st_nlink);
    // sendfile looks at the largest file of both sides.
    make_file("file", "text", 0644);
    int file = open("file", O_RDONLY);
    off_t offset = 0x7fffffff;
    FAILS(EOVERFLOW, sendfile(slave, file, &offset, 4096));
    offset = 0x7ffffffe;
    IS(0, sendfile(slave, file, &offset, 4096));
    offset = 0x80000000;
    FAILS(EOVERFLOW, sendfile(slave, file, &offset, 4096));
    FAILS(EINVAL, sendfile(slave, file, (off_t[]){-1}, 4096));
    close(master);
    OK(fstat(slave, &status));
    IS(0, status.st_nlink);
    // Nothing bounds where a directory of it is read from.
    int folder = open("/dev/pts", O_RDONLY | O_DIRECTORY);
    IS(0x80000000, lseek(folder, 0x80000000, SEEK_SET));
    FAILS(EINVAL, lseek(folder, 0, SEEK_END));
    // A position is a number of entries.
    for (int entries = 0; entries < 4; ++entries) {
        IS(entries, lseek(folder, entries, SEEK_SET));
        char names[4096];
        long size = syscall(SYS_getdents64, folder, names, sizeof names), left = 0;
        for (long at = 0; at < size; at += *(unsigned short*)(names + at + 16)) ++left;
        IS(3 - entries, left);
    }
    return done();
}
