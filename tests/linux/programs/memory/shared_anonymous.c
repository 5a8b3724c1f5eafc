// MAP_SHARED memory is one for parent and children, before and after fork, also when the parent unmaps it.
#include "check.h"

int main(void) {
    char* p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int* counter = (int*)(p + 3 * PAGE);
    p[0] = 'a';
    CHILD("exit 0", IS('a', p[0]); p[0] = 'b'; p[PAGE] = 'c';
          __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST));
    SAY("%c %c", p[0], p[PAGE]);
    pid_t children[4];
    for (int i = 0; i < 4; i++)
        children[i] = SPAWN(for (int k = 0; k < 1000; k++) __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST));
    for (int i = 0; i < 4; i++) check_end(children[i], "exit 0");
    IS(4001, *counter);
    int ends[2];
    pipe(ends);
    pid_t child = SPAWN(char go; read(ends[0], &go, 1); IS('z', p[0]));
    p[0] = 'z';
    munmap(p, 4 * PAGE);
    write(ends[1], "g", 1);
    check_end(child, "exit 0");
    return done();
}
