// Areas changed after fork stay as they were on the other side.
#include "check.h"

int main(void) {
    char* p = anonymous(8 * PAGE);
    for (int i = 0; i < 8; i++) p[i * PAGE] = 'a' + i;
    int ends[2];
    pipe(ends);
    pid_t child = SPAWN({
        char go;
        read(ends[0], &go, 1);
        SAY("%c %c %c", p[0], p[3 * PAGE], p[7 * PAGE]);
        mprotect(p, PAGE, PROT_READ);
        munmap(p + PAGE, PAGE);
    });
    munmap(p + 3 * PAGE, PAGE);
    mprotect(p + 7 * PAGE, PAGE, PROT_NONE);
    mmap(p, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    write(ends[1], "g", 1);
    check_end(child, "exit 0");
    p[0] = 'z';
    IS('b', p[PAGE]);
    return done();
}
