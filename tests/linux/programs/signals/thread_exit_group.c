// exit_group() and a deadly signal end all threads of a process.
#include "check.h"

static char stack[65536] __attribute__((aligned(16)));
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

static int wait_for_ever(void* unused) {
    (void)unused;
    for (;;) syscall(SYS_pause);
}

static int end_all(void* unused) {
    (void)unused;
    nap_ms(20);
    syscall(SYS_exit_group, 9);
    return 0;
}

static int fault(void* unused) {
    (void)unused;
    nap_ms(20);
    *(volatile int*)NULL = 1;
    return 0;
}

int main(void) {
    CHILD("exit 7", clone(wait_for_ever, stack + sizeof stack, THREAD, NULL); nap_ms(20); _exit(7));
    CHILD("exit 9", clone(end_all, stack + sizeof stack, THREAD, NULL); for (;;) pause());
    CHILD("SIGSEGV", clone(fault, stack + sizeof stack, THREAD, NULL); for (;;) pause());
    CHILD("exit 9", clone(end_all, stack + sizeof stack, THREAD, NULL); syscall(SYS_exit, 1));
    pid_t child = SPAWN(clone(wait_for_ever, stack + sizeof stack, THREAD, NULL); for (;;) pause());
    nap_ms(20);
    kill(child, SIGTERM);
    check_end(child, "SIGTERM");
    return done();
}
