// The files of /proc/PID of a process that has ended, as a zombie and when it has been waited for.
#include "check.h"

static const char* const FILES[] = {"cmdline", "comm",    "environ", "maps",    "mountinfo",
                                    "mounts",  "stat",    "statm",   "status",  "limits",
                                    "wchan",   "uid_map", "gid_map", "fdinfo/0"};
static const char* const LINKS[] = {"cwd", "exe", "root", "fd/0"};
static const char* const FOLDERS[] = {"", "fd", "fdinfo", "task"};

static const char* path_of(pid_t pid, const char* name) {
    static char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return path;
}

static const char* said(long n) { return n < 0 ? error_name(errno) : n == 0 ? "nothing" : "something"; }

static void look(int folder, const int* files, const int* places, const int* folders) {
    char text[4096], name[64];
    struct stat s;
    SAY("fstat of the folder: %s", fstat(folder, &s) < 0 ? error_name(errno) : "ok");
    for (size_t i = 0; i < ARRAY_SIZE(FILES); i++) {
        SAY("%s: read %s", FILES[i], files[i] < 0 ? "not open" : said(pread(files[i], text, 4096, 0)));
        int fd = openat(folder, FILES[i], O_RDONLY);
        SAY("%s: open %s", FILES[i], fd < 0 ? error_name(errno) : said(read(fd, text, 4096)));
        if (fd >= 0) close(fd);
    }
    int fd = openat(folder, "comm", O_WRONLY);
    SAY("comm: write %s", fd < 0 ? error_name(errno) : said(write(fd, "x", 1)));
    close(fd);
    for (size_t i = 0; i < ARRAY_SIZE(LINKS); i++) {
        SAY("%s: readlinkat %s", LINKS[i], said(readlinkat(folder, LINKS[i], text, 4096)));
        SAY("%s: fstatat %s", LINKS[i], said(fstatat(folder, LINKS[i], &s, 0)));
        SAY("%s: of the open place %s", LINKS[i], said(readlinkat(places[i], "", text, 4096)));
        snprintf(name, sizeof name, "/proc/self/fd/%d", places[i]);
        SAY("%s: through the open place %s", LINKS[i], said(stat(name, &s)));
    }
    for (size_t i = 0; i < ARRAY_SIZE(FOLDERS); i++) {
        lseek(folders[i], 0, SEEK_SET);
        long n, sum = 0;
        while ((n = syscall(SYS_getdents64, folders[i], text, 4096)) > 0) sum += n;
        SAY("list %s: %s, %s", FOLDERS[i], n < 0 ? error_name(errno) : "ends",
            sum > 100 ? "much"
            : sum     ? "little"
                      : "nothing");
        fd = openat(folder, *FOLDERS[i] ? FOLDERS[i] : ".", O_RDONLY);
        SAY("open %s: %s", FOLDERS[i], fd < 0 ? error_name(errno) : "ok");
        close(fd);
        SAY("unknown in %s: %s", FOLDERS[i], said(faccessat(folders[i], "unknown", F_OK, 0)));
    }
}

int main(void) {
    pid_t child = SPAWN(dup2(0, 7); for (;;) pause());
    nap_ms(30);
    int files[ARRAY_SIZE(FILES)], places[ARRAY_SIZE(LINKS)], folders[ARRAY_SIZE(FOLDERS)];
    int folder = OK(open(path_of(child, ""), O_RDONLY));
    for (size_t i = 0; i < ARRAY_SIZE(FILES); i++) files[i] = open(path_of(child, FILES[i]), O_RDONLY);
    for (size_t i = 0; i < ARRAY_SIZE(LINKS); i++)
        places[i] = open(path_of(child, LINKS[i]), O_PATH | O_NOFOLLOW);
    for (size_t i = 0; i < ARRAY_SIZE(FOLDERS); i++) folders[i] = open(path_of(child, FOLDERS[i]), O_RDONLY);
    siginfo_t info;
    kill(child, SIGKILL);
    waitid(P_PID, child, &info, WEXITED | WNOWAIT);
    SAY("--- a zombie");
    look(folder, files, places, folders);
    check_end(child, "SIGKILL");
    SAY("--- gone");
    look(folder, files, places, folders);
    FAILS(ESRCH, fchdir(folder));
    FAILS(ESRCH, faccessat(folder, ".", W_OK, 0));
    return done();
}
