// madvise(MADV_POPULATE_READ, MADV_POPULATE_WRITE): makes pages, skips holes and tells them at the end.
#include "check.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

static int is_there(char* page) {
    unsigned char byte = 0;
    mincore(page, PAGE, &byte);
    return byte & 1;
}

int main(void) {
    char* p = anonymous(8 * PAGE);
    OK(madvise(p, 2 * PAGE, MADV_POPULATE_WRITE));
    SAY("%d %d %d", is_there(p), is_there(p + PAGE), is_there(p + 2 * PAGE));
    OK(madvise(p + 2 * PAGE, PAGE, MADV_POPULATE_READ));
    SAY("%d", is_there(p + 2 * PAGE));
    munmap(p + 4 * PAGE, PAGE);
    FAILS(ENOMEM, madvise(p + 3 * PAGE, 3 * PAGE, MADV_POPULATE_WRITE));
    SAY("%d %d", is_there(p + 3 * PAGE), is_there(p + 5 * PAGE));
    mprotect(p + 5 * PAGE, PAGE, PROT_READ);
    FAILS(EINVAL, madvise(p + 3 * PAGE, 3 * PAGE, MADV_POPULATE_WRITE));
    OK(madvise(p + 5 * PAGE, PAGE, MADV_POPULATE_READ));
    mprotect(p + 6 * PAGE, PAGE, PROT_NONE);
    FAILS(EINVAL, madvise(p + 3 * PAGE, 5 * PAGE, MADV_POPULATE_READ));
    // Behind a hole comes what cannot be read: that is told.
    munmap(p + 5 * PAGE, PAGE);
    FAILS(EINVAL, madvise(p + 3 * PAGE, 5 * PAGE, MADV_POPULATE_READ));
    make_file("file", "abc", 0644);
    char* f = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, open("file", O_RDWR), 0);
    FAILS(EFAULT, madvise(f, 2 * PAGE, MADV_POPULATE_READ));
    FAILS(EINVAL, madvise(p, -1ul, MADV_POPULATE_READ));
    return done();
}
