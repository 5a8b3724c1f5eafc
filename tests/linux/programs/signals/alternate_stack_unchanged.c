// sigaltstack() with what is there already is no change, whatever it is; a stack of no size is too small otherwise.
#include "check.h"

int main(void) {
    static char stack[32768];
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
    return done();
}
