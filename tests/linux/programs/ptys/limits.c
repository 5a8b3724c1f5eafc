// How many pseudo-terminals there may be, their numbers, and how much one side may write before the other reads.
#include "check.h"

static long number_in(const char* path) { return atol(content_of(path)); }

int main(void) {
    mkdir("own", 0755);
    OK(mount("devpts", "own", "devpts", 0, "max=3,mode=600,ptmxmode=600,uid=7"));
    int first = OK(open("own/ptmx", O_RDWR)) < 0 ? -1 : open("own/ptmx", O_RDWR), number = -1;
    OK(ioctl(first, TIOCGPTN, &number));
    IS(1, number);
    int third = open("own/ptmx", O_RDWR);
    FAILS(ENOSPC, open("own/ptmx", O_RDWR));
    close(first);
    first = open("own/ptmx", O_RDWR);
    OK(ioctl(first, TIOCGPTN, &number));
    IS(1, number);
    struct stat s;
    stat("own/2", &s);
    SAY("%d", (int)s.st_uid);
    DIR* folder = opendir("own");
    int names = 0;
    for (struct dirent* entry; (entry = readdir(folder)) != NULL;) names++;
    IS(6, names);
    char line[64];
    for (char* at = strstr(content_of("/proc/mounts"), "own devpts");
         at && sscanf(at, "own devpts %63[^ \n]", line) == 1;) {
        SAY("%s", line);
        break;
    }
    close(third);
    FAILS(EBUSY, umount("own"));
    FAILS(ENOENT, open("own/2", O_RDWR));
    mknod("elsewhere", S_IFCHR | 0600, makedev(136, 1));
    FAILS(EIO, open("elsewhere", O_RDWR | O_NOCTTY));
    mknod("alone", S_IFCHR | 0600, makedev(5, 2));
    FAILS(ENOENT, open("alone", O_RDWR | O_NOCTTY));
    mkdir("pts", 0755);
    FAILS(ENODEV, open("alone", O_RDWR | O_NOCTTY));
    SAY("%ld %ld", number_in("/proc/sys/kernel/pty/max"), number_in("/proc/sys/kernel/pty/reserve"));
    TRUE(number_in("/proc/sys/kernel/pty/nr") >= 2);

    // Neither side waits before it has written 4096 bytes.
    int unlock = 0;
    ioctl(first, TIOCSPTLCK, &unlock);
    int slave = open("own/1", O_RDWR | O_NOCTTY | O_NONBLOCK);
    struct termios settings;
    tcgetattr(slave, &settings);
    cfmakeraw(&settings);
    tcsetattr(slave, TCSANOW, &settings);
    static char data[8192];
    fcntl(first, F_SETFL, O_RDWR | O_NONBLOCK);
    long written = 0, count;
    while ((count = write(slave, data, sizeof data)) > 0) written += count;
    TRUE(written >= 4096 && errno == EAGAIN);
    long taken = 0;
    for (int tries = 0; taken < written && tries < 10000; tries++)
        if ((count = read(first, data, sizeof data)) > 0)
            taken += count;
        else
            nap_ms(1);
    TRUE(taken == written);
    written = 0;
    while ((count = write(first, data, sizeof data)) > 0) written += count;
    TRUE(written >= 4096 && errno == EAGAIN);
    taken = 0;
    for (int tries = 0; taken < written && tries < 10000; tries++)
        if ((count = read(slave, data, sizeof data)) > 0)
            taken += count;
        else
            nap_ms(1);
    TRUE(taken == written);
    return done();
}
