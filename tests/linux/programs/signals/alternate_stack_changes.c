// sigaltstack(): what is there already is no change, whatever it is; a stack of no size is too small otherwise; and nothing
// changes while a handler runs on it.
#include "check.h"

static char stack[32768], other[32768];
static volatile int error;

static void handler(int signal) {
    (void)signal;
    error = sigaltstack(&(stack_t){.ss_sp = other, .ss_size = sizeof other}, NULL) == 0 ? 0 : errno;
}

int main(void) {
    stack_t old, nothing = {.ss_sp = NULL, .ss_flags = 0, .ss_size = 0};
    OK(sigaltstack(NULL, &old));
    SAY("flags %d", old.ss_flags);
    FAILS(ENOMEM, sigaltstack(&nothing, NULL));
    nothing.ss_flags = SS_DISABLE;
    OK(sigaltstack(&nothing, NULL));
    stack_t small = {.ss_sp = stack, .ss_flags = 0, .ss_size = 1};
    FAILS(ENOMEM, sigaltstack(&small, NULL));
    small.ss_size = sizeof stack;
    OK(sigaltstack(&small, NULL));
    OK(sigaltstack(&small, NULL));
    OK(sigaltstack(&nothing, NULL));
    nothing.ss_flags = 0;
    FAILS(ENOMEM, sigaltstack(&nothing, NULL));
    OK(sigaltstack(&small, NULL));
    handle(SIGUSR1, handler, SA_ONSTACK);
    raise(SIGUSR1);
    IS(EPERM, error);
    OK(sigaltstack(&(stack_t){.ss_sp = other, .ss_size = sizeof other}, NULL));
    return done();
}
