// Flags that a program sets before a system call do not trouble the kernel, and come back as they were.
#include "check.h"

int main(void) {
    unsigned long flags, pid;
    __asm__ volatile("std; syscall; pushf; pop %1; cld"
                     : "=a"(pid), "=r"(flags)
                     : "a"(SYS_getpid)
                     : "rcx", "r11", "memory");
    TRUE(pid == (unsigned long)getpid() && (flags & 0x400) != 0);
    __asm__ volatile(
        "pushf; orq $0x40000, (%%rsp); popf; syscall; pushf; pop %1; pushf; andq $~0x40000, (%%rsp); popf"
        : "=a"(pid), "=r"(flags)
        : "a"(SYS_getpid)
        : "rcx", "r11", "memory", "cc");
    TRUE(pid == (unsigned long)getpid() && (flags & 0x40000) != 0);
    CHILD("SIGTRAP", __asm__ volatile("pushf; orq $0x100, (%%rsp); popf; nop; nop" :: : "memory", "cc"));
    CHILD("SIGTRAP", __asm__ volatile("pushf; orq $0x100, (%%rsp); popf; syscall" ::"a"(SYS_getpid) : "rcx",
                                      "r11", "memory", "cc"));
    __asm__ volatile("pushf; orq $0x4000, (%%rsp); popf; syscall; pushf; andq $~0x4000, (%%rsp); popf"
                     : "=a"(pid)
                     : "a"(SYS_getpid)
                     : "rcx", "r11", "memory", "cc");
    TRUE(pid == (unsigned long)getpid());
    CHILD("exit 0", __asm__ volatile("std"); int fd = open("/dev/zero", O_RDONLY); char* p = anonymous(PAGE);
          read(fd, p, 100); __asm__ volatile("cld"); IS(0, p[50]));
    unsigned long kept[6];
    pid = SYS_getpid;
    __asm__ volatile(
        "mov $1, %%rbx; mov $2, %%r12; mov $3, %%r13; mov $4, %%r14; mov $5, %%r15; mov $6, %%r8; syscall;"
        "mov %%rbx, (%1); mov %%r12, 8(%1); mov %%r13, 16(%1); mov %%r14, 24(%1); mov %%r15, 32(%1); mov "
        "%%r8, 40(%1)"
        : "+a"(pid)
        : "r"(kept)
        : "rbx", "r12", "r13", "r14", "r15", "r8", "rcx", "r11", "memory");
    SAY("%ld %ld %ld %ld %ld %ld", kept[0], kept[1], kept[2], kept[3], kept[4], kept[5]);
    return done();
}
