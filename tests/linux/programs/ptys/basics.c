// Pseudo-terminals: the pair, its lock, names, hang-up by either side, packet mode, window, groups, poll.
#include <sys/statfs.h>
#include "check.h"

static int master, slave;
static char text[256];

static const char* shown(ssize_t count) {
    static char out[600];
    size_t used = 0;
    if (count < 0) return error_name(errno);
    for (ssize_t i = 0; i < count; i++)
        used += (size_t)sprintf(out + used, isprint((unsigned char)text[i]) ? "%c" : "\\%o",
                                (unsigned char)text[i]);
    out[used] = 0;
    return out;
}
static const char* got(int fd) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    poll(&wait, 1, 200);
    return shown(read(fd, text, sizeof text));
}
// Reads until the bytes end in `end`: what arrives together differs between runs.
static const char* up_to(int fd, const char* end) {
    size_t used = 0, size = strlen(end);
    while (used < size || memcmp(text + used - size, end, size) != 0) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        poll(&wait, 1, 2000);
        ssize_t count = read(fd, text + used, 1);
        if (count <= 0) break;
        used += (size_t)count;
    }
    return shown((ssize_t)used);
}
static int events(int fd) {
    struct pollfd wait = {.fd = fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDNORM | POLLWRNORM};
    nap_ms(20);
    poll(&wait, 1, 0);
    return wait.revents;
}
static void open_pair(void) {
    int unlock = 0;
    char name[64];
    master =
        OK(open("/dev/ptmx", O_RDWR | O_NOCTTY)) < 0 ? -1 : open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    int number = -1;
    ioctl(master, TIOCGPTN, &number);
    ioctl(master, TIOCSPTLCK, &unlock);
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    slave = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
    TRUE(slave >= 0);
}
static int hups;
static void count_hup(int signal) { hups += signal == SIGHUP || signal == SIGWINCH || signal == SIGINT; }

int main(void) {
    FAILS(EINVAL, mount("devpts", "/dev/pts", "devpts", 0, "nonsense"));
    struct statfs fs;
    statfs("/dev/pts", &fs);
    SAY("%lx", (long)fs.f_type);
    struct stat s;
    stat("/dev/pts/ptmx", &s);
    SAY("%o %d:%d", s.st_mode, major(s.st_rdev), minor(s.st_rdev));
    stat("/dev/ptmx", &s);
    SAY("%s %d:%d", type_name(s.st_mode), major(s.st_rdev), minor(s.st_rdev));
    FAILS(EPERM, mkdir("/dev/pts/x", 0700));
    FAILS(EACCES, open("/dev/pts/x", O_CREAT | O_RDWR, 0600));
    FAILS(ENOENT, open("/dev/pts/77", O_RDWR));

    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    int number = -1, lock = -1, mode = -1, unlock = 0;
    OK(ioctl(master, TIOCGPTN, &number));
    OK(ioctl(master, TIOCGPTLCK, &lock));
    IS(1, lock);
    char name[64];
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    stat(name, &s);
    SAY("%o %d %d %d %d", s.st_mode, (int)s.st_uid, (int)s.st_gid, major(s.st_rdev),
        (int)minor(s.st_rdev) == number);
    FAILS(EIO, open(name, O_RDWR | O_NOCTTY));
    FAILS(EPERM, unlink(name));
    FAILS(EFAULT, ioctl(master, TIOCSPTLCK, unmapped()));
    OK(ioctl(master, TIOCSPTLCK, &unlock));
    // Before anybody opens the slave: typed bytes are echoed.
    SAY("%d", events(master));
    FAILS(EAGAIN, read(master, text, 1));
    IS(4, write(master, "abc\n", 4));
    SAY("%s", got(master));
    slave = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
    SAY("%s", got(slave));
    TRUE(isatty(master) && isatty(slave));
    snprintf(text, sizeof text, "/proc/self/fd/%d", slave);
    char link[64] = "";
    readlink(text, link, sizeof link - 1);
    TRUE(strcmp(link, name) == 0);
    SAY("%d %d", events(master), events(slave));

    // Both directions, and what the settings make of them.
    IS(6, write(slave, "one\ntw", 6));
    SAY("%s", got(master));
    IS(3, write(master, "x\177y", 3));
    FAILS(EAGAIN, read(slave, text, 9));
    IS(2, write(master, "z\r", 2));
    SAY("%s", got(slave));
    SAY("%s", got(master));
    struct termios settings;
    OK(tcgetattr(master, &settings));
    SAY("%o %o %o %o", settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag);
    settings.c_cflag |= PARENB | CS5;
    cfmakeraw(&settings);
    settings.c_cflag = (settings.c_cflag & ~CSIZE) | CS6 | PARENB;
    cfsetspeed(&settings, B9600);
    OK(tcsetattr(slave, TCSANOW, &settings));
    OK(tcgetattr(slave, &settings));
    SAY("%o %d", settings.c_cflag, cfgetospeed(&settings) == B9600);
    IS(3, write(master, "r\nw", 3));
    SAY("%s", got(slave));
    IS(3, write(slave, "r\nw", 3));
    int count = 0;
    nap_ms(20);
    SAY("%s", got(master));
    OK(ioctl(slave, FIONREAD, &count));
    IS(0, count);

    // Packet mode.
    int on = 1, off = 0;
    OK(ioctl(master, TIOCGPKT, &mode));
    IS(0, mode);
    OK(ioctl(master, TIOCPKT, &on));
    IS(2, write(slave, "hi", 2));
    SAY("%s", got(master));
    settings.c_iflag |= IXON;
    OK(tcsetattr(slave, TCSANOW, &settings));
    SAY("%d", events(master));
    SAY("%s", got(master));
    OK(tcflush(slave, TCIFLUSH));
    SAY("%s", got(master));
    write(slave, "gone", 4);
    OK(tcflush(slave, TCOFLUSH));
    SAY("%s", got(master));
    SAY("%s", got(master));
    OK(tcflow(slave, TCOOFF));
    SAY("%s", got(master));
    OK(tcflow(slave, TCOON));
    SAY("%s", got(master));
    settings.c_iflag &= ~IXON;
    OK(tcsetattr(slave, TCSANOW, &settings));
    SAY("%s", got(master));
    FAILS(EAGAIN, read(master, text, 1));
    OK(ioctl(master, TIOCPKT, &off));

    // Requests of one side only.
    FAILS(ENOTTY, ioctl(slave, TIOCGPTN, &number));
    FAILS(ENOTTY, ioctl(slave, TIOCPKT, &on));
    FAILS(EIO, ioctl(slave, TIOCGPTPEER, O_RDWR));
    FAILS(EINVAL, ioctl(master, TIOCSIG, SIGUSR1));
    OK(ioctl(master, TIOCSIG, SIGINT));
    FAILS(ENOTTY, ioctl(master, TIOCNOTTY));
    pid_t group = -1;
    OK(ioctl(master, TIOCGPGRP, &group));
    IS(0, group);
    FAILS(ENOTTY, ioctl(slave, TIOCGPGRP, &group));
    FAILS(ENOTTY, ioctl(master, TIOCGSID, &group));
    FAILS(ENOTTY, ioctl(master, TIOCSPGRP, &group));
    int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    TRUE(peer >= 0 && isatty(peer) && fcntl(peer, F_GETFD) == FD_CLOEXEC);
    IS(2, write(peer, "pp", 2));
    SAY("%s", got(master));
    close(peer);
    FAILS(ESPIPE, lseek(master, 0, SEEK_CUR));

    // The slave closed by all, and opened again.
    write(slave, "rest", 4);
    close(slave);
    SAY("%d", events(master));
    SAY("%s", got(master));
    FAILS(EIO, read(master, text, 1));
    IS(2, write(master, "ok", 2));
    slave = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
    SAY("%d", events(master));
    FAILS(EAGAIN, read(master, text, 1));
    SAY("%s", got(slave));

    // The master closed: the slave is hung up and its name has gone.
    close(master);
    SAY("%d", events(slave));
    IS(0, read(slave, text, 1));
    FAILS(EIO, write(slave, "x", 1));
    FAILS(EIO, tcgetattr(slave, &settings));
    FAILS(ENOENT, open(name, O_RDWR));

    // A session with the slave as its terminal.
    open_pair();
    pid_t child = SPAWN({
        close(master);
        handle(SIGHUP, count_hup, 0), handle(SIGWINCH, count_hup, 0), handle(SIGINT, count_hup, 0);
        setsid();
        OK(ioctl(slave, TIOCSCTTY, 0));
        fcntl(slave, F_SETFL, O_RDWR);
        IS(3, open("/dev/tty", O_RDWR) >= 0 ? 3 : -1);
        write(slave, "go\n", 3);
        FAILS(EINTR, read(slave, text, 9));  // the window
        write(slave, "on\n", 3);
        FAILS(EINTR, read(slave, text, 9));  // the interrupt character
        write(slave, "in\n", 3);
        long count = read(slave, text, 9);  // the hang-up
        SAY("%ld %s", count, count < 0 ? error_name(errno) : "");
        while (hups < 3) nap_ms(5);
        FAILS(ENXIO, open("/dev/tty", O_RDWR));
    });
    close(slave);
    SAY("%s", up_to(master, "go\r\n"));
    IS(0, ioctl(master, TIOCGSID, &group));
    TRUE(group == child);
    OK(ioctl(master, TIOCGPGRP, &group));
    TRUE(group == child);
    struct winsize window = {.ws_row = 11, .ws_col = 22};
    nap_ms(50), until_asleep(child);
    int is_set = ioctl(master, TIOCSWINSZ, &window);
    SAY("%s", up_to(master, "on\r\n"));  // the child has told what it saw
    IS(0, is_set);
    nap_ms(50), until_asleep(child);
    write(master, "\003", 1);
    SAY("%s", up_to(master, "in\r\n"));
    nap_ms(50), until_asleep(child);
    close(master);
    check_end(child, "exit 0");
    return done();
}
