// The CPU clocks count work and not sleep.
#include "check.h"

static long cpu_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(void) {
    long before = cpu_ms();
    nap_ms(200);
    TRUE(cpu_ms() - before < 100);
    before = cpu_ms();
    long start = now_ms();
    while (now_ms() - start < 200) continue;
    TRUE(cpu_ms() - before >= 100);
    struct rlimit limit = {1, 2}, hard = {1, 1};
    CHILD("SIGXCPU", setrlimit(RLIMIT_CPU, &limit); for (;;) continue);
    CHILD("SIGKILL", setrlimit(RLIMIT_CPU, &hard); for (;;) continue);
    return done();
}
