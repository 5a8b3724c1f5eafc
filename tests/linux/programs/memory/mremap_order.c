// mremap() to a fixed place: what lies there is gone even if the rest then cannot be done.
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
    return done();
}
