// Real-time signals queue up, in order of number, each with its value.
#include "check.h"

static volatile int count;
static char order[64];

static void handler(int signal, siginfo_t* info, void* context) {
    (void)context;
    count += sprintf(order + count, "%d:%d ", signal - 34, info->si_value.sival_int);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigset_t set, old;
    sigemptyset(&set);
    for (int i = 35; i < 38; i++) {
        sigaction(i, &action, NULL);
        sigaddset(&set, i);
    }
    sigfillset(&action.sa_mask);
    for (int i = 35; i < 38; i++) sigaction(i, &action, NULL);
    sigprocmask(SIG_BLOCK, &set, &old);
    OK(sigqueue(getpid(), 37, (union sigval){.sival_int = 1}));
    OK(sigqueue(getpid(), 35, (union sigval){.sival_int = 2}));
    OK(sigqueue(getpid(), 36, (union sigval){.sival_int = 3}));
    OK(sigqueue(getpid(), 35, (union sigval){.sival_int = 4}));
    OK(sigqueue(getpid(), 35, (union sigval){.sival_int = 5}));
    siginfo_t info;
    IS(35, sigwaitinfo(&set, &info));
    IS(2, info.si_value.sival_int);
    sigprocmask(SIG_SETMASK, &old, NULL);
    SAY("%d", count);
    FAILS(EINVAL, sigqueue(getpid(), 65, (union sigval){0}));
    FAILS(ESRCH, sigqueue(999999, 35, (union sigval){0}));
    return done();
}
