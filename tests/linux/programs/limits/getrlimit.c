// The resource limits that init starts with, setting them, and the errnos.
#include "check.h"

static const char* shown(rlim_t value) {
    static char text[2][24];
    static int turn;
    char* t = text[turn ^= 1];
    if (value == RLIM_INFINITY)
        strcpy(t, "unlimited");
    else
        snprintf(t, 24, "%llu", (unsigned long long)value);
    return t;
}

int main(void) {
    const struct {
        int limit;
        const char* name;
    } all[] = {{RLIMIT_CPU, "CPU"},       {RLIMIT_FSIZE, "FSIZE"},   {RLIMIT_DATA, "DATA"},
               {RLIMIT_STACK, "STACK"},   {RLIMIT_CORE, "CORE"},     {RLIMIT_RSS, "RSS"},
               {RLIMIT_NOFILE, "NOFILE"}, {RLIMIT_AS, "AS"},         {RLIMIT_LOCKS, "LOCKS"},
               {RLIMIT_NICE, "NICE"},     {RLIMIT_RTPRIO, "RTPRIO"}, {RLIMIT_MSGQUEUE, "MSGQUEUE"}};
    struct rlimit limit;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        OK(getrlimit(all[i].limit, &limit));
        SAY("%s %s %s", all[i].name, shown(limit.rlim_cur), shown(limit.rlim_max));
    }
    OK(getrlimit(RLIMIT_NPROC, &limit));
    TRUE(limit.rlim_cur > 50 && limit.rlim_cur == limit.rlim_max);
    struct rlimit small = {10, 20}, wrong = {30, 20}, more = {10, 1ul << 40};
    OK(setrlimit(RLIMIT_CORE, &small));
    FAILS(EINVAL, setrlimit(RLIMIT_CORE, &wrong));
    FAILS(EPERM, setrlimit(RLIMIT_NOFILE, &more));
    FAILS(EINVAL, setrlimit(99, &small));
    FAILS(EINVAL, getrlimit(99, &small));
    FAILS(EFAULT, syscall(SYS_getrlimit, RLIMIT_CORE, unmapped()));
    FAILS(EFAULT, syscall(SYS_setrlimit, RLIMIT_CORE, unmapped()));
    struct rlimit old = {0};
    OK(syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, &old));
    SAY("%s %s", shown(old.rlim_cur), shown(old.rlim_max));
    OK(syscall(SYS_prlimit64, getpid(), RLIMIT_CORE, &(struct rlimit){5, 20}, &old));
    OK(syscall(SYS_prlimit64, getppid(), RLIMIT_CORE, NULL, &old));
    FAILS(ESRCH, syscall(SYS_prlimit64, 999999, RLIMIT_CORE, NULL, &old));
    FAILS(EINVAL, syscall(SYS_prlimit64, 0, 99, NULL, &old));
    FAILS(EFAULT, syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, unmapped()));
    // Which of several wrong arguments is named.
    const long nobody = 999999;
    FAILS(EFAULT, syscall(SYS_prlimit64, 0l, 99l, KERNEL_ADDRESS, NULL));
    FAILS(EFAULT, syscall(SYS_prlimit64, nobody, 99l, KERNEL_ADDRESS, NULL));
    FAILS(ESRCH, syscall(SYS_prlimit64, nobody, 99l, &small, NULL));
    FAILS(EINVAL, syscall(SYS_prlimit64, 0l, 99l, &small, NULL));
    FAILS(EFAULT, syscall(SYS_setrlimit, 99l, KERNEL_ADDRESS));
    FAILS(EINVAL, syscall(SYS_getrlimit, 99l, KERNEL_ADDRESS));
    CHILD("exit 0", getrlimit(RLIMIT_CORE, &limit);
          SAY("inherited %s %s", shown(limit.rlim_cur), shown(limit.rlim_max)));
    CHILD("exit 0", {
        become_user(1000, 1000);
        FAILS(EPERM, setrlimit(RLIMIT_CORE, &(struct rlimit){5, 30}));
        OK(setrlimit(RLIMIT_CORE, &(struct rlimit){7, 15}));
        FAILS(EPERM, syscall(SYS_prlimit64, 1, RLIMIT_CORE, NULL, &old));
    });
    return done();
}
