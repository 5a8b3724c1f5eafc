// Timers over fork, execve and the end of the thread that they tell.
#include <pthread.h>
#include "timers.h"

static int id;
static siginfo_t info;
static volatile int waits = 1, tid;

static void* sleeper(void* argument) {
    tid = syscall(SYS_gettid);
    while (waits) usleep(1000);
    return argument;
}

static void* taker(void* argument) {
    OK(timer_make(CLOCK_MONOTONIC, SIGEV_SIGNAL | SIGEV_THREAD_ID, SIGUSR1, 3, &id));
    OK(timer_set(id, 0, 1000000, 0));
    siginfo_t own;
    TRUE(take(SIGUSR1, 5000, &own) == SIGUSR1);
    SAY("value %d", own.si_value.sival_int);
    return argument;
}

int main(int count, char** arguments) {
    block(SIGUSR1), block(SIGUSR2);
    if (count > 1) {
        SAY("after execve");
        FAILS(EINVAL, timer_end(0));
        sigset_t pending;
        sigpending(&pending);
        SAY("pending %d %d %d", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2),
            sigismember(&pending, 40));
        IS(40, take(40, 0, &info));
        SAY("code %d", info.si_code);
        IS(0, take(40, 0, &info));
        OK(timer_make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &id));
        TRUE(id == atoi(arguments[1]));
        return done();
    }
    // A thread's own signal: another does not take it.
    pthread_t thread;
    pthread_create(&thread, NULL, taker, NULL);
    const int taken = take(SIGUSR1, 50, &info);
    pthread_join(thread, NULL);
    IS(0, taken);
    FAILS(EINVAL, ({
              struct event event = {.signal = SIGUSR1, .notify = SIGEV_THREAD_ID, .tid = 99999};
              syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id);
          }));
    // Its thread ends: it expires for nobody, and does not go on.
    pthread_create(&thread, NULL, sleeper, NULL);
    while (tid == 0) usleep(1000);
    struct event event = {.value = 4, .signal = SIGUSR1, .notify = SIGEV_THREAD_ID, .tid = tid};
    OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    OK(timer_set(id, 0, 100000000, 20000000));
    waits = 0;
    pthread_join(thread, NULL);
    TRUE(left_ns(id) > 0);
    nap_ms(150);
    TRUE(left_ns(id) > 0);
    IS(0, take(SIGUSR1, 0, &info));
    OK(timer_set(id, 0, 1000000, 0));
    nap_ms(10);
    IS(0, take(SIGUSR1, 0, &info));
    OK(timer_end(id));
    // The thread ends that the process's timer was made by.
    pthread_create(&thread, NULL, taker, NULL);
    pthread_join(thread, NULL);

    OK(timer_make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR2, 3, &id));
    OK(timer_set(id, 0, 1000000, 1000000));
    nap_ms(10);
    CHILD("exit 0", {
        sigset_t pending;
        sigpending(&pending);
        IS(0, sigismember(&pending, SIGUSR2));
        FAILS(EINVAL, timer_end(id));
    });
    CHILD("exit 0", {
        block(40);
        OK(timer_make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 3, &id));
        OK(timer_set(id, 0, 1000000, 1000000));
        OK(timer_make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 40, 3, &id));
        OK(timer_set(id, 0, 1000000, 1000000));
        OK(sigqueue(getpid(), 40, (union sigval){1}));
        nap_ms(10);
        kill(getpid(), SIGUSR2);
        char number[16];
        snprintf(number, sizeof number, "%d", id + 1);
        execl("/proc/self/exe", "life", number, NULL);
    });
    // Ends with timers that are armed, and with one that kills.
    CHILD("exit 0", timer_make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 3, &id); timer_set(id, 0, 1, 1000);
          nap_ms(5));
    CHILD("SIGKILL", timer_make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGKILL, 3, &id); timer_set(id, 0, 1000000, 0);
          for (;;) pause());
    CHILD("SIGVTALRM", timer_make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGVTALRM, 3, &id);
          timer_set(id, 0, 1000000, 0); for (;;) continue);
    pid_t child = SPAWN({
        timer_make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGSTOP, 3, &id);
        timer_set(id, 0, 1000000, 0);
        nap_ms(20);
    });
    int status;
    waitpid(child, &status, WUNTRACED);
    SAY("%s", ending(status));
    kill(child, SIGCONT);
    check_end(child, "exit 0");
    return done();
}
