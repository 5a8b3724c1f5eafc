// After fork each side sees its own writes only, whoever writes first.
#include "check.h"

int main(void) {
    enum { PAGES = 64 };
    char* p = anonymous(PAGES * PAGE);
    static int data = 1;
    for (int i = 0; i < PAGES; i++) p[i * PAGE] = i;
    int ends[2];
    pipe(ends);
    pid_t child = SPAWN({
        char go;
        read(ends[0], &go, 1);
        int wrong = 0;
        for (int i = 0; i < PAGES; i++) wrong += p[i * PAGE] != i;
        IS(0, wrong);
        IS(1, data);
        memset(p, 'c', PAGES * PAGE);
        data = 3;
    });
    memset(p, 'p', PAGES / 2 * PAGE);
    data = 2;
    write(ends[1], "g", 1);
    check_end(child, "exit 0");
    int wrong = 0;
    for (int i = 0; i < PAGES; i++) wrong += p[i * PAGE] != (i < PAGES / 2 ? 'p' : i);
    IS(0, wrong);
    IS(2, data);
    CHILD("exit 0", CHILD("exit 0", p[0] = 'g'; IS('g', p[0])); IS('p', p[0]));
    return done();
}
