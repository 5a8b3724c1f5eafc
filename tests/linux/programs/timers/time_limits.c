// RLIMIT_CPU counts the process, RLIMIT_RTTIME a thread with a real-time policy since it last waited. The soft limit grows by a second
// with each SIGXCPU.
// limit: 60
#include "timers.h"

static volatile int got;
static void on_limit(int signal) { got += signal == SIGXCPU; }
static void become_realtime(void) {
    struct sched_param parameter = {.sched_priority = 1};
    if (syscall(SYS_sched_setscheduler, 0, SCHED_RR, &parameter) != 0) SAY("%s", error_name(errno));
}

int main(void) {
    struct rlimit limit;
    handle(SIGXCPU, on_limit, 0);
    CHILD("SIGKILL", {
        limit = (struct rlimit){1, 3};
        OK(setrlimit(RLIMIT_CPU, &limit));
        while (got < 1) continue;
        getrlimit(RLIMIT_CPU, &limit);
        SAY("soft %d hard %d", (int)limit.rlim_cur, (int)limit.rlim_max);
        while (got < 2) continue;
        getrlimit(RLIMIT_CPU, &limit);
        SAY("soft %d hard %d", (int)limit.rlim_cur, (int)limit.rlim_max);
        for (;;) continue;
    });
    CHILD("exit 0", {
        limit = (struct rlimit){100000, 10000000};
        OK(setrlimit(RLIMIT_RTTIME, &limit));
        burn_ms(300);
        IS(0, got);
        become_realtime();
        for (int i = 0; i < 16; i++) burn_ms(20), nap_ms(2);
        IS(0, got);
        burn_ms(200);
        IS(1, got);
        getrlimit(RLIMIT_RTTIME, &limit);
        SAY("soft %d hard %d", (int)limit.rlim_cur, (int)limit.rlim_max);
    });
    CHILD("SIGKILL", {
        limit = (struct rlimit){50000, 100000};
        OK(setrlimit(RLIMIT_RTTIME, &limit));
        become_realtime();
        for (;;) continue;
    });
    return done();
}
