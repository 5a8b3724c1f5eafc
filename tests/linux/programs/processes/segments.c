// Data segment selectors and the bases of FS and GS are a thread's own; execve resets them.
#include "check.h"

static unsigned selectors(void) {
    unsigned ds, es, fs, gs;
    asm volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
                 : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    return ds << 24 | es << 16 | fs << 8 | gs;
}

// Loading FS and GS changes the bases; the C library needs that of FS, so it is put back at once.
static void load_selectors(void) {
    unsigned long base;
    OK(syscall(SYS_arch_prctl, 0x1003, &base));
    asm volatile(
        "mov %2, %%eax; mov %%eax, %%ds; mov %%eax, %%es; mov %%eax, %%fs; mov %%eax, %%gs\n\t"
        "mov %0, %%eax; mov $0x1002, %%edi; mov %1, %%rsi; syscall"
        :
        : "i"(SYS_arch_prctl), "r"(base), "i"(0x2b)
        : "rax", "rdi", "rsi", "rcx", "r11", "memory");
}

static void in_child(int commands, int answers) {
    char byte;
    load_selectors();
    SAY("loaded: %x", selectors());
    write(answers, "x", 1);
    read(commands, &byte, 1);
    SAY("after others ran: %x", selectors());
    CHILD("exit 0", SAY("inherited: %x", selectors()));
}

int main(int count, char** words) {
    if (count > 1) {
        SAY("%s: %x", words[1], selectors());
        return done();
    }
    int commands[2], answers[2];
    char byte;
    OK(pipe(commands)), OK(pipe(answers));
    pid_t child = SPAWN(in_child(commands[0], answers[1]));
    read(answers[0], &byte, 1);
    SAY("of the parent: %x", selectors());
    write(commands[1], "x", 1);
    check_end(child, "exit 0");
    child = SPAWN(load_selectors(); fflush(stdout); execl("/proc/self/exe", "segments", "after exec", NULL));
    check_end(child, "exit 0");
    // Bases that cannot be: not canonical, and outside the user half.
    static const unsigned long BAD[] = {0x800000000000, 1ul << 63, ~0ul, 0x7ffffffff000};
    for (unsigned i = 0; i < ARRAY_SIZE(BAD); i++) {
        FAILS(EPERM, syscall(SYS_clone, CLONE_SETTLS | SIGCHLD, 0, 0, 0, BAD[i]));
        FAILS(EPERM, syscall(SYS_arch_prctl, 0x1001, BAD[i]));
    }
    unsigned long base = 7;
    OK(syscall(SYS_arch_prctl, 0x1001, 0x7fffffffe000));
    OK(syscall(SYS_arch_prctl, 0x1004, &base));
    SAY("%lx", base);
    return done();
}
