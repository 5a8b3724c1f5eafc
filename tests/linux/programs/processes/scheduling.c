// sched_yield, affinity, priorities.
#include "check.h"

// What a policy's number is followed by in /proc/self/stat: its priorities.
static void show_policy(void) {
    const int policy = (int)syscall(SYS_sched_getscheduler, 0);
    struct sched_param parameters = {-1};
    OK(syscall(SYS_sched_getparam, 0, &parameters));
    char text[1024] = "";
    const int fd = open("/proc/self/stat", O_RDONLY);
    read(fd, text, sizeof text - 1);
    close(fd);
    char* field = strrchr(text, ')') + 2;
    long fields[50] = {0};
    for (int i = 3; i < 45 && field != NULL; i++) {
        fields[i] = strtol(field, NULL, 10);
        field = strchr(field, ' ');
        if (field != NULL) field++;
    }
    SAY("policy %x priority %d, in /proc %ld nice %ld, %ld of policy %ld", policy, parameters.sched_priority,
        fields[18], fields[19], fields[40], fields[41]);
}

static void policies(void) {
    static const int POLICIES[] = {SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE, SCHED_OTHER};
    for (unsigned i = 0; i < ARRAY_SIZE(POLICIES); i++) {
        const int is_realtime = POLICIES[i] == SCHED_FIFO || POLICIES[i] == SCHED_RR;
        struct sched_param right = {is_realtime ? 7 : 0}, wrong = {is_realtime ? 0 : 1}, most = {100};
        FAILS(EINVAL, syscall(SYS_sched_setscheduler, 0, POLICIES[i], &wrong));
        FAILS(EINVAL, syscall(SYS_sched_setscheduler, 0, POLICIES[i], &most));
        OK(syscall(SYS_sched_setscheduler, 0, POLICIES[i], &right));
        show_policy();
        CHILD("exit 0", show_policy());
        FAILS(EINVAL, syscall(SYS_sched_setparam, 0, &wrong));
        OK(syscall(SYS_sched_setparam, 0, &right));
    }
    struct sched_param one = {1}, none = {0};
    struct timespec turn;
    OK(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO | SCHED_RESET_ON_FORK, &one));
    show_policy();
    OK(sched_rr_get_interval(0, &turn));
    SAY("%ld %ld", (long)turn.tv_sec, turn.tv_nsec);
    CHILD("exit 0", show_policy());
    OK(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &none));
    FAILS(EINVAL, syscall(SYS_sched_setscheduler, 0, -1, &none));
    FAILS(EINVAL, syscall(SYS_sched_setscheduler, 0, 99, &none));
    FAILS(EINVAL, syscall(SYS_sched_setscheduler, -1, SCHED_OTHER, &none));
    FAILS(ESRCH, syscall(SYS_sched_setscheduler, 999999, SCHED_OTHER, &none));
    FAILS(EINVAL, syscall(SYS_sched_getscheduler, -1));
    CHILD("exit 0", become_user(1000, 1000);
          FAILS(EPERM, syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &one));
          OK(syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &none));
          FAILS(EPERM, syscall(SYS_sched_setscheduler, getppid(), SCHED_BATCH, &none)));
    // A realtime process that only works leaves the others theirs.
    CHILD("exit 0", struct sched_param high = {50}; OK(syscall(SYS_sched_setscheduler, 0, SCHED_RR, &high));
          for (volatile int i = 0; i < 1000000; i++){});
}

// How many CPUs /proc lists, as a mask. (The C library asks sched_getaffinity itself.)
static unsigned long all_cpus(void) {
    unsigned long mask = 0;
    for (const char* at = content_of("/proc/cpuinfo"); (at = strstr(at, "processor\t:")) != NULL; at++)
        mask = mask << 1 | 1;
    return mask;
}

int main(void) {
    unsigned long mask = 0;
    OK(sched_yield());
    TRUE(syscall(SYS_sched_getaffinity, 0, sizeof mask, &mask) > 0);
    TRUE(mask != 0 && mask == all_cpus());
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
    FAILS(ESRCH, syscall(SYS_sched_getaffinity, -1, 128, &mask));
    FAILS(ESRCH, syscall(SYS_sched_setaffinity, -1, 0, unmapped()));
    FAILS(EINVAL, syscall(SYS_sched_getaffinity, 0, 0x80000000u, &mask));
    policies();
    // A zombie keeps both its ids: who is the effective one may still set it.
    CHILD("exit 0", {
        setresuid(2, 1, 1);
        const pid_t zombie = SPAWN(_exit(0));
        siginfo_t info;
        waitid(P_PID, zombie, &info, WEXITED | WNOWAIT);
        OK(syscall(SYS_sched_setparam, zombie, &(struct sched_param){0}));
    });
    return done();
}
