// What a program finds at its entry: a cleared direction flag, default floating point modes.
#include "check.h"

int main(void) {
    unsigned long flags;
    unsigned mxcsr;
    unsigned short control;
    __asm__ volatile("pushf; pop %0" : "=r"(flags));
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(control));
    TRUE((flags & 0x400) == 0);
    TRUE((flags & 0x200) != 0);
    SAY("mxcsr %x, control word %x", mxcsr & ~0x3fu, control);
    unsigned short cs, ss, ds;
    __asm__ volatile("mov %%cs, %0; mov %%ss, %1; mov %%ds, %2" : "=r"(cs), "=r"(ss), "=r"(ds));
    SAY("cs %x ss %x ds %x", cs, ss, ds);
    return done();
}
