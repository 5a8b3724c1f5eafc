// The set*uid() family as root and as a user, and which capabilities go with it.
#include "check.h"

static void show(const char* what) {
    uid_t r, e, s;
    getresuid(&r, &e, &s);
    SAY("%s: %d %d %d", what, r, e, s);
}

#define RAW(name, ...) syscall(SYS_##name, __VA_ARGS__)

int main(void) {
    show("start");
    CHILD("exit 0", OK(RAW(setuid, 1000)); show("setuid"); FAILS(EPERM, RAW(setuid, 0));
          OK(RAW(setuid, 1000)));
    CHILD("exit 0", OK(RAW(setreuid, 1000, 1001)); show("setreuid"); OK(RAW(setreuid, 1001, 1000));
          show("swapped"));
    CHILD("exit 0", OK(RAW(setreuid, -1, 1000)); show("effective only"); OK(RAW(setreuid, -1, 0));
          show("back"));
    CHILD("exit 0", OK(RAW(setresuid, 1, 2, 3)); show("setresuid"); OK(RAW(setresuid, 3, 1, 2));
          show("permuted"); FAILS(EPERM, RAW(setresuid, 4, -1, -1)); FAILS(EPERM, RAW(setresuid, -1, 0, -1));
          OK(RAW(setresuid, -1, -1, -1)));
    CHILD("exit 0", OK(RAW(setresuid, 1000, 1000, 0)); OK(RAW(setuid, 0)); show("from the saved id"));
    CHILD("exit 0", OK(RAW(setuid, 1000)); FAILS(EPERM, RAW(setreuid, 1001, -1));
          FAILS(EPERM, RAW(setreuid, -1, 1001)));
    IS(0, RAW(setfsuid, 1000));
    IS(1000, RAW(setfsuid, 0));
    IS(0, RAW(setfsuid, -1));
    FAILS(EINVAL, RAW(setuid, -1));
    FAILS(EFAULT, RAW(getresuid, unmapped(), NULL, NULL));
    SAY("%d %d", getuid(), geteuid());
    return done();
}
