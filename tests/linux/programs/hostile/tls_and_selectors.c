// Segment registers loaded with anything: the thread survives or gets a signal, the kernel does not care.
#include "check.h"

int main(void) {
    for (unsigned selector = 0; selector < 0x60; selector += 8)
        for (unsigned rpl = 0; rpl < 4; rpl += 3) {
            pid_t child = SPAWN(__asm__ volatile("mov %0, %%gs" ::"r"(selector | rpl)); syscall(SYS_getpid);
                                sched_yield(); _exit(0));
            int status;
            waitpid(child, &status, 0);
            SAY("gs %x: %s", selector | rpl, ending(status));
        }
    CHILD("exit 0", __asm__ volatile("mov %0, %%es; mov %0, %%ds" ::"r"(0)); sched_yield();
          SAY("null data segments are fine"));
    CHILD("exit 0", {
        unsigned long kernel = 0xffff888000000000ul, got;
        __asm__ volatile("wrgsbase %0" ::"r"(kernel));
        sched_yield();
        syscall(SYS_getpid);
        __asm__ volatile("rdgsbase %0" : "=r"(got));
        TRUE(got == kernel);
    });
    return done();
}
