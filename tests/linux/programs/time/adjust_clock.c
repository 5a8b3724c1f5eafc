// adjtimex and clock_adjtime: what root and an ordinary user may read and change, and which arguments are refused.
#include "check.h"

#include <sys/timex.h>

static void read_it(void) {
    struct timex values = {0};
    SAY("state %ld", syscall(SYS_adjtimex, &values));
    SAY("status %x, constant %ld, tick %ld", values.status, values.constant, values.tick);
    values = (struct timex){0};
    SAY("state %ld", syscall(SYS_clock_adjtime, CLOCK_REALTIME, &values));
    SAY("status %x, tick %ld", values.status, values.tick);
}

int main(void) {
    struct timex values = {0};
    read_it();
    FAILS(EFAULT, syscall(SYS_adjtimex, (void*)1));
    FAILS(EFAULT, syscall(SYS_clock_adjtime, CLOCK_REALTIME, (void*)1));
    FAILS(EINVAL, syscall(SYS_clock_adjtime, 99, &values));
    FAILS(EOPNOTSUPP, syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, &values));
    values.modes = ADJ_TICK;
    values.tick = 1;
    FAILS(EINVAL, syscall(SYS_adjtimex, &values));
    CHILD("exit 0", become_user(1000, 1000); read_it(); values.modes = ADJ_TICK; values.tick = 10000;
          FAILS(EPERM, syscall(SYS_adjtimex, &values));
          FAILS(EPERM, syscall(SYS_clock_adjtime, CLOCK_REALTIME, &values)));
    return done();
}
