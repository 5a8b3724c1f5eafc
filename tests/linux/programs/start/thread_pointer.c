// arch_prctl(): the FS and GS bases, their limits, and fork keeps them.
#include "check.h"

static unsigned long slot = 77;

int main(void) {
    unsigned long base = 0, old;
    OK(syscall(SYS_arch_prctl, 0x1003, &old));
    TRUE(old != 0);
    OK(syscall(SYS_arch_prctl, 0x1001, &slot));
    OK(syscall(SYS_arch_prctl, 0x1004, &base));
    TRUE(base == (unsigned long)&slot);
    unsigned long got;
    __asm__ volatile("mov %%gs:0, %0" : "=r"(got));
    IS(77, got);
    CHILD("exit 0", __asm__ volatile("mov %%gs:0, %0" : "=r"(got)); IS(77, got));
    FAILS(EPERM, syscall(SYS_arch_prctl, 0x1001, KERNEL_ADDRESS));
    FAILS(EPERM, syscall(SYS_arch_prctl, 0x1001, 0x7ffffffff000));  // the end of what a program can have
    CHILD("exit 0", OK(syscall(SYS_arch_prctl, 0x1001, 0x7fffffffefff)));
    FAILS(EPERM, syscall(SYS_arch_prctl, 0x1002, KERNEL_ADDRESS));
    FAILS(EFAULT, syscall(SYS_arch_prctl, 0x1004, unmapped()));
    FAILS(EINVAL, syscall(SYS_arch_prctl, 0x9999, 0));
    return done();
}
