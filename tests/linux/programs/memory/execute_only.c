// Memory that may be executed and nothing else: where the CPU has protection keys it cannot be read, by the kernel neither.
#include "check.h"

#ifndef SEGV_PKUERR
#define SEGV_PKUERR 4
#endif

static void tell(int number, siginfo_t* info, void* context) {
    (void)context;
    SAY("%s code %d key %d", signal_name(number), info->si_code, (int)info->si_pkey);
    _exit(0);
}

static int reads(const char* page) {
    int ends[2];
    OK(pipe(ends));
    const ssize_t count = write(ends[1], page, 1);
    close(ends[0]);
    close(ends[1]);
    return count == 1;
}

int main(void) {
    static const unsigned char RETURN_42[] = {0xb8, 42, 0, 0, 0, 0xc3};
    unsigned char* page = (unsigned char*)anonymous(2 * PAGE);
    memcpy(page, RETURN_42, sizeof RETURN_42);
    OK(mprotect(page, PAGE, PROT_EXEC));
    IS(42, ((int (*)(void))page)());
    const struct sigaction action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    CHILD("exit 0", SAY("read: %d", *(volatile unsigned char*)page));
    CHILD("exit 0", *(volatile unsigned char*)page = 1);
    SAY("by the kernel: %d", reads((char*)page));
    SAY("mlock: %s", mlock(page, PAGE) == 0 ? "ok" : error_name(errno));
    munlock(page, PAGE);
    // A page that is not there yet, and one that a child has got.
    char* fresh = mmap(NULL, PAGE, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHILD("exit 0", SAY("fresh: %d", *(volatile char*)fresh));
    // With another right it can be read again.
    OK(mprotect(page, PAGE, PROT_READ | PROT_EXEC));
    IS(0xb8, page[0]);
    OK(mprotect(page, PAGE, PROT_EXEC));
    OK(mprotect(page, PAGE, PROT_READ | PROT_WRITE));
    page[0] = 7;
    IS(7, page[0]);
    // PROT_GROWSDOWN is no right.
    char* stack = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
    OK(mprotect(stack, PAGE, PROT_EXEC | PROT_GROWSDOWN));
    SAY("mlock of a stack: %s", mlock(stack, PAGE) == 0 ? "ok" : error_name(errno));
    FAILS(EINVAL, madvise(stack, PAGE, 22));  // MADV_POPULATE_READ
    return done();
}
