// /proc/PID/exe, cwd, root and fd.
#include "check.h"

int main(int argc, char** argv) {
    (void)argc;
    char text[128] = "";
    struct stat a, b;
    mkdir("folder", 0755), chdir("folder");
    IS(strlen(argv[0]), readlink("/proc/self/exe", text, sizeof text));
    TRUE(strncmp(text, argv[0], strlen(argv[0])) == 0);
    stat("/proc/self/exe", &a), stat(argv[0], &b);
    TRUE(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
    memset(text, 0, sizeof text);
    readlink("/proc/self/cwd", text, sizeof text);
    SAY("cwd %s", text);
    memset(text, 0, sizeof text);
    readlink("/proc/self/root", text, sizeof text);
    SAY("root %s", text);
    memset(text, 0, sizeof text);
    readlink("/proc/self", text, sizeof text);
    TRUE(atoi(text) == getpid());
    int fd = open("/dev/null", O_RDONLY), count = 0;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    memset(text, 0, sizeof text);
    readlink(path, text, sizeof text);
    SAY("fd %s", text);
    lstat(path, &a);
    SAY("mode %o", a.st_mode);
    DIR* fds = opendir("/proc/self/fd");
    while (readdir(fds)) count++;
    IS(7, count);
    OK(chdir("/proc/self/fd"));
    FAILS(ENOENT, readlink("55", text, 10));
    OK(chdir("/proc/self/cwd"));
    getcwd(text, sizeof text);
    TRUE(strncmp(text, "/proc/", 6) == 0 && strcmp(strrchr(text, '/'), "/fd") == 0);
    return done();
}
