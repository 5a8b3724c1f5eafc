// execve(): whoever shares its directories with another process has its effective ids taken back to the real ones.
#include "check.h"

static char stack[64 * 1024];

static int sleeper(void* end) {
    const int* ends = end;
    char byte;
    close(ends[1]);
    return (int)read(ends[0], &byte, 1);
}

int main(int count, char** arguments) {
    if (count > 1) {
        uid_t real, effective, saved;
        OK(getresuid(&real, &effective, &saved));
        SAY("%s: %d %d %d secure %ld", arguments[1], real, effective, saved, getauxval(AT_SECURE));
        return done();
    }
    int ends[2];
    OK(pipe(ends));
    CHILD("exit 0", {
        OK(setreuid(1, 50));
        execl("/proc/self/exe", "self", "alone", NULL);
    });
    CHILD("exit 0", {
        OK(setreuid(1, 50));
        OK(clone(sleeper, stack + sizeof stack, CLONE_FS | SIGCHLD, ends));
        execl("/proc/self/exe", "self", "shared", NULL);
    });
    return done();
}
