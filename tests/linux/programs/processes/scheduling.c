// sched_yield, affinity, priorities.
#include "check.h"

int main(void) {
    unsigned long mask = 0;
    OK(sched_yield());
    TRUE(syscall(SYS_sched_getaffinity, 0, sizeof mask, &mask) > 0);
    IS(1, mask);
    OK(syscall(SYS_sched_setaffinity, 0, sizeof mask, &mask));
    mask = 0;
    FAILS(EINVAL, syscall(SYS_sched_setaffinity, 0, sizeof mask, &mask));
    FAILS(EINVAL, syscall(SYS_sched_getaffinity, 0, 1, &mask));
    FAILS(EFAULT, syscall(SYS_sched_getaffinity, 0, 128, unmapped()));
    FAILS(ESRCH, syscall(SYS_sched_getaffinity, 999999, 128, &mask));
    IS(0, getpriority(PRIO_PROCESS, 0));
    OK(setpriority(PRIO_PROCESS, 0, 5));
    IS(5, getpriority(PRIO_PROCESS, 0));
    IS(15, syscall(SYS_getpriority, PRIO_PROCESS, 0));
    OK(setpriority(PRIO_PROCESS, 0, 100));
    IS(19, getpriority(PRIO_PROCESS, 0));
    OK(setpriority(PRIO_PROCESS, 0, -100));
    IS(-20, getpriority(PRIO_PROCESS, 0));
    FAILS(EINVAL, setpriority(9, 0, 0));
    FAILS(ESRCH, setpriority(PRIO_PROCESS, 999999, 0));
    IS(0, sched_get_priority_min(SCHED_OTHER));
    IS(99, sched_get_priority_max(SCHED_FIFO));
    FAILS(EINVAL, sched_get_priority_max(77));
    IS(0, syscall(SYS_sched_getscheduler, 0));
    setpriority(PRIO_PROCESS, 0, 0);
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, setpriority(PRIO_PROCESS, 0, -5));
          OK(setpriority(PRIO_PROCESS, 0, 3)));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EPERM, setpriority(PRIO_PROCESS, getppid(), 3)));
    return done();
}
