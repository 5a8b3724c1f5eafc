// mremap(MREMAP_DONTUNMAP): the pages go, the mapping stays and reads zeros.
#include "check.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

// The library leaves the new place out where it has no name for the flag.
static char* move_to(char* old, size_t size, size_t new_size, int flags, void* place) {
    return (char*)syscall(SYS_mremap, old, size, new_size, flags, place);
}

int main(void) {
    const int move = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
    char* p = anonymous(4 * PAGE);
    for (int i = 0; i < 4; i++) p[i * PAGE] = 'a' + i;
    char* q = move_to(p, 2 * PAGE, 2 * PAGE, move, NULL);
    TRUE(q != MAP_FAILED && q != p);
    SAY("%c %c, %d %d %c %c", q[0], q[PAGE], p[0], p[PAGE], p[2 * PAGE], p[3 * PAGE]);
    p[0] = 'x';
    SAY("%c %c", q[0], p[0]);
    char* target = anonymous(2 * PAGE);
    target[0] = 't';
    TRUE(move_to(p + 2 * PAGE, PAGE, PAGE, move | MREMAP_FIXED, target) == target);
    SAY("%c %d", target[0], p[2 * PAGE]);
    char* shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared[0] = 's';
    char* twin = move_to(shared, PAGE, PAGE, move, NULL);
    TRUE(twin != MAP_FAILED);
    twin[0] = 'w';
    SAY("%c %c", shared[0], twin[0]);
    FAILS(EINVAL, (long)move_to(p, PAGE, 2 * PAGE, move, NULL));
    FAILS(EINVAL, (long)move_to(p, PAGE, PAGE, MREMAP_DONTUNMAP, NULL));
    FAILS(EINVAL, (long)move_to(p, PAGE, PAGE, move, p + 1));
    FAILS(EINVAL, (long)move_to(p, 2 * PAGE, 2 * PAGE, move, p + PAGE));
    FAILS(EFAULT, (long)move_to(unmapped(), PAGE, PAGE, move, NULL));
    return done();
}
