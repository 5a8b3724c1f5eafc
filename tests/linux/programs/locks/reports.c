// /proc/locks and the lock: lines of /proc/PID/fdinfo.
#include "check.h"

static int set(int fd, int command, short type, long start, long length) {
    struct flock lock = {.l_type = type, .l_start = start, .l_len = length};
    return fcntl(fd, command, &lock);
}

// Lines about the file, without what differs between runs: process ids become names.
static void show(const char* path, ino_t inode, pid_t child) {
    SAY("%s", strstr(path, "fdinfo") ? "fdinfo" : path);
    char wanted[32];
    snprintf(wanted, sizeof wanted, ":%lu ", (unsigned long)inode);
    char* text = strdup(content_of(path));
    for (char* line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char* place = strstr(line, wanted);
        if (!place) continue;
        char* start = strstr(line, ": ");
        if (strncmp(line, "lock:", 5) == 0) start = strstr(start, ": ") ? strstr(start, ": ") : start;
        char* pid = place;
        while (pid > line && pid[-1] != ' ') --pid;  // the device
        *--pid = 0;                                  // the blank before it
        while (pid > line && pid[-1] != ' ') --pid;
        long number = atol(pid);
        *pid = 0;
        SAY("  %s%s%s", start,
            number == getpid() ? "self"
            : number == child  ? "child"
            : number == -1     ? "-1"
                               : "?",
            place + strlen(wanted) - 1);
    }
    free(text);
}

int main(void) {
    make_file("f", "", 0644);
    int a = open("f", O_RDWR), b = open("f", O_RDWR);
    struct stat s;
    fstat(a, &s);
    OK(set(a, F_SETLK, F_WRLCK, 10, 5));
    OK(set(b, F_SETLK, F_RDLCK, 100, 0));
    OK(set(b, F_OFD_SETLK, F_RDLCK, 20, 1));
    OK(flock(a, LOCK_SH));
    OK(flock(b, LOCK_SH));
    pid_t child = SPAWN(OK(set(a, F_SETLKW, F_WRLCK, 12, 1)));
    until_asleep(child);
    show("/proc/locks", s.st_ino, child);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", a);
    show(path, s.st_ino, child);
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", b);
    show(path, s.st_ino, child);
    OK(set(a, F_SETLK, F_UNLCK, 11, 2));
    check_end(child, "exit 0");
    show("/proc/locks", s.st_ino, child);
    close(b);
    show("/proc/locks", s.st_ino, child);
    return done();
}
