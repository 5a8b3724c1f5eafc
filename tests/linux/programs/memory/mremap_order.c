// mremap() to a fixed place: what lies there is gone even if the rest then cannot be done, and also if it is the mapping
// that was to be moved.
#include "check.h"

int main(void) {
    char *p = anonymous(4 * PAGE), *target = anonymous(8 * PAGE);
    unsigned char there[8];
    mprotect(p + 2 * PAGE, PAGE, PROT_READ);  // two areas: the first ends here
    FAILS(EFAULT, mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target));
    FAILS(ENOMEM, mincore(target, PAGE, there));
    FAILS(ENOMEM, mincore(target + 7 * PAGE, PAGE, there));
    target = anonymous(8 * PAGE);
    // Of an old place that is not there nothing else is asked.
    FAILS(EFAULT, mremap(unmapped(), PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target));
    OK(mincore(target, PAGE, there));
    FAILS(EINVAL, mremap(p, 0, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target));
    FAILS(ENOMEM, mincore(target, PAGE, there));

    char* shared = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char* private = anonymous(4 * PAGE);
    FAILS(EFAULT, (long)mremap(shared, 0, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, shared));
    FAILS(EFAULT, (long)mremap(private, 0, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, private));
    // A length that wraps to 0.
    FAILS(EFAULT,
          (long)mremap(shared + 2 * PAGE, -1ul, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, shared + 2 * PAGE));
    FAILS(EINVAL,
          (long)mremap(shared + 3 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, shared + 3 * PAGE));
    FAILS(EFAULT, (long)mremap(shared, 0, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, private + 2 * PAGE));
    FAILS(ENOMEM, mincore(shared, PAGE, there));
    OK(mincore(shared + 3 * PAGE, PAGE, there));
    return done();
}
