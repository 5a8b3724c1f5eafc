// mremap(): shrinking, growing in place and by moving, fixed targets, and its errnos.
#include "check.h"

int main(void) {
    char* p = anonymous(8 * PAGE);
    for (int i = 0; i < 8; i++) p[i * PAGE] = 'a' + i;
    TRUE(mremap(p, 8 * PAGE, 4 * PAGE, 0) == p);
    CHILD("SIGSEGV", p[4 * PAGE] = 1);
    TRUE(mremap(p, 4 * PAGE, 8 * PAGE, 0) == p);
    IS(0, p[4 * PAGE]);
    IS('d', p[3 * PAGE]);
    mmap(p + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    FAILS(ENOMEM, mremap(p, 4 * PAGE, 8 * PAGE, 0));
    char* q = mremap(p, 4 * PAGE, 16 * PAGE, MREMAP_MAYMOVE);
    TRUE(q != MAP_FAILED && q != p);
    SAY("%c %c %d", q[0], q[3 * PAGE], q[15 * PAGE]);
    CHILD("SIGSEGV", SAY("%d", *p));
    char* target = anonymous(16 * PAGE);
    TRUE(mremap(q, 16 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
    SAY("%c %c", target[0], target[PAGE]);
    FAILS(EINVAL, mremap(target + 1, PAGE, PAGE, 0));
    FAILS(EINVAL, mremap(target, PAGE, 0, 0));
    FAILS(EINVAL, mremap(target, PAGE, PAGE, 0x100));
    FAILS(EINVAL, mremap(target, 2 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE));
    FAILS(EINVAL, mremap(target, PAGE, PAGE, MREMAP_FIXED, q));
    FAILS(EFAULT, mremap(unmapped(), PAGE, 2 * PAGE, MREMAP_MAYMOVE));
    FAILS(ENOMEM, mremap(target, PAGE, 1ul << 46, MREMAP_MAYMOVE));
    // Next to a stack: no gap is kept.
    char* room = anonymous(8 * PAGE);
    OK(munmap(room + PAGE, 7 * PAGE));
    mmap(room + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
    TRUE(mremap(room, PAGE, 4 * PAGE, 0) == room);
    char* shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *shared = 'S';
    char* moved = mremap(shared, PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    TRUE(moved != MAP_FAILED);
    IS('S', *moved);
    return done();
}
