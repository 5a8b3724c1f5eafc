// fallocate(): growing, keeping the size, punching holes, and its errnos.
#include "check.h"

// fallocate(2); not in every C library's headers.
#define FALLOC_FL_COLLAPSE_RANGE 0x08
#define FALLOC_FL_INSERT_RANGE 0x20
#define FALLOC_FL_UNSHARE_RANGE 0x40

int main(void) {
    int fd = OK(open("file", O_CREAT | O_RDWR, 0644)), ends[2];
    struct stat status;
    OK(fallocate(fd, 0, 0, 3 * PAGE));
    fstat(fd, &status);
    SAY("size %ld blocks %ld", (long)status.st_size, (long)status.st_blocks);
    OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 3 * PAGE, PAGE));
    fstat(fd, &status);
    SAY("size %ld blocks %ld", (long)status.st_size, (long)status.st_blocks);
    char page[PAGE], zero[PAGE] = {0};
    memset(page, 'x', sizeof page);
    pwrite(fd, page, PAGE, PAGE);
    OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
    pread(fd, page, PAGE, PAGE);
    TRUE(memcmp(page, zero, PAGE) == 0);
    pwrite(fd, "abcdef", 6, 0);
    OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1, 2));
    pread(fd, page, 6, 0);
    TRUE(memcmp(page, "a\0\0def", 6) == 0);
    FAILS(EINVAL, fallocate(fd, 0, -1, 1));
    FAILS(EINVAL, fallocate(fd, 0, 0, 0));
    FAILS(EINVAL, fallocate(fd, 0, 0, -1));
    FAILS(EOPNOTSUPP, fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE));
    FAILS(EOPNOTSUPP, fallocate(fd, 0x4000, 0, PAGE));
    FAILS(EFBIG, fallocate(fd, 0, 0x7fffffffffffffff, 1));
    FAILS(EBADF, fallocate(99, 0, 0, 1));
    FAILS(EBADF, fallocate(open("file", O_RDONLY), 0, 0, 1));
    pipe(ends);
    FAILS(ESPIPE, fallocate(ends[1], 0, 0, 1));
    FAILS(ENODEV, fallocate(open("/dev/null", O_RDWR), 0, 0, 1));
    // The mode is looked at before what the descriptor is.
    int pipe_ends[2], null = OK(open("/dev/null", O_RDWR)), reader = OK(open("/proc/self/exe", O_RDONLY));
    pipe(pipe_ends);
    FAILS(EOPNOTSUPP, fallocate(null, FALLOC_FL_PUNCH_HOLE, 0, 10));
    FAILS(EINVAL, fallocate(null, FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE, 0, 10));
    FAILS(EINVAL, fallocate(pipe_ends[1], FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_KEEP_SIZE, 0, 10));
    FAILS(EINVAL, fallocate(reader, FALLOC_FL_INSERT_RANGE | FALLOC_FL_KEEP_SIZE, 0, 10));
    FAILS(EBADF, fallocate(reader, 0, 0, 10));
    FAILS(EOPNOTSUPP, fallocate(null, 0x80, 0, 10));
    FAILS(ENODEV, fallocate(null, 0, 0, 10));
    FAILS(ESPIPE, fallocate(pipe_ends[1], 0, 0, 10));
    // What no file can have comes before what the file system knows of the mode.
    FAILS(EFBIG, fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, INT64_MAX, 10));
    FAILS(EOPNOTSUPP, fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE));
    // The limit holds where the size stays, too, and for what lies behind the end alone.
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){8 * PAGE, RLIM_INFINITY});
    CHILD("SIGXFSZ", fallocate(fd, 0, 0, 9 * PAGE));
    CHILD("SIGXFSZ", fallocate(fd, FALLOC_FL_KEEP_SIZE, 8 * PAGE, 1));
    CHILD("exit 0", FAILS(EFBIG, fallocate(fd, 0, INT64_MAX, 1)));
    OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8 * PAGE, PAGE));
    return done();
}
