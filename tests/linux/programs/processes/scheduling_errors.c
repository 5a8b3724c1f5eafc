// What the calls about policies and priorities refuse, and in which order.
#include "check.h"

int main(void) {
    struct sched_param p = {0};
    struct timespec t;
    FAILS(EINVAL, syscall(SYS_sched_setparam, -1, &p));
    FAILS(EINVAL, syscall(SYS_sched_setparam, 0, NULL));
    FAILS(EFAULT, syscall(SYS_sched_setparam, 0, (void*)1));
    FAILS(ESRCH, syscall(SYS_sched_setparam, 999999, &p));
    FAILS(EFAULT, syscall(SYS_sched_setparam, 999999, (void*)1));
    p.sched_priority = 1;
    FAILS(EINVAL, syscall(SYS_sched_setparam, 0, &p));
    p.sched_priority = 0;
    FAILS(EINVAL, syscall(SYS_sched_getparam, -1, &p));
    FAILS(EINVAL, syscall(SYS_sched_getparam, 0, NULL));
    FAILS(EFAULT, syscall(SYS_sched_getparam, 0, (void*)1));
    FAILS(ESRCH, syscall(SYS_sched_getparam, 999999, &p));
    FAILS(EINVAL, syscall(SYS_sched_setscheduler, 0, -1, &p));
    FAILS(EINVAL, syscall(SYS_sched_setscheduler, 0, 99, &p));
    FAILS(EINVAL, syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p));
    FAILS(EINVAL, syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL));
    FAILS(EFAULT, syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, (void*)1));
    FAILS(ESRCH, syscall(SYS_sched_setscheduler, 999999, SCHED_OTHER, &p));
    FAILS(EINVAL, syscall(SYS_sched_setscheduler, -1, SCHED_OTHER, &p));
    FAILS(EINVAL, syscall(SYS_sched_getscheduler, -1));
    FAILS(ESRCH, syscall(SYS_sched_getscheduler, 999999));
    FAILS(EINVAL, syscall(SYS_sched_rr_get_interval, -1, &t));
    FAILS(ESRCH, syscall(SYS_sched_rr_get_interval, 999999, &t));
    FAILS(ESRCH, syscall(SYS_sched_rr_get_interval, 999999, (void*)1));
    FAILS(EFAULT, syscall(SYS_sched_rr_get_interval, 0, (void*)1));
    FAILS(EINVAL, syscall(SYS_sched_get_priority_max, -1));
    FAILS(EINVAL, syscall(SYS_sched_get_priority_min, 99));
    CHILD("exit 0", become_user(1000, 1000); p.sched_priority = 0;
          FAILS(EPERM, syscall(SYS_sched_setparam, 1, &p));
          FAILS(EPERM, syscall(SYS_sched_setscheduler, 1, SCHED_OTHER, &p)); p.sched_priority = 5;
          FAILS(EPERM, syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p)));
    return done();
}
