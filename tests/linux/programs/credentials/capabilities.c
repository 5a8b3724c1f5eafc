// capget() before and after giving up root.
#include "check.h"

struct header {
    uint32_t version;
    int pid;
};
struct data {
    uint32_t effective, permitted, inheritable;
};

static void show(const char* what) {
    struct header header = {0x20080522, 0};
    struct data data[2] = {{0}};
    OK(syscall(SYS_capget, &header, data));
    SAY("%s: effective %x permitted %x inheritable %x", what, data[0].effective, data[0].permitted,
        data[0].inheritable);
}

int main(void) {
    show("root");
    CHILD("exit 0", setuid(1000); show("user"));
    CHILD("exit 0", seteuid(1000); show("effective user"); seteuid(0); show("and back"));
    CHILD("exit 0", OK(prctl(PR_SET_KEEPCAPS, 1)); setuid(1000); show("kept"));
    struct header header = {0x11111111, 0};
    FAILS(EINVAL, syscall(SYS_capget, &header, (struct data[2]){{0}}));
    SAY("preferred version %x", header.version);
    FAILS(EFAULT, syscall(SYS_capget, unmapped(), NULL));
    header = (struct header){0x20080522, 999999};
    FAILS(ESRCH, syscall(SYS_capget, &header, (struct data[2]){{0}}));
    struct {
        unsigned version;
        int pid;
    } asked = {1, -5};
    OK(syscall(SYS_capget, &asked, NULL));
    SAY("%x", asked.version);
    asked.version = 0x19980330, asked.pid = 0;
    unsigned words[6] = {7, 7, 7, 7, 7, 7};
    OK(syscall(SYS_capget, &asked, words));
    IS(7, words[3]);
    asked.version = 0x20071026, asked.pid = 1;
    OK(syscall(SYS_capget, &asked, words));
    asked.pid = 999999;
    FAILS(ESRCH, syscall(SYS_capget, &asked, words));
    FAILS(EFAULT, syscall(SYS_capget, unmapped(), NULL));
    return done();
}
