// Threads in /proc: listed below their process, opened by their number, each with a name, a nice value and an identity of its own.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
static char stack[65536] __attribute__((aligned(16)));
static volatile int tid;

static int body(void* unused) {
    (void)unused;
    prctl(PR_SET_NAME, "second");
    setpriority(PRIO_PROCESS, 0, 7);
    syscall(SYS_setresuid, 1000, 1000, 1000);
    tid = (int)syscall(SYS_gettid);
    for (;;) syscall(SYS_pause);
}

static int count_names(const char* path, const char* wanted) {
    DIR* dir = opendir(path);
    int count = 0;
    for (struct dirent* entry; dir && (entry = readdir(dir));)
        count += isdigit((unsigned char)entry->d_name[0]) && (!wanted || strcmp(entry->d_name, wanted) == 0);
    if (dir) closedir(dir);
    return count;
}

static void show(const char* path, const char* field) {
    const char* found = strstr(content_of(path), field);
    printf("%.*s\n", found ? (int)strcspn(found, "\n") : 0, found ? found : "");
}

int main(void) {
    OK(clone(body, stack + sizeof stack, THREAD, NULL));
    while (!tid) sched_yield();
    char name[16], path[64];
    snprintf(name, sizeof name, "%d", tid);
    IS(2, count_names("/proc/self/task", NULL));
    IS(1, count_names("/proc/self/task", name));
    IS(0, count_names("/proc", name));
    snprintf(path, sizeof path, "/proc/%d/status", tid);
    show(path, "Name:");
    show(path, "Threads:");
    show(path, "Uid:");
    int tgid = 0, id = 0;
    sscanf(strstr(content_of(path), "Tgid:"), "Tgid: %d", &tgid);
    sscanf(strstr(content_of(path), "\nPid:"), "\nPid: %d", &id);
    TRUE(tgid == getpid() && id == tid);
    show("/proc/self/status", "Threads:");
    show("/proc/self/status", "Uid:");
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid);
    printf("%s", content_of(path));
    IS(7, getpriority(PRIO_PROCESS, (id_t)tid));
    IS(0, getpriority(PRIO_PROCESS, 0));
    snprintf(path, sizeof path, "/proc/self/task/%d", getpid() + 30000);
    FAILS(ENOENT, access(path, F_OK));
    struct stat state;
    OK(stat("/proc/self/task", &state));
    IS(4, (long)state.st_nlink);
    return done();
}
