// madvise(): MADV_DONTNEED gives zeros back, and its errnos.
#include "check.h"

int main(void) {
    char* p = anonymous(4 * PAGE);
    memset(p, 'x', 4 * PAGE);
    OK(madvise(p + PAGE, PAGE, MADV_DONTNEED));
    IS(0, p[PAGE]);
    IS('x', p[2 * PAGE]);
    OK(madvise(p, 4 * PAGE, MADV_NORMAL));
    OK(madvise(p, 4 * PAGE, MADV_RANDOM));
    OK(madvise(p, 4 * PAGE, MADV_SEQUENTIAL));
    OK(madvise(p, 4 * PAGE, MADV_WILLNEED));
    OK(madvise(p, 0, MADV_DONTNEED));
    OK(madvise(p, 4 * PAGE, MADV_DONTFORK));
    CHILD("SIGSEGV", p[0] = 1);
    OK(madvise(p, 4 * PAGE, MADV_DOFORK));
    CHILD("exit 0", p[0] = 1);
    FAILS(EINVAL, madvise(p + 1, PAGE, MADV_DONTNEED));
    FAILS(EINVAL, madvise(p, PAGE, 9999));
    FAILS(ENOMEM, madvise(unmapped(), PAGE, MADV_DONTNEED));
    make_file("file", "abc", 0644);
    char* f = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, open("file", O_RDONLY), 0);
    f[0] = 'X';
    OK(madvise(f, PAGE, MADV_DONTNEED));
    SAY("%s", f);
    // There is nothing in the page of zeros that could be given back.
    char* zeros = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    unsigned char is_there = 0;
    OK(madvise(zeros, PAGE, MADV_FREE));
    OK(mincore(zeros, PAGE, &is_there));
    IS(1, is_there & 1);
    return done();
}
