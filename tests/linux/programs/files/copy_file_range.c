// copy_file_range() between two files and inside one.
#include "check.h"

int main(void) {
    make_file("a", "0123456789", 0644);
    int in = OK(open("a", O_RDWR)), out = OK(open("b", O_CREAT | O_RDWR, 0644)), ends[2];
    off_t from = 2, to = 1;
    IS(5, copy_file_range(in, &from, out, &to, 5, 0));
    SAY("%ld %ld", (long)from, (long)to);
    IS(10, copy_file_range(in, NULL, out, NULL, 100, 0));
    IS(0, copy_file_range(in, NULL, out, NULL, 100, 0));
    SAY("%s", content_of("b"));
    from = 0, to = 2;
    FAILS(EINVAL, copy_file_range(in, &from, in, &to, 5, 0));
    FAILS(EINVAL, copy_file_range(in, NULL, out, NULL, 1, 1));
    FAILS(EBADF, copy_file_range(99, NULL, out, NULL, 1, 0));
    FAILS(EBADF, copy_file_range(in, NULL, open("b", O_RDONLY), NULL, 1, 0));
    FAILS(EBADF, copy_file_range(in, NULL, open("b", O_WRONLY | O_APPEND), NULL, 1, 0));
    FAILS(EISDIR, copy_file_range(open(".", O_RDONLY), NULL, out, NULL, 1, 0));
    pipe(ends);
    FAILS(EINVAL, copy_file_range(ends[0], NULL, out, NULL, 1, 0));
    return done();
}
