// Pseudo-terminals that one side has left: numbers, refused opens, the end of a session; and what flushing tells in packet mode.
#include "check.h"

static char name[64], text[64];

static int open_master(int* number) {
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    TRUE(ioctl(master, TIOCGPTN, number) == 0);
    snprintf(name, sizeof name, "/dev/pts/%d", *number);
    return master;
}
static int set_lock(int master, int lock) { return ioctl(master, TIOCSPTLCK, &lock); }
static int open_slave(void) { return open(name, O_RDWR | O_NOCTTY | O_NONBLOCK); }
static int events(int fd) {
    struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT | POLLPRI};
    nap_ms(20);
    poll(&one, 1, 0);
    return one.revents;
}

// A number is free again once both sides are closed.
static void numbers(void) {
    int first, second, count = -1, before = -1;
    FILE* file = fopen("/proc/sys/kernel/pty/nr", "r");
    TRUE(fscanf(file, "%d", &before) == 1);
    fclose(file);
    int master = open_master(&first);
    OK(set_lock(master, 0));
    int slave = OK(open_slave());
    int twin = OK(open_slave());
    close(master);
    FAILS(ENOENT, open_slave());
    int next = open_master(&second);
    SAY("%d", second - first);
    file = fopen("/proc/sys/kernel/pty/nr", "r");
    TRUE(fscanf(file, "%d", &count) == 1);
    fclose(file);
    IS(2, count - before);
    close(slave);
    int third;
    int another = open_master(&third);
    SAY("%d", third - first);
    close(twin);
    int last = open_master(&third);
    SAY("%d", third - first);
    close(next), close(another), close(last);
}

// An open of the slave that is refused makes those that have it open fail until one succeeds.
static void refused(void) {
    int number;
    int master = open_master(&number);
    OK(set_lock(master, 0));
    int slave = OK(open_slave());
    IS(1, write(slave, "a", 1));
    OK(set_lock(master, 1));
    IS(1, write(slave, "b", 1));
    FAILS(EIO, open_slave());
    FAILS(EIO, write(slave, "c", 1));
    FAILS(EIO, read(slave, text, 1));
    FAILS(EIO, read(slave, text, 0));
    struct termios settings;
    OK(tcgetattr(slave, &settings));
    IS(2, write(master, "d\n", 2));
    SAY("%d %d", events(master), events(slave));
    // Its last close is not told to the master either.
    close(slave);
    SAY("%d", events(master));
    IS(5, read(master, text, sizeof text));
    FAILS(EAGAIN, read(master, text, 1));
    OK(set_lock(master, 0));
    slave = OK(open_slave());
    IS(1, write(slave, "e", 1));
    IS(2, read(slave, text, sizeof text));
    OK(set_lock(master, 1));
    FAILS(EIO, open_slave());
    int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    SAY("%d", peer);
    OK(set_lock(master, 0));
    peer = OK(open_slave());
    IS(1, write(slave, "f", 1));
    close(slave), close(peer);
    SAY("%d", events(master));
    close(master);
}

static volatile int hups;
static void count_hup(int signal) { hups += signal == SIGHUP; }

// The end of a session's leader hangs up terminals, but no pseudo-terminals: only their foreground group gets SIGHUP.
static void leader_ends(void) {
    int number, ends[2], go[2];
    char byte;
    int master = open_master(&number);
    OK(set_lock(master, 0));
    OK(pipe(ends));
    pipe(go);
    pid_t leader = SPAWN({
        setsid();
        int slave = open(name, O_RDWR);
        TRUE(slave >= 0);
        if (fork() == 0) {
            handle(SIGHUP, count_hup, 0);
            write(ends[1], "r", 1);
            while (!hups) nap_ms(1);
            read(go[0], &byte, 1);  // the leader's end has been told
            FAILS(ENXIO, open("/dev/tty", O_RDWR));
            pid_t group;
            FAILS(ENOTTY, ioctl(slave, TIOCGPGRP, &group));
            struct termios settings;
            OK(tcgetattr(slave, &settings));
            IS(4, write(slave, "last", 4));
            write(ends[1], "e", 1);
            _exit(0);
        }
        read(ends[0], &byte, 1);
    });
    check_end(leader, "exit 0");
    write(go[1], "g", 1);
    read(ends[0], &byte, 1);
    nap_ms(20);
    memset(text, 0, sizeof text);
    IS(4, read(master, text, sizeof text));
    SAY("%s", text);
    close(master), close(ends[0]), close(ends[1]), close(go[0]), close(go[1]);
}

// Settings that are made with a flush tell the master of it, whether the slave is open or not.
static void flushes(void) {
    int number, on = 1;
    struct termios settings;
    int master = open_master(&number);
    OK(ioctl(master, TIOCPKT, &on));
    OK(tcgetattr(master, &settings));
    OK(tcsetattr(master, TCSADRAIN, &settings));
    FAILS(EAGAIN, read(master, text, 9));
    OK(tcsetattr(master, TCSAFLUSH, &settings));
    IS(1, read(master, text, 9));
    SAY("%d", text[0]);
    settings.c_iflag &= ~IXON;
    OK(tcsetattr(master, TCSAFLUSH, &settings));
    IS(1, read(master, text, 9));
    SAY("%d", text[0]);
    close(master);
}

// What a slave has not sent because its output is stopped is nobody's to count.
static void stopped(void) {
    int number, count = -1;
    int master = open_master(&number);
    OK(set_lock(master, 0));
    int slave = OK(open_slave());
    IS(7, write(master, "\023typed\n", 7));
    nap_ms(20);
    FAILS(EAGAIN, read(master, text, 9));
    FAILS(EAGAIN, write(slave, "held", 4));
    OK(ioctl(slave, TIOCOUTQ, &count));
    IS(0, count);
    IS(6, read(slave, text, 9));
    close(slave), close(master);
}

// A read of the master gets no more than its line discipline has room for, which takes more behind each read.
static void much(void) {
    static char bytes[10000];
    struct termios settings;
    int number, count = -1;
    int master = open_master(&number);
    OK(tcgetattr(master, &settings));
    cfmakeraw(&settings);
    settings.c_lflag |= ECHO;
    OK(tcsetattr(master, TCSANOW, &settings));
    OK(set_lock(master, 0));
    int slave = OK(open_slave());
    memset(bytes, 'x', sizeof bytes);
    IS(6000, write(slave, bytes, 6000));
    nap_ms(20);
    OK(ioctl(master, FIONREAD, &count));
    IS(4095, count);
    IS(10, read(master, bytes, 10));
    nap_ms(20);
    OK(ioctl(master, FIONREAD, &count));
    IS(4095, count);
    IS(3956, read(master, bytes, 3956));
    nap_ms(20);
    OK(ioctl(master, FIONREAD, &count));
    IS(2034, count);
    IS(2034, read(master, bytes, 4096));
    nap_ms(20);
    FAILS(EAGAIN, read(master, bytes, 4096));
    IS(6000, write(slave, bytes, 6000));
    nap_ms(20);
    IS(100, read(master, bytes, 100));
    IS(1, write(slave, "y", 1));
    nap_ms(20);
    IS(4095, read(master, bytes, 10000));
    nap_ms(20);
    IS(1806, read(master, bytes, 10000));
    close(slave), close(master);
}

int main(void) {
    much();
    stopped();
    numbers();
    refused();
    leader_ends();
    flushes();
    return done();
}
