// Instructions that only the kernel may use, and interrupts that a program may not raise.
#include "check.h"

int main(void) {
    CHILD("SIGSEGV", __asm__ volatile("hlt"));
    CHILD("SIGSEGV", __asm__ volatile("cli"));
    CHILD("SIGSEGV", __asm__ volatile("sti"));
    CHILD("SIGSEGV", __asm__ volatile("mov %%cr0, %%rax" :: : "rax"));
    CHILD("SIGSEGV", __asm__ volatile("mov %%rax, %%cr3" :: : "rax"));
    CHILD("SIGSEGV", __asm__ volatile("mov %%dr0, %%rax" :: : "rax"));
    CHILD("SIGSEGV", __asm__ volatile("rdmsr" ::"c"(0xc0000080) : "rax", "rdx"));
    CHILD("SIGSEGV", __asm__ volatile("wrmsr" ::"c"(0xc0000080), "a"(0), "d"(0)));
    CHILD("SIGSEGV", __asm__ volatile("outb %b0, %w1" ::"a"(0), "d"(0xf4)));
    CHILD("SIGSEGV", __asm__ volatile("inb %w0, %%al" ::"d"(0x60) : "rax"));
    CHILD("SIGSEGV", char idt[10]; __asm__ volatile("lidt %0" ::"m"(*(char(*)[10])idt)));
    CHILD("SIGSEGV", __asm__ volatile("invlpg (%0)" ::"r"(0x1000)));
    CHILD("SIGSEGV", __asm__ volatile("wbinvd"));
    CHILD("SIGSEGV", __asm__ volatile("swapgs"));
    CHILD("SIGSEGV", __asm__ volatile("sysretq"));
    CHILD("SIGSEGV", __asm__ volatile("int $0x0d"));
    CHILD("SIGSEGV", __asm__ volatile("int $0x0e"));
    CHILD("SIGSEGV", __asm__ volatile("int $0x20"));
    CHILD("SIGSEGV", __asm__ volatile("int $2"));
    CHILD("SIGSEGV", __asm__ volatile("int $8"));
    CHILD("SIGSEGV", __asm__ volatile("mov %0, %%ds; mov %%ds:0, %%rax" ::"r"(0x10) : "rax"));
    CHILD("SIGSEGV", __asm__ volatile("ltr %w0" ::"r"(0x40)));
    CHILD("SIGILL", __asm__ volatile("ud2"));
    CHILD("SIGTRAP", __asm__ volatile("int3"));
    return done();
}
