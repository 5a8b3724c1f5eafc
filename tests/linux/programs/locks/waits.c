// F_SETLKW and flock() that wait: who gets the lock, how a signal ends the wait, circles of waiters.
#include "check.h"

static int set(int fd, int command, short type, long start, long length) {
    struct flock lock = {.l_type = type, .l_start = start, .l_len = length};
    return fcntl(fd, command, &lock);
}
static void nothing(int signal) { (void)signal; }
static int ends[2];
static void tell(char c) { write(ends[1], &c, 1); }
static void told(void) {
    char c;
    read(ends[0], &c, 1);
}

int main(void) {
    make_file("f", "", 0644);
    pipe(ends);
    int fd = open("f", O_RDWR);
    OK(set(fd, F_SETLK, F_WRLCK, 0, 10));
    pid_t waiter = SPAWN(OK(set(fd, F_SETLKW, F_WRLCK, 5, 1)); SAY("got it"));
    until_asleep(waiter);
    OK(set(fd, F_SETLK, F_UNLCK, 0, 5));  // not what it waits for
    until_asleep(waiter);
    // What gives the lock up is told after the waiter's end: on several CPUs either may print first.
    int given_up = set(fd, F_SETLK, F_UNLCK, 5, 5);
    check_end(waiter, "exit 0");
    IS(0, given_up);

    // A weaker lock lets readers in, not writers.
    OK(set(fd, F_SETLK, F_WRLCK, 0, 10));
    waiter = SPAWN(OK(set(fd, F_SETLKW, F_RDLCK, 0, 0)));
    pid_t writer = SPAWN(OK(set(fd, F_SETLKW, F_WRLCK, 0, 0)));
    until_asleep(waiter), until_asleep(writer);
    given_up = set(fd, F_SETLK, F_RDLCK, 0, 10);
    check_end(waiter, "exit 0");
    IS(0, given_up);
    until_asleep(writer);
    close(open("f", O_RDONLY));  // gives up everything
    check_end(writer, "exit 0");

    {
        // flock() changes its own lock before those who wait for it are looked at.
        int second = open("f", O_RDWR);
        OK(flock(fd, LOCK_EX));
        writer = SPAWN(OK(flock(second, LOCK_EX)); SAY("locked"));
        until_asleep(writer);
        OK(flock(fd, LOCK_SH | LOCK_NB));
        nap_ms(20), until_asleep(writer);
        OK(flock(fd, LOCK_EX | LOCK_NB));
        nap_ms(20), until_asleep(writer);
        OK(flock(fd, LOCK_SH));
        int last_one = open("f", O_RDWR);
        OK(flock(last_one, LOCK_SH));
        // It loses the lock that it had where it does not get the other.
        FAILS(EAGAIN, flock(fd, LOCK_EX | LOCK_NB));
        nap_ms(20), until_asleep(writer);
        const int unlocked = flock(
            last_one,
            LOCK_UN);  // no line is printed here: on several CPUs the waiter may print before or after it
        check_end(writer, "exit 0");
        SAY("unlocked: %d", unlocked);
        close(second), close(last_one);
    }

    // Signals.
    OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    waiter = SPAWN(handle(SIGUSR1, nothing, 0); FAILS(EINTR, set(fd, F_SETLKW, F_WRLCK, 0, 0)));
    nap_ms(50), until_asleep(waiter);
    kill(waiter, SIGUSR1);
    check_end(waiter, "exit 0");
    waiter = SPAWN(handle(SIGUSR1, nothing, SA_RESTART); OK(set(fd, F_SETLKW, F_WRLCK, 0, 0)));
    nap_ms(50), until_asleep(waiter);
    kill(waiter, SIGUSR1);
    nap_ms(20);
    until_asleep(waiter);
    given_up = set(fd, F_SETLK, F_UNLCK, 0, 0);
    check_end(waiter, "exit 0");
    IS(0, given_up);
    OK(flock(fd, LOCK_EX));
    waiter = SPAWN(handle(SIGUSR1, nothing, 0); FAILS(EINTR, flock(open("f", O_RDWR), LOCK_SH)));
    nap_ms(50), until_asleep(waiter);
    kill(waiter, SIGUSR1);
    check_end(waiter, "exit 0");
    waiter = SPAWN(OK(flock(open("f", O_RDWR), LOCK_EX)));
    until_asleep(waiter);
    given_up = flock(fd, LOCK_UN);
    check_end(waiter, "exit 0");
    IS(0, given_up);
    waiter = SPAWN(OK(set(fd, F_SETLK, F_WRLCK, 0, 0)); tell('x'); pause());
    told();
    writer = SPAWN(OK(set(fd, F_SETLKW, F_WRLCK, 0, 0)));
    until_asleep(writer);
    kill(waiter, SIGKILL);
    check_end(writer, "exit 0");  // it prints when it has the lock
    check_end(waiter, "SIGKILL");

    // A circle of three: the last one is told.
    OK(set(fd, F_SETLK, F_WRLCK, 0, 1));
    pid_t second =
        SPAWN(OK(set(fd, F_SETLK, F_WRLCK, 1, 1)); tell('x'); OK(set(fd, F_SETLKW, F_WRLCK, 0, 1)));
    told();
    until_asleep(second);
    pid_t third =
        SPAWN(OK(set(fd, F_SETLK, F_WRLCK, 2, 1)); tell('x'); if (set(fd, F_SETLKW, F_WRLCK, 1, 1) != 0)
                  _exit(1));  // it prints nothing: the second may not have been waited for
    told();
    until_asleep(third);
    FAILS(EDEADLK, set(fd, F_SETLKW, F_WRLCK, 2, 1));
    FAILS(EAGAIN, set(fd, F_SETLK, F_WRLCK, 2, 1));
    given_up = set(fd, F_SETLK, F_UNLCK, 0, 1);
    check_end(second, "exit 0");
    IS(0, given_up);
    check_end(third, "exit 0");
    // Locks of open files are in no circle.
    int other = open("f", O_RDWR);
    OK(set(fd, F_OFD_SETLK, F_WRLCK, 0, 1));
    OK(set(other, F_OFD_SETLK, F_WRLCK, 1, 1));
    waiter = SPAWN(handle(SIGUSR1, nothing, 0); FAILS(EINTR, set(fd, F_OFD_SETLKW, F_WRLCK, 1, 1)));
    until_asleep(waiter);
    handle(SIGALRM, nothing, 0);
    ualarm(100000, 0);
    FAILS(EINTR, set(other, F_OFD_SETLKW, F_WRLCK, 0, 1));
    until_asleep(waiter);
    kill(waiter, SIGUSR1);
    check_end(waiter, "exit 0");
    return done();
}
