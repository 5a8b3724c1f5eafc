// Floating point and vector registers survive system calls, switches and signals.
#include "check.h"

static void spoil(int signal) {
    (void)signal;
    __asm__ volatile("pcmpeqb %%xmm0, %%xmm0; pcmpeqb %%xmm15, %%xmm15; fldz; fstp %%st(0)" ::
                         : "xmm0", "xmm15");
    volatile double x = 1.5;
    x *= x;
}

int main(void) {
    handle(SIGUSR1, spoil, 0);
    int wrong = 0;
    pid_t other = SPAWN(for (int i = 0; i < 300; i++) {
        spoil(0);
        sched_yield();
    });
    for (int i = 0; i < 300; i++) {
        double in = i * 1.25, low, high;
        long pid = 0, call = i % 3 == 0 ? SYS_kill : SYS_sched_yield;
        pid = getpid();
        __asm__ volatile("movsd %3, %%xmm0; movsd %3, %%xmm15; syscall; movsd %%xmm0, %0; movsd %%xmm15, %1"
                         : "=m"(low), "=m"(high), "+a"(call)
                         : "m"(in), "D"(pid), "S"((long)SIGUSR1)
                         : "rcx", "r11", "memory", "xmm0", "xmm15");
        wrong += low != in || high != in;
    }
    IS(0, wrong);
    check_end(other, "exit 0");
    CHILD("exit 0", {
        unsigned mode = 0x3f80;
        __asm__ volatile("ldmxcsr %0" : : "m"(mode));
        CHILD("exit 0", unsigned inherited; __asm__ volatile("stmxcsr %0" : "=m"(inherited));
              IS(0x3f80, inherited & ~0x3fu));
    });
    return done();
}
