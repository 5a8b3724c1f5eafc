// madvise(MADV_REMOVE): holes in shared memory and in files that could be written, and its errnos.
#include "check.h"

int main(void) {
    char* p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(p, 'x', 4 * PAGE);
    CHILD("exit 0", OK(madvise(p + PAGE, 2 * PAGE, MADV_REMOVE)));
    SAY("%d %d %d %d", p[0], p[PAGE], p[2 * PAGE], p[3 * PAGE]);
    p[PAGE] = 'y';
    OK(mprotect(p, PAGE, PROT_NONE));
    OK(madvise(p, PAGE, MADV_REMOVE));
    OK(mprotect(p, PAGE, PROT_READ));
    IS(0, p[0]);

    make_file("file", "content", 0644);
    int fd = OK(open("file", O_RDWR)), reader = OK(open("file", O_RDONLY));
    char* f = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    const struct timespec past[2] = {{1, 0}, {1, 0}};
    utimensat(AT_FDCWD, "file", past, 0);
    OK(madvise(f, PAGE, MADV_REMOVE));
    IS(0, f[0]);
    struct stat s;
    fstat(fd, &s);
    SAY("%ld bytes, %ld blocks, %s", (long)s.st_size, (long)s.st_blocks,
        s.st_mtime == 1 ? "unchanged" : "changed");
    FAILS(EACCES, madvise(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0), PAGE, MADV_REMOVE));
    FAILS(EACCES, madvise(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), PAGE, MADV_REMOVE));
    FAILS(EINVAL, madvise(anonymous(PAGE), PAGE, MADV_REMOVE));
    OK(mlock(p + PAGE, PAGE));
    FAILS(EINVAL, madvise(p + PAGE, PAGE, MADV_REMOVE));
    OK(munlock(p + PAGE, PAGE));
    // A hole is told at the end, and what lies behind it is done.
    memset(p + PAGE, 'z', 3 * PAGE);
    OK(munmap(p + 2 * PAGE, PAGE));
    FAILS(ENOMEM, madvise(p + PAGE, 3 * PAGE, MADV_REMOVE));
    SAY("%d %d", p[PAGE], p[3 * PAGE]);
    return done();
}
