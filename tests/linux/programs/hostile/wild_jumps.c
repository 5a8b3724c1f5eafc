// Jumps to where there is no code, and stack pointers that lead nowhere.
#include "check.h"

int main(void) {
    CHILD("SIGSEGV", ((void (*)(void))0)());
    CHILD("SIGSEGV", ((void (*)(void))KERNEL_ADDRESS)());
    CHILD("SIGSEGV", __asm__ volatile("jmp *%0" ::"r"(NON_CANONICAL)));
    CHILD("SIGSEGV", __asm__ volatile("jmp *%0" ::"r"(0x7ffffffffffful)));
    CHILD("SIGSEGV", __asm__ volatile("mov %0, %%rsp; push %%rax" ::"r"(0l)));
    CHILD("SIGSEGV", __asm__ volatile("mov %0, %%rsp; push %%rax" ::"r"(KERNEL_ADDRESS)));
    CHILD("exit 3",
          __asm__ volatile("mov %0, %%rsp; syscall" ::"r"(KERNEL_ADDRESS), "a"(SYS_exit_group), "D"(3)));
    CHILD("exit 4", __asm__ volatile("xor %%esp, %%esp; syscall" ::"a"(SYS_exit_group), "D"(4)));
    // A system call in the last bytes that a program can own: the return address is at the very end.
    CHILD("SIGSEGV", {
        char* last = mmap((void*)0x7fffffffe000, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        memcpy(last + PAGE - 2, "\x0f\x05", 2);
        __asm__ volatile("jmp *%0" ::"r"(last + PAGE - 2), "a"(SYS_getpid));
    });
    return done();
}
