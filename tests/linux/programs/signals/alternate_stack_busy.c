// The alternate stack cannot be changed while one stands on it.
#include "check.h"

static char stack[32768], other[32768];
static volatile int error;

static void handler(int signal) {
    (void)signal;
    error = sigaltstack(&(stack_t){.ss_sp = other, .ss_size = sizeof other}, NULL) == 0 ? 0 : errno;
}

int main(void) {
    OK(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL));
    handle(SIGUSR1, handler, SA_ONSTACK);
    raise(SIGUSR1);
    IS(EPERM, error);
    OK(sigaltstack(&(stack_t){.ss_sp = other, .ss_size = sizeof other}, NULL));
    return done();
}
