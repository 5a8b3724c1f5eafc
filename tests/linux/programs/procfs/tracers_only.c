// What only those may see of a process who may trace it: the same ids do not suffice where its capabilities are more.
#include "check.h"

enum { CAP_CHOWN = 0, CAP_KILL = 5, CAP_SYS_PTRACE = 19 };

static void set_capabilities(uint32_t effective, uint32_t permitted) {
    struct {
        uint32_t version;
        int pid;
    } header = {0x20080522, 0};
    struct {
        uint32_t effective, permitted, inheritable;
    } sets[2] = {{effective, permitted, 0}, {0, 0, 0}};
    if (syscall(SYS_capset, &header, sets) != 0) check_failed("capset", -1, errno, "success");
}

static void become_user_with(uint32_t effective, uint32_t permitted) {
    prctl(PR_SET_KEEPCAPS, 1);
    become_user(1000, 1000);
    set_capabilities(effective, permitted);
}

static const char* const FILES[] = {"environ", "maps", "fdinfo/0"};
static const char* const LINKS[] = {"cwd", "exe", "root", "fd/0"};
static const char* const OPEN_TO_ALL[] = {"cmdline", "comm", "stat", "statm", "status", "limits"};

static const char* path_of(pid_t pid, const char* name) {
    static char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return path;
}

static void look_at(pid_t pid) {
    char text[256];
    struct stat s;
    int fd;
    for (size_t i = 0; i < ARRAY_SIZE(FILES); i++) {
        fd = open(path_of(pid, FILES[i]), O_RDONLY);
        SAY("open %s: %s", FILES[i], fd < 0 ? error_name(errno) : "ok");
        close(fd);
    }
    for (size_t i = 0; i < ARRAY_SIZE(LINKS); i++) {
        SAY("readlink %s: %s", LINKS[i],
            readlink(path_of(pid, LINKS[i]), text, sizeof text) < 0 ? error_name(errno) : "ok");
        SAY("stat %s: %s", LINKS[i], stat(path_of(pid, LINKS[i]), &s) < 0 ? error_name(errno) : "ok");
    }
    for (size_t i = 0; i < ARRAY_SIZE(OPEN_TO_ALL); i++) {
        fd = open(path_of(pid, OPEN_TO_ALL[i]), O_RDONLY);
        SAY("open %s: %s", OPEN_TO_ALL[i], fd < 0 ? error_name(errno) : "ok");
        close(fd);
    }
    SAY("lstat fd/0: %s", lstat(path_of(pid, "fd/0"), &s) < 0 ? error_name(errno) : "ok");
    SAY("stat fd: %s", stat(path_of(pid, "fd"), &s) < 0 ? error_name(errno) : "ok");
    SAY("stat fdinfo: %s", stat(path_of(pid, "fdinfo"), &s) < 0 ? error_name(errno) : "ok");
    SAY("stat fdinfo/0: %s", stat(path_of(pid, "fdinfo/0"), &s) < 0 ? error_name(errno) : "ok");
    SAY("access fdinfo: %s", access(path_of(pid, "fdinfo"), R_OK) < 0 ? error_name(errno) : "ok");
    const char* const FOLDERS[] = {"fd", "fdinfo"};
    for (size_t i = 0; i < ARRAY_SIZE(FOLDERS); i++) {
        DIR* folder = opendir(path_of(pid, FOLDERS[i]));
        int count = 0;
        while (folder && readdir(folder)) count++;
        SAY("list %s: %s", FOLDERS[i], !folder ? error_name(errno) : count > 2 ? "names" : "nothing there");
    }
    // Whether the addresses in stat are shown: the start of the stack is the 28th field.
    const char* line = strrchr(content_of(path_of(pid, "stat")), ')');
    for (int field = 2; line && field < 28; field++) line = strchr(line + 1, ' ');
    SAY("stack in stat: %s", line && strtoul(line, NULL, 10) ? "shown" : "hidden");
}

static int ready[2];

static void wait_with(uint32_t permitted) {
    become_user_with(permitted, permitted);
    prctl(PR_SET_DUMPABLE, 1);
    write(ready[1], "x", 1);
    for (;;) pause();
}

static void try(const char* what, uint32_t permitted_of_target, uint32_t effective, uint32_t permitted) {
    char byte;
    SAY("--- %s", what);
    pid_t target = SPAWN(wait_with(permitted_of_target));
    read(ready[0], &byte, 1);
    CHILD("exit 0", become_user_with(effective, permitted); look_at(target));
    kill(target, SIGKILL);
    check_end(target, "SIGKILL");
}

int main(void) {
    const uint32_t CHOWN = 1 << CAP_CHOWN, PTRACE = 1 << CAP_SYS_PTRACE, KILL = 1 << CAP_KILL;
    pipe(ready);
    try("none and none", 0, 0, 0);
    try("one and none", CHOWN, 0, 0);
    try("one and the same", CHOWN, CHOWN, CHOWN);
    try("one and the same, not in effect", CHOWN, 0, CHOWN);
    try("one and more", CHOWN, CHOWN | KILL, CHOWN | KILL);
    try("one and another", CHOWN, KILL, KILL);
    try("one and CAP_SYS_PTRACE", CHOWN, PTRACE, PTRACE);
    return done();
}
