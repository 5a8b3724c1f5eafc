// Hundreds of children, one after the other and many at once; each one's status arrives.
#include "check.h"

int main(void) {
    int wrong = 0, seen[256] = {0};
    for (int i = 0; i < 150; i++) {
        pid_t child = fork();
        if (child == 0) _exit(i);
        int status;
        wrong += waitpid(child, &status, 0) != child || status != i << 8;
    }
    IS(0, wrong);
    for (int i = 0; i < 100; i++)
        if (fork() == 0) _exit(i);
    int status, count = 0;
    for (; wait(&status) > 0; count++) seen[WEXITSTATUS(status)]++;
    for (int i = 0; i < 100; i++) wrong += seen[i] != 1;
    IS(100, count);
    IS(0, wrong);
    return done();
}
