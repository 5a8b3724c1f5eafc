// mremap(2) of a size of 0 to the very place where the mapping begins: it is gone before it is looked at again.
#include "check.h"

int main(void) {
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
    unsigned char there;
    FAILS(ENOMEM, mincore(shared, PAGE, &there));
    OK(mincore(shared + 3 * PAGE, PAGE, &there));
    return done();
}
