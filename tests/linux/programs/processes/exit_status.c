// How a process can end, and what its parent sees.
#include "check.h"

int main(void) {
    CHILD("exit 0", _exit(0));
    CHILD("exit 255", _exit(-1));
    CHILD("exit 1", _exit(257));
    CHILD("exit 42", exit(42));
    CHILD("exit 9", syscall(SYS_exit, 9));
    CHILD("SIGKILL", kill(getpid(), SIGKILL));
    CHILD("SIGTERM", raise(SIGTERM));
    CHILD("SIGABRT", abort());
    CHILD("SIGFPE", volatile int zero = 0; SAY("%d", 100 / zero));
    CHILD("SIGILL", __asm__ volatile("ud2"));
    CHILD("SIGTRAP", __asm__ volatile("int3"));
    CHILD("SIGSEGV", __asm__ volatile("hlt"));
    int status;
    pid_t child = SPAWN(raise(SIGSEGV));
    waitpid(child, &status, 0);
    SAY("%04x", status & ~0x80);
    child = SPAWN(_exit(5));
    waitpid(child, &status, 0);
    SAY("%04x", status);
    return done();
}
