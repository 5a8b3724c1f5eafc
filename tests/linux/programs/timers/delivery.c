// What the signal of a timer tells, how often it waits, and how overruns are counted.
#include <sys/signalfd.h>
#include "timers.h"

static int id, other;
static siginfo_t info;

static void tell(const char* when) {
    SAY("%s: signal %d code %d timer %d overrun %d value %d errno %d", when, info.si_signo, info.si_code,
        info.si_timerid, info.si_overrun > 1 ? 2 : info.si_overrun, info.si_value.sival_int, info.si_errno);
}

static volatile int handled, deepest, depth;
static void on_signal(int signal, siginfo_t* details, void* context) {
    (void)signal, (void)context;
    info = *details;
    if (++handled == 50) timer_set(id, 0, 0, 0);  // the program itself may not get a turn before
}

int main(void) {
    block(SIGALRM), block(SIGUSR1), block(40);
    OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id));
    OK(timer_set(id, 0, 1000000, 0));
    IS(SIGALRM, take(SIGALRM, 5000, &info));
    tell("without an event");
    OK(timer_make(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1, 77, &id));
    OK(timer_set(id, 0, 1000000, 0));
    IS(SIGUSR1, take(SIGUSR1, 5000, &info));
    tell("one shot");
    IS(0, left_ns(id));
    IS(0, take(SIGUSR1, 20, &info));

    // Two timers of one standard signal: both wait.
    OK(timer_make(CLOCK_BOOTTIME, SIGEV_SIGNAL, SIGUSR1, 78, &other));
    OK(timer_set(id, 0, 1000000, 0));
    OK(timer_set(other, 0, 3000000, 0));
    nap_ms(20);
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    tell("first");
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    tell("second");
    IS(0, take(SIGUSR1, 0, &info));
    // One that is sent behind a timer's is lost; the other way round both wait.
    OK(timer_set(id, 0, 1000000, 0));
    nap_ms(20);
    OK(kill(getpid(), SIGUSR1));
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    tell("alone");
    IS(0, take(SIGUSR1, 0, &info));
    OK(kill(getpid(), SIGUSR1));
    OK(timer_set(id, 0, 1000000, 0));
    nap_ms(20);
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    SAY("code %d", info.si_code);
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    tell("behind");

    // One that waits already is counted, and set anew it counts once more.
    OK(timer_set(id, 0, 1000000, 0));
    nap_ms(10);
    OK(timer_set(id, 0, 1000000, 0));
    nap_ms(10);
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    tell("expired twice");
    IS(0, timer_overrun(id));
    IS(0, take(SIGUSR1, 0, &info));

    // An interval of a millisecond, taken after some.
    OK(timer_set(id, 0, 1000000, 1000000));
    nap_ms(50);
    TRUE(left_ns(id) > 0 && left_ns(id) <= 1000000);
    const long taken = now_ms();
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    TRUE(info.si_overrun >= 40);
    TRUE(info.si_overrun == timer_overrun(id));
    // The count has begun anew.
    IS(SIGUSR1, take(SIGUSR1, 1000, &info));
    TRUE(info.si_overrun <= now_ms() - taken + 1);
    OK(timer_set(id, 0, 0, 0));
    while (take(SIGUSR1, 0, &info)) continue;
    IS(0, timer_overrun(id));
    // A nanosecond.
    OK(timer_set(id, 0, 1, 1));
    nap_ms(20);
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    TRUE(info.si_overrun > 10000000);
    nap_ms(20);  // it expires once more
    OK(timer_end(id));
    // What waits stays, and so do the numbers that it tells.
    IS(SIGUSR1, take(SIGUSR1, 100, &info));
    SAY("timer %d value %d", info.si_timerid, info.si_value.sival_int);

    // Far too late: the count has an end.
    OK(timer_make(CLOCK_REALTIME, SIGEV_SIGNAL, 40, 5, &id));
    OK(timer_set(id, TIMER_ABSTIME, 1000000000, 1));
    IS(40, take(40, 1000, &info));
    IS(INT_MAX, info.si_overrun);
    IS(INT_MAX, timer_overrun(id));
    OK(timer_end(id));
    take(40, 0, &info);

    // By signalfd.
    OK(timer_make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 40, 6, &id));
    sigset_t set = set_of(40);
    int fd = signalfd(-1, &set, 0);
    struct signalfd_siginfo record;
    OK(timer_set(id, 0, 1000000, 1000000));
    nap_ms(30);
    IS(sizeof record, read(fd, &record, sizeof record));
    SAY("signalfd %d code %d timer %d value %d %d", record.ssi_signo, record.ssi_code,
        record.ssi_tid == (unsigned)id, record.ssi_int, record.ssi_overrun >= 20);
    IS(sizeof record, read(fd, &record, sizeof record));
    OK(timer_end(id));

    // By a handler.
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR2, &action, NULL);
    OK(timer_make(CLOCK_TAI, SIGEV_SIGNAL, SIGUSR2, 9, &id));
    OK(timer_set(id, 0, 1000, 1000));
    while (handled < 50) continue;
    nap_ms(10);
    TRUE(handled >= 50);
    SAY("code %d value %d", info.si_code, info.si_value.sival_int);
    // Ignored: it goes on, and is heard when it is not ignored any more.
    signal(SIGUSR2, SIG_IGN);
    OK(timer_set(id, 0, 1000000, 1000));
    nap_ms(50);
    TRUE(left_ns(id) > 0);
    handled = 0;
    sigaction(SIGUSR2, &action, NULL);
    while (handled < 50) continue;
    OK(timer_end(id));
    // SIGEV_NONE sends nothing and counts on.
    OK(timer_make(CLOCK_MONOTONIC, SIGEV_NONE, SIGUSR2, 9, &id));
    OK(timer_set(id, 0, 200000000, 0));
    TRUE(left_ns(id) > 0 && left_ns(id) <= 200000000);
    nap_ms(250);
    IS(0, left_ns(id));
    OK(timer_set(id, 0, 5000000, 5000000));
    nap_ms(12);
    TRUE(left_ns(id) > 0 && left_ns(id) <= 5000000);
    IS(0, timer_overrun(id));
    return done();
}
