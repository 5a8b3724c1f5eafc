// SA_SIGINFO: who sent a signal, and how.
#include "check.h"

static volatile siginfo_t got;

static void handler(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)context;
    *(siginfo_t*)&got = *info;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL), sigaction(SIGCHLD, &action, NULL), sigaction(SIGSEGV, &action, NULL);
    kill(getpid(), SIGUSR1);
    SAY("kill: signo %d code %d from itself %d uid %d", got.si_signo, got.si_code, got.si_pid == getpid(),
        got.si_uid);
    raise(SIGUSR1);
    SAY("tgkill: code %d from itself %d", got.si_code, got.si_pid == getpid());
    sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 1234});
    SAY("sigqueue: code %d value %d", got.si_code, got.si_value.sival_int);
    pid_t child = SPAWN(_exit(9));
    while (got.si_signo != SIGCHLD) nap_ms(5);
    SAY("child: code %d status %d pid %d", got.si_code, got.si_status, got.si_pid == child);
    check_end(child, "exit 9");
    got.si_signo = 0;  // the signal may come before fork returns
    child = SPAWN(raise(SIGKILL));
    while (got.si_signo != SIGCHLD) nap_ms(5);
    SAY("child: code %d status %d", got.si_code, got.si_status);
    return done();
}
