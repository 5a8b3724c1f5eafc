// sendfile(): with and without an offset, to a file and to a pipe, and its errnos.
#include "check.h"

int main(void) {
    make_file("source", "0123456789", 0644);
    int in = OK(open("source", O_RDONLY)), out = OK(open("sink", O_CREAT | O_RDWR, 0644)), ends[2];
    pipe(ends);
    off_t offset = 4;
    IS(3, sendfile(out, in, &offset, 3));
    IS(7, offset);
    IS(0, lseek(in, 0, SEEK_CUR));
    IS(10, sendfile(out, in, NULL, 100));
    IS(0, sendfile(out, in, NULL, 100));
    SAY("%s", content_of("sink"));
    offset = 0;
    IS(10, sendfile(ends[1], in, &offset, 100));
    char data[16] = "";
    IS(10, read(ends[0], data, 16));
    SAY("%s", data);
    FAILS(EBADF, sendfile(99, in, NULL, 1));
    FAILS(EBADF, sendfile(out, 99, NULL, 1));
    FAILS(EBADF, sendfile(in, in, NULL, 1));
    FAILS(EFAULT, sendfile(out, in, (void*)unmapped(), 1));
    offset = -1;
    FAILS(EINVAL, sendfile(out, in, &offset, 1));
    FAILS(EINVAL, sendfile(open("sink", O_WRONLY | O_APPEND), in, NULL, 1));
    int null = OK(open("/dev/null", O_RDWR)), full = OK(open("/dev/full", O_WRONLY));
    offset = 3;
    FAILS(EINVAL, sendfile(out, null, &offset, 1));
    IS(3, offset);
    IS(0, sendfile(out, null, &offset, 0));
    IS(4, sendfile(null, in, &offset, 4));
    FAILS(ESPIPE, sendfile(out, ends[0], &offset, 1));
    FAILS(EINVAL, sendfile(out, ends[0], NULL, 1));
    FAILS(ESPIPE, sendfile(99, ends[0], &offset, 1));
    FAILS(EFAULT, sendfile(99, 99, (void*)unmapped(), 1));
    FAILS(EINVAL, sendfile(99, in, &offset, -1ul));
    FAILS(EINVAL, sendfile(out, open("/", O_RDONLY), NULL, 1));
    close(full);
    return done();
}
