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

static void look_at_stack(int number) {
    stack_t now;
    char here;
    OK(sigaltstack(NULL, &now));
    SAY("signal %d: flags %x size %ld", number, now.ss_flags, (long)now.ss_size);
    (void)here;
}

static void signal_with(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigaction(number, &action, NULL);
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
    // One that disarms itself is out of use in its handler and back behind it.
    static char room[65536];
    stack_t disarming = {.ss_sp = room, .ss_flags = 1 << 31, .ss_size = sizeof room}, seen;
    stack_t none_at_all = {.ss_flags = SS_DISABLE};
    OK(sigaltstack(&none_at_all, NULL));
    OK(sigaltstack(&disarming, NULL));
    OK(sigaltstack(NULL, &seen));
    SAY("%d %x %d", seen.ss_sp == room, seen.ss_flags, seen.ss_size == sizeof room);
    signal_with(SIGUSR2, look_at_stack);
    raise(SIGUSR2);
    OK(sigaltstack(NULL, &seen));
    SAY("%d %x %d", seen.ss_sp == room, seen.ss_flags, seen.ss_size == sizeof room);
    OK(sigaltstack(&none_at_all, NULL));
    disarming.ss_size = 100;
    FAILS(ENOMEM, sigaltstack(&disarming, NULL));
    disarming.ss_flags = 4;
    FAILS(EINVAL, syscall(SYS_sigaltstack, &disarming, NULL));
    return done();
}
