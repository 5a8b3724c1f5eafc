// sync(), fsync(), fdatasync(), syncfs(), sync_file_range() and readahead().
#include "check.h"

int main(void) {
    int fd = OK(open("file", O_CREAT | O_RDWR, 0644)), ends[2];
    pipe(ends);
    OK(fsync(fd));
    OK(fdatasync(fd));
    OK(syncfs(fd));
    OK(fsync(open(".", O_RDONLY)));
    sync();
    FAILS(EBADF, fsync(99));
    FAILS(EBADF, fdatasync(99));
    FAILS(EBADF, syncfs(99));
    FAILS(EINVAL, fsync(ends[0]));
    FAILS(EINVAL, fdatasync(ends[1]));

    IS(4, write(fd, "text", 4));
    for (unsigned flags = 0; flags < 8; ++flags) IS(0, sync_file_range(fd, 0, 100, flags));
    FAILS(EINVAL, sync_file_range(fd, 0, 0, 8));
    FAILS(EINVAL, sync_file_range(fd, -1, 0, 0));
    FAILS(EINVAL, sync_file_range(fd, 0, -1, 0));
    FAILS(EINVAL, sync_file_range(fd, 1, INT64_MAX, 0));
    IS(0, sync_file_range(fd, 0, INT64_MAX, SYNC_FILE_RANGE_WRITE));
    IS(0, sync_file_range(open(".", O_RDONLY), 0, 0, SYNC_FILE_RANGE_WRITE));
    FAILS(ESPIPE, sync_file_range(ends[0], 0, 0, 0));
    FAILS(ESPIPE, sync_file_range(open("/dev/null", O_RDONLY), 0, 0, 0));
    FAILS(EINVAL, sync_file_range(ends[0], 0, 0, 8));
    FAILS(EBADF, sync_file_range(99, 0, 0, 8));
    FAILS(EBADF, sync_file_range(open("file", O_PATH), 0, 0, 0));
    IS(0, readahead(fd, 0, 100));
    IS(0, readahead(fd, -5, SSIZE_MAX));
    FAILS(EINVAL, readahead(fd, 0, SIZE_MAX));
    FAILS(EBADF, readahead(99, 0, 100));
    FAILS(EBADF, readahead(open("file", O_WRONLY), 0, 100));
    FAILS(EINVAL, readahead(ends[0], 0, 100));
    FAILS(EBADF, readahead(ends[1], 0, 100));
    FAILS(EINVAL, readahead(open(".", O_RDONLY), 0, 100));
    return done();
}
