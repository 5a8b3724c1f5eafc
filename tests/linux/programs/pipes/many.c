// Hundreds of pipes at once, a byte through each.
#include "check.h"

int main(void) {
    enum { PIPES = 200 };
    static int ends[PIPES][2];
    int failed = 0;
    struct rlimit limit = {1024, 1024};
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < PIPES; i++) failed += pipe(ends[i]) != 0;
    for (int i = 0; i < PIPES; i++) failed += write(ends[i][1], &(char){i}, 1) != 1;
    for (int i = PIPES - 1; i >= 0; i--) {
        char byte;
        failed += read(ends[i][0], &byte, 1) != 1 || byte != (char)i;
    }
    IS(0, failed);
    return done();
}
