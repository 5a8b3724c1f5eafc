// Two processes that never give up the CPU both get on, and a third that sleeps wakes up in between.
#include "check.h"

int main(void) {
    volatile long* counts = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t a = SPAWN(for (;;) counts[0]++), b = SPAWN(for (;;) counts[1]++);
    int late = 0;
    for (int i = 0; i < 10; i++) {
        long start = now_ms();
        nap_ms(20);
        late += now_ms() - start > 500;
    }
    kill(a, SIGKILL), kill(b, SIGKILL);
    check_end(a, "SIGKILL"), check_end(b, "SIGKILL");
    TRUE(counts[0] > 0 && counts[1] > 0);
    TRUE(counts[0] < counts[1] * 10 && counts[1] < counts[0] * 10);
    IS(0, late);
    return done();
}
