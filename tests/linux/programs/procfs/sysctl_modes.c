// /proc/sys: which files root may write, which not (EACCES at open), and which others may read.
#include "check.h"

static const char* const FILES[] = {"kernel/cap_last_cap",
                                    "kernel/dmesg_restrict",
                                    "kernel/domainname",
                                    "kernel/hostname",
                                    "kernel/ngroups_max",
                                    "kernel/osrelease",
                                    "kernel/ostype",
                                    "kernel/pid_max",
                                    "kernel/version",
                                    "kernel/random/boot_id",
                                    "kernel/random/entropy_avail",
                                    "kernel/random/poolsize",
                                    "kernel/random/uuid",
                                    "vm/max_map_count",
                                    "vm/mmap_min_addr",
                                    "vm/overcommit_memory",
                                    "fs/file-max",
                                    "fs/nr_open",
                                    "fs/pipe-max-size",
                                    "fs/pipe-user-pages-hard",
                                    "fs/pipe-user-pages-soft",
                                    "fs/protected_fifos",
                                    "fs/protected_hardlinks",
                                    "fs/protected_regular",
                                    "fs/protected_symlinks",
                                    "fs/mount-max"};

static const char* try(const char* path, int flags) {
    int fd = open(path, flags);
    if (fd < 0) return error_name(errno);
    close(fd);
    return "ok";
}

static void show_all(void) {
    char path[96];
    for (size_t i = 0; i < ARRAY_SIZE(FILES); i++) {
        struct stat s = {0};
        snprintf(path, sizeof path, "/proc/sys/%s", FILES[i]);
        stat(path, &s);
        SAY("%s %o: read %s", FILES[i], s.st_mode, try(path, O_RDONLY));
        SAY("  write %s, both %s, truncated %s", try(path, O_WRONLY), try(path, O_RDWR),
            try(path, O_WRONLY | O_TRUNC));
        SAY("  access %s", access(path, W_OK) < 0 ? error_name(errno) : "ok");
    }
}

static const char* outcome(long value) {
    static char text[24];
    if (value < 0) return error_name(errno);
    snprintf(text, sizeof text, "%ld", value);
    return text;
}

static void try_values(const char* name, int count, const char* const* values) {
    char path[96], old[64];
    snprintf(path, sizeof path, "/proc/sys/%s", name);
    snprintf(old, sizeof old, "%s", content_of(path));
    int fd = OK(open(path, O_RDWR));
    for (int i = 0; i < count; i++) {
        const char* written = outcome(pwrite(fd, values[i], strlen(values[i]), 0));
        char now[64];
        now[pread(fd, now, 63, 0)] = 0;
        for (char* c = now; *c; c++) *c = *c == '\n' ? '|' : *c;
        SAY("%s: write of '%s' is %s, then '%s'", name, values[i], written, now);
    }
    pwrite(fd, old, strlen(old), 0);
    TRUE(strcmp(old, content_of(path)) == 0);
    close(fd);
}

#define TRY(name, ...) \
    try_values(name, sizeof((const char*[]){__VA_ARGS__}) / sizeof(char*), (const char*[]){__VA_ARGS__})

static void values(void) {
    TRY("kernel/dmesg_restrict", "0", "1", "2", "-1", "0x1", "  1 ", "1 2", "1x", "\t0\n\n", "", " ", "-",
        "+1");
    TRY("vm/max_map_count", "100", "-5", "2147483647", "2147483648", "99999999999999999999", "0100", "08",
        "000000000000000000001", "0000000000000000000001");
    TRY("vm/overcommit_memory", "1", "0", "3", "-0", "-");
    TRY("vm/mmap_min_addr", "4096", "-1", "65536");
    TRY("fs/file-max", "1000000", "9223372036854775807", "9223372036854775808", "-1");
    TRY("fs/nr_open", "63", "64", "2147483584", "2147483585", "1048576");
    TRY("fs/pipe-max-size", "0", "1", "4097", "2147483648", "2147483649", "-1", "1x", " 8192 ", "", "x");
    TRY("fs/protected_regular", "2", "3", "1");
    TRY("fs/protected_symlinks", "2", "0", "1");
    TRY("fs/mount-max", "0", "1000", "2147483648");
    TRY("kernel/pid_max", "300", "301", "32768", "0");
    TRY("kernel/hostname", "name\nmore", "a b", "\n");
    int fd = OK(open("/proc/sys/kernel/hostname", O_RDWR));
    write(fd, "one", 3), write(fd, "two\n", 4);
    SAY("in two pieces: %s", content_of("/proc/sys/kernel/hostname"));
    SAY("far behind: %s", outcome(pwrite(fd, "x", 1, 30)));
    SAY("still: %s", content_of("/proc/sys/kernel/hostname"));
    pwrite(fd, "(none)", 6, 0);
    fd = OK(open("/proc/sys/fs/mount-max", O_RDWR));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EPERM, write(fd, "5\n", 2)));
    FAILS(EPERM, chmod("/proc/sys/fs/mount-max", 0666));
    FAILS(EPERM, chown("/proc/sys/fs/mount-max", 0, 0));
    FAILS(EPERM, chmod("/proc/sys/fs", 0777));
    OK(utimensat(AT_FDCWD, "/proc/sys/fs/mount-max", NULL, 0));
    FAILS(EACCES, access("/proc/sys/fs", W_OK));
    OK(access("/proc/sys/fs", X_OK));
    FAILS(EACCES, access("/proc/sys/fs/mount-max", X_OK));
    // A member of root's group without anything else, and root without capabilities.
    CHILD("exit 0", setgroups(0, NULL); setresuid(1000, 1000, 1000);
          FAILS(EACCES, open("/proc/sys/fs/mount-max", O_WRONLY)));
    struct {
        uint32_t version;
        int pid;
    } header = {0x20080522, 0};
    struct {
        uint32_t effective, permitted, inheritable;
    } none[2] = {{0, 0, 0}, {0, 0, 0}};
    CHILD("exit 0", OK(syscall(SYS_capset, &header, none));
          int own = OK(open("/proc/sys/fs/mount-max", O_RDWR)); IS(7, write(own, "100000\n", 7));
          own = OK(open("/proc/sys/kernel/dmesg_restrict", O_RDWR)); FAILS(EPERM, write(own, "1\n", 2)));
}

// What the settings do.
static void effects(void) {
    int fd = OK(open("/proc/sys/fs/nr_open", O_RDWR));
    IS(2, pwrite(fd, "64", 2, 0));
    struct rlimit limit = {64, 65};
    FAILS(EPERM, setrlimit(RLIMIT_NOFILE, &limit));
    OK(pwrite(fd, "1048576", 7, 0));
    CHILD("exit 0", OK(setrlimit(RLIMIT_NOFILE, &limit)));
    fd = OK(open("/proc/sys/fs/pipe-max-size", O_RDWR));
    int ends[2];
    pipe(ends);
    OK(pwrite(fd, "131072", 6, 0));
    CHILD("exit 0", become_user(1000, 1000); IS(131072, fcntl(ends[0], F_SETPIPE_SZ, 131072));
          FAILS(EPERM, fcntl(ends[0], F_SETPIPE_SZ, 131073)));
    OK(pwrite(fd, "1048576", 7, 0));
    fd = OK(open("/proc/sys/vm/overcommit_memory", O_RDWR));
    IS(1, mmap(NULL, 1ul << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    OK(pwrite(fd, "1", 1, 0));
    void* huge = mmap(NULL, 1ul << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TRUE(huge != MAP_FAILED);
    munmap(huge, 1ul << 40);
    OK(pwrite(fd, "0", 1, 0));
    fd = OK(open("/proc/sys/vm/mmap_min_addr", O_RDWR));
    CHILD("exit 0", OK(pwrite(fd, "0", 1, 0)); become_user(1000, 1000);
          IS(0, (long)mmap((void*)PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) -
                    PAGE));
    OK(pwrite(fd, "65536", 5, 0));
    CHILD("exit 0", become_user(1000, 1000);
          FAILS(EPERM,
                (long)mmap((void*)PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
    fd = OK(open("/proc/sys/fs/file-max", O_RDWR));
    CHILD("exit 0", {
        for (int i = 0; i < 100; i++) open("/", O_RDONLY);  // LINUX counts in steps of 32
        OK(pwrite(fd, "50", 2, 0));
        OK(close(OK(open("/", O_RDONLY))));
        become_user(1000, 1000);
        FAILS(ENFILE, open("/", O_RDONLY));
        FAILS(ENFILE, open("/nothing", O_RDONLY));
        FAILS(ENFILE, pipe(ends));
        FAILS(ENFILE, eventfd(0, 0));
    });
    OK(pwrite(fd, "1000000", 7, 0));
    // Folders for everybody.
    umask(0), mkdir("t", 01777), mkdir("g", 01770), chown("g", 0, 1000);
    make_file("t/of_user", "x", 0666), chown("t/of_user", 1001, 1001), make_file("g/of_user", "x", 0666),
        chown("g/of_user", 1001, 1001);
    mkfifo("t/fifo", 0666), chown("t/fifo", 1001, 1001);
    symlink("of_user", "t/link"), lchown("t/link", 1001, 1001);
    make_file("t/unreadable", "x", 0600);
    const char* const SETTINGS[] = {"regular", "fifos", "symlinks", "hardlinks"};
    char path[64], digit;
    for (size_t i = 0; i < ARRAY_SIZE(SETTINGS); i++)
        for (int level = 0; level < (i < 2 ? 3 : 2); level++) {
            snprintf(path, sizeof path, "/proc/sys/fs/protected_%s", SETTINGS[i]);
            const char old = content_of(path)[0];
            fd = open(path, O_WRONLY);
            digit = (char)('0' + level);
            IS(1, write(fd, &digit, 1));
            CHILD("exit 0", {
                become_user(1000, 1000);
                SAY("%s %d", SETTINGS[i], level);
                SAY("  file %s", outcome(open("t/of_user", O_CREAT | O_RDWR, 0600) < 0 ? -1 : 0));
                SAY("  without O_CREAT %s", outcome(open("t/of_user", O_RDWR) < 0 ? -1 : 0));
                SAY("  in the group's folder %s",
                    outcome(open("g/of_user", O_CREAT | O_RDWR, 0600) < 0 ? -1 : 0));
                SAY("  fifo %s", outcome(open("t/fifo", O_CREAT | O_RDWR, 0600) < 0 ? -1 : 0));
                SAY("  link %s", outcome(open("t/link", O_RDONLY) < 0 ? -1 : 0));
                SAY("  hard link %s", outcome(link("t/unreadable", "t/new")));
            });
            unlink("t/new");
            pwrite(fd, &old, 1, 0);
            close(fd);
        }
}

int main(void) {
    show_all();
    CHILD("exit 0", become_user(1000, 1000); show_all());
    values();
    effects();
    return done();
}
