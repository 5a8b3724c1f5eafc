// sigaltstack(): a handler on its own stack, also for the overflow of the normal one, and its errnos.
#include "check.h"

static char stack[32768];
static volatile int was_inside, flags_inside;

static void handler(int signal) {
    (void)signal;
    char here;
    stack_t now;
    sigaltstack(NULL, &now);
    was_inside = &here > stack && &here < stack + sizeof stack;
    flags_inside = now.ss_flags;
}

static void last_words(int signal) {
    (void)signal;
    _exit(44);
}

static int overflow(int depth) {
    volatile char block[4096];
    block[0] = depth;
    return overflow(depth + 1) + block[0];
}

int main(void) {
    stack_t old, fresh = {.ss_sp = stack, .ss_size = sizeof stack};
    OK(sigaltstack(NULL, &old));
    IS(SS_DISABLE, old.ss_flags);
    OK(sigaltstack(&fresh, NULL));
    handle(SIGUSR1, handler, SA_ONSTACK);
    raise(SIGUSR1);
    SAY("on the alternate stack %d, flags %d", was_inside, flags_inside);
    handle(SIGUSR1, handler, 0);
    raise(SIGUSR1);
    SAY("without SA_ONSTACK: %d", was_inside);
    CHILD("exit 44", handle(SIGSEGV, last_words, SA_ONSTACK); overflow(0));
    CHILD("SIGSEGV", handle(SIGSEGV, last_words, 0); overflow(0));
    CHILD("exit 0", sigaltstack(NULL, &old); IS(0, old.ss_flags));
    fresh.ss_size = 100;
    FAILS(ENOMEM, sigaltstack(&fresh, NULL));
    fresh.ss_size = sizeof stack, fresh.ss_flags = 0x77;
    FAILS(EINVAL, sigaltstack(&fresh, NULL));
    FAILS(EFAULT, syscall(SYS_sigaltstack, unmapped(), NULL));
    FAILS(EFAULT, syscall(SYS_sigaltstack, NULL, unmapped()));
    fresh.ss_flags = SS_DISABLE;
    OK(sigaltstack(&fresh, &old));
    TRUE(old.ss_sp == stack && old.ss_size == sizeof stack);
    return done();
}
