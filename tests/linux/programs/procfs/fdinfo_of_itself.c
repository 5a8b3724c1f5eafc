// /proc/PID/fdinfo/N through the very descriptor N, and of two files that tell of each other.
#include "check.h"

static char text[256];

static int open_information(int of) {
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", of);
    return open(path, O_RDONLY);
}

/// A file that tells of descriptor `of`, which is replaced by `tells`.
static void tell_of(int of, int tells) { IS(of, dup2(tells, of)); }

static void of_itself(void) {
    const int file = IS(3, open("file", O_RDWR | O_CREAT, 0600));
    const int itself = IS(4, open_information(file));
    tell_of(file, itself);
    const long size = OK(read(file, text, sizeof(text) - 1));
    TRUE(strncmp(text, "pos:\t0\nflags:\t0100000\n", 22) == 0);
    TRUE(lseek(file, 0, SEEK_CUR) == size);
    OK(pread(file, text, sizeof(text) - 1, 0));
    TRUE(strtol(text + 5, NULL, 10) == size);
}

/// How often a read from the start gives something.
static int read_often(int file) {
    int count = 0;
    for (int i = 0; i < 300; i++) count += lseek(file, 0, SEEK_SET) == 0 && read(file, text, 200) > 0;
    return count;
}

static void of_each_other(void) {
    const int one = IS(3, open("one", O_RDWR | O_CREAT, 0600)), other = IS(4, open_information(one));
    tell_of(one, IS(5, open_information(other)));
    const pid_t child = SPAWN(IS(300, read_often(other)));
    const int count = read_often(one);
    check_end(child, "exit 0");
    IS(300, count);
}

int main(void) {
    CHILD("exit 0", of_itself());
    CHILD("exit 0", of_each_other());
    return done();
}
