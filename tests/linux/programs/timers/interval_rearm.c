// setitimer(ITIMER_REAL) goes on when its signal is taken: one that is blocked or ignored expires once.
#include "timers.h"

static void tell(const char* when) {
    struct itimerval now;
    getitimer(ITIMER_REAL, &now);
    SAY("%s: interval %ld, %s", when, (long)now.it_interval.tv_usec,
        now.it_value.tv_sec != 0 || now.it_value.tv_usec != 0 ? "running" : "expired");
}

static volatile int handled;
static void on_alarm(int signal) {
    const struct itimerval off = {{0, 0}, {0, 0}};
    handled += signal == SIGALRM;
    if (handled == 100) setitimer(ITIMER_REAL, &off, NULL);  // the program itself may not get a turn before
}

int main(void) {
    siginfo_t info;
    struct itimerval fast = {{0, 1}, {0, 1}}, off = {{0, 0}, {0, 0}}, slow = {{0, 2000}, {0, 1000}};
    block(SIGALRM);
    OK(setitimer(ITIMER_REAL, &fast, NULL));
    nap_ms(10);
    tell("blocked");
    IS(SIGALRM, take(SIGALRM, 0, &info));
    SAY("code %d", info.si_code);
    IS(SIGALRM, take(SIGALRM, 1000, &info));
    OK(setitimer(ITIMER_REAL, &slow, NULL));
    nap_ms(10);
    tell("blocked");
    while (take(SIGALRM, 0, &info) == 0) continue;
    tell("taken");
    IS(SIGALRM, take(SIGALRM, 1000, &info));
    // Another's signal makes it go on as well.
    nap_ms(10);
    OK(setitimer(ITIMER_REAL, &off, NULL));
    tell("off");
    take(SIGALRM, 0, &info);
    slow.it_value.tv_usec = 0;
    OK(setitimer(ITIMER_REAL, &slow, NULL));
    tell("without a value");
    slow.it_value.tv_usec = 1000;
    signal(SIGALRM, SIG_IGN);
    sigset_t set = set_of(SIGALRM);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    OK(setitimer(ITIMER_REAL, &slow, NULL));
    nap_ms(20);
    tell("ignored");
    handle(SIGALRM, on_alarm, 0);
    nap_ms(20);
    SAY("handled %d", handled);
    OK(raise(SIGALRM));
    nap_ms(5);
    SAY("handled %d", handled);  // the task's own signal does not
    OK(kill(getpid(), SIGALRM));
    nap_ms(50);
    TRUE(handled > 5);
    // A microsecond, with a handler that runs again and again.
    OK(setitimer(ITIMER_REAL, &off, NULL));
    handled = 0;
    OK(setitimer(ITIMER_REAL, &fast, NULL));
    while (handled < 100) continue;
    nap_ms(10);
    TRUE(handled >= 100);
    SAY("done");
    return done();
}
