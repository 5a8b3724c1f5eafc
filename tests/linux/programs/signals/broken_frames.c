// A handler that spoils its frame, or has no room for one, ends its process and nothing else.
#include "check.h"

static void spoil(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info;
    ucontext_t* frame = context;
    frame->uc_mcontext.gregs[REG_RIP] = 0xffffffff81000000;
}

static void spoil_flags(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info;
    ((ucontext_t*)context)->uc_mcontext.gregs[REG_EFL] |= 0x3000 | 0x20000;
}

static void spoil_segment(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info;
    ((ucontext_t*)context)->uc_mcontext.gregs[REG_CSGSFS] = 0;
}

static void spoil_fpu(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info;
    ucontext_t* frame = context;
    ((unsigned*)frame->uc_mcontext.fpregs)[6] = 0xffffffff;
}

static void spoil_fpu_pointer(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info;
    ((ucontext_t*)context)->uc_mcontext.fpregs = KERNEL_ADDRESS;
}

static void with(void (*handler)(int, siginfo_t*, void*)) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
}

int main(void) {
    CHILD("SIGSEGV", with(spoil));
    CHILD("exit 0", {
        with(spoil_flags);
        unsigned long flags;
        __asm__ volatile("pushf; pop %0" : "=r"(flags));
        TRUE((flags & 0x3000) == 0);
    });
    CHILD("SIGSEGV", with(spoil_segment));
    pid_t child = SPAWN(with(spoil_fpu));
    int status;
    waitpid(child, &status, 0);
    SAY("reserved MXCSR bits: %s", ending(status));
    CHILD("SIGSEGV", with(spoil_fpu_pointer));
    CHILD("SIGSEGV", handle(SIGUSR1, (void (*)(int))abort, 0);
          __asm__ volatile("xor %%rsp, %%rsp; syscall" ::"a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1) : "rcx",
                           "r11", "memory"));
    CHILD("SIGSEGV", __asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall" ::"r"(0xffffffff81000000ul)));
    CHILD("SIGSEGV", static char zeros[2048];
          __asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall" ::"r"(zeros + 1024)));
    return done();
}
