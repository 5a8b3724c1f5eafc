// The address and the reason of a fault, and a handler that repairs it.
#include "check.h"

static volatile int code;
static void* volatile address;
static char* page;

static void handler(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)context;
    code = info->si_code;
    address = info->si_addr;
    if (mprotect(page, PAGE, PROT_READ | PROT_WRITE) != 0)
        mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void skip_ud2(int signal, siginfo_t* info, void* context) {
    (void)signal;
    code = info->si_code;
    ((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP] += 2;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page[123] = 1;
    SAY("read-only: code %d at %ld", code, (long)((char*)address - page));
    munmap(page, PAGE);
    page[77] = 1;
    SAY("unmapped: code %d at %ld", code, (long)((char*)address - page));
    action.sa_sigaction = skip_ud2;
    sigaction(SIGILL, &action, NULL);
    __asm__ volatile("ud2");
    SAY("SIGILL code %d, and on", code);
    sigaction(SIGSEGV, &action, NULL);
    code = 0;
    __asm__ volatile("cli; nop");
    SAY("privileged: code %d", code);
    return done();
}
