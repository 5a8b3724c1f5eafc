// RLIMIT_SIGPENDING bounds what waits with details of its own: beyond it, kill's signals come without them, sigqueue of a real-time
// signal fails, and what the kernel or kill says of a standard signal is never lost.
#include "check.h"

static void limit_to(rlim_t most) {
    struct rlimit limit;
    getrlimit(RLIMIT_SIGPENDING, &limit);
    limit.rlim_cur = most;
    OK(setrlimit(RLIMIT_SIGPENDING, &limit));
}

static int queued(void) {
    char line[256];
    int count = -1;
    FILE* file = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof(line), file) != NULL) sscanf(line, "SigQ: %d/", &count);
    fclose(file);
    return count;
}

static void take_all(const sigset_t* set) {
    siginfo_t info;
    int signal;
    while (memset(&info, 0, sizeof(info)), (signal = sigtimedwait(set, &info, &(struct timespec){0, 0})) > 0)
        SAY("signal %d code %d by me %d user %u value %d", signal, info.si_code, info.si_pid == getpid(),
            info.si_uid, info.si_code < 0 ? info.si_value.sival_int : 0);
    SAY("queued %d", queued());
}

static void queue(int signal, int value) {
    if (sigqueue(getpid(), signal, (union sigval){.sival_int = value}) != 0)
        SAY("%d: %s", signal, error_name(errno));
}

int main(void) {
    sigset_t set;
    sigfillset(&set);
    OK(sigprocmask(SIG_BLOCK, &set, NULL));
    OK(setgid(1234));
    OK(setuid(1234));  // nobody else's signals count
    for (rlim_t most = 0; most < 4; most++) {
        SAY("most %d", (int)most);
        limit_to(most);
        queue(40, 1), queue(40, 2), queue(41, 3);
        queue(SIGUSR1, 4);
        OK(kill(getpid(), SIGUSR2));
        OK(kill(getpid(), 42));
        OK(kill(getpid(), 42));
        OK(syscall(SYS_tkill, syscall(SYS_gettid), SIGHUP));
        SAY("tkill %ld", syscall(SYS_tkill, syscall(SYS_gettid), 43));
        SAY("queued %d", queued());
        take_all(&set);
    }
    // A child's queue counts for its user too, as long as it is there.
    limit_to(2);
    int ends[2];
    OK(pipe(ends));
    const pid_t child = fork();
    if (child == 0) {
        queue(40, 1), queue(40, 2);
        write(ends[1], "x", 1);
        pause();
    }
    char byte;
    IS(1, read(ends[0], &byte, 1));
    queue(41, 5);
    SAY("queued %d", queued());
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    queue(41, 6);
    take_all(&set);
    return done();
}
