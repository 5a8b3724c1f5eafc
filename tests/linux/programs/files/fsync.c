// sync(), fsync(), fdatasync() and syncfs().
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
    return done();
}
