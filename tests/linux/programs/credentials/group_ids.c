// The set*gid() family and the supplementary groups.
#include "check.h"

static void show(const char* what) {
    gid_t r, e, s;
    getresgid(&r, &e, &s);
    SAY("%s: %d %d %d", what, r, e, s);
}

#define RAW(name, ...) syscall(SYS_##name, __VA_ARGS__)

int main(void) {
    gid_t groups[8] = {30, 10, 20};
    CHILD("exit 0", OK(RAW(setgid, 1000)); show("setgid"); OK(RAW(setuid, 1000));
          FAILS(EPERM, RAW(setgid, 0)));
    CHILD("exit 0", OK(RAW(setregid, 1000, 1001)); show("setregid"); RAW(setuid, 5);
          OK(RAW(setregid, 1001, 1000)); FAILS(EPERM, RAW(setregid, 7, -1)));
    CHILD("exit 0", OK(RAW(setresgid, 1, 2, 3)); RAW(setuid, 5); OK(RAW(setresgid, 2, 3, 1));
          show("permuted"); FAILS(EPERM, RAW(setresgid, 9, -1, -1)));
    OK(setgroups(3, groups));
    IS(3, getgroups(0, NULL));
    memset(groups, 0, sizeof groups);
    IS(3, getgroups(8, groups));
    SAY("%d %d %d", groups[0], groups[1], groups[2]);
    FAILS(EINVAL, getgroups(2, groups));
    FAILS(EINVAL, getgroups(-1, groups));
    FAILS(EINVAL, RAW(setgroups, 65537, groups));
    FAILS(EFAULT, RAW(getgroups, 8, unmapped()));
    FAILS(EFAULT, RAW(setgroups, 3, unmapped()));
    CHILD("exit 0", setuid(1000); IS(3, getgroups(8, groups)); FAILS(EPERM, setgroups(0, NULL)));
    OK(setgroups(0, NULL));
    IS(0, getgroups(8, groups));
    IS(0, RAW(setfsgid, 50));
    IS(50, RAW(setfsgid, -1));
    unsigned no_group = -1u;
    FAILS(EINVAL, syscall(SYS_setgroups, 1, &no_group));
    FAILS(EINVAL, syscall(SYS_setgroups, -1l, &no_group));
    return done();
}
