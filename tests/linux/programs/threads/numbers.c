// A thread's number where a process's is expected, whose children a thread may wait for, and words that cannot be written.
#include "check.h"

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_PRIVATE_FLAG = 128 };
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
static char stacks[4][32768] __attribute__((aligned(16)));
static volatile int goes_on, has_gone;
static volatile int caught_in_thread, word;

static void note(int number) {
    (void)number;
    caught_in_thread = syscall(SYS_gettid) != getpid();
}

static int wait_until_told(void* unused) {
    (void)unused;
    while (!goes_on) sched_yield();
    has_gone = 1;
    syscall(SYS_exit, 0);
    return 0;
}

static void numbers(pid_t tid) {
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
    struct rlimit limit;
    TRUE(getpgid(tid) == getpgid(0));
    TRUE(getsid(tid) == getsid(0));
    FAILS(EINVAL, setpgid(tid, 0));
    FAILS(EINVAL, setpgid(tid, 99999));
    OK(syscall(SYS_prlimit64, tid, RLIMIT_NOFILE, NULL, &limit));
    OK(kill(tid, 0));
    FAILS(EINVAL, kill(tid, 65));
    signal(SIGUSR1, note);
    // The thread that is named is asked first.
    OK(kill(tid, SIGUSR1));
    nap_ms(20);
    IS(1, caught_in_thread);
    OK(kill(getpid(), SIGUSR1));
    IS(0, caught_in_thread);
    OK(syscall(SYS_rt_sigqueueinfo, tid, SIGUSR1, &info));
    nap_ms(20);
    IS(1, caught_in_thread);
    FAILS(ESRCH, syscall(SYS_tgkill, tid, tid, SIGUSR1));
}

static void show_stat(const char* what, const char* path) {
    char text[1024] = "";
    const int fd = open(path, O_RDONLY);
    const ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    if (size <= 0) return;
    char* at = strrchr(text, ')') + 2;
    long fields[60] = {0};
    const char state = *at;
    for (int i = 4; i < 60 && (at = strchr(at, ' ')) != NULL; i++) fields[i] = strtol(++at, NULL, 10);
    SAY("%s: state %c threads %ld exit signal %ld", what, state == 'R' ? 'S' : state, fields[20], fields[38]);
}

static int look_at_both(void* unused) {
    (void)unused;
    char path[64];
    nap_ms(20);  // the leader has ended
    sprintf(path, "/proc/%d/stat", getpid());
    show_stat("leader that has ended", path);
    show_stat("thread", "/proc/thread-self/stat");
    FAILS(EINVAL, unshare(CLONE_SIGHAND));
    FAILS(EINVAL, unshare(CLONE_THREAD));
    return 0;
}

static pid_t made;
static int make_child(void* unused) {
    (void)unused;
    made = fork();
    if (made == 0) {
        pause();
        _exit(0);
    }
    wait_until_told(NULL);
    return 0;
}

static void whose_children(void) {
    int status;
    goes_on = 0;
    made = 0;
    OK(clone(make_child, stacks[1] + sizeof stacks[1], THREAD, NULL));
    while (made == 0) sched_yield();
    FAILS(ECHILD, wait4(-1, &status, WNOHANG | __WNOTHREAD, NULL));
    FAILS(ECHILD, wait4(made, &status, WNOHANG | __WNOTHREAD, NULL));
    IS(0, wait4(made, &status, WNOHANG, NULL));
    goes_on = 1;
    nap_ms(20);
    // The thread has ended, and the oldest has its children.
    IS(0, wait4(-1, &status, WNOHANG | __WNOTHREAD, NULL));
    kill(made, SIGKILL);
    TRUE(wait4(made, &status, __WNOTHREAD, NULL) == made);
}

static void words_that_are_none(void) {
    pid_t child = clone(wait_until_told, stacks[2] + sizeof stacks[2],
                        CLONE_VM | CLONE_PARENT_SETTID | SIGCHLD, NULL, (void*)8);
    TRUE(child > 0);
    check_end(child, "exit 0");
    child = clone(wait_until_told, stacks[2] + sizeof stacks[2],
                  CLONE_VM | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, NULL, NULL, NULL,
                  KERNEL_ADDRESS);
    TRUE(child > 0);
    check_end(child, "exit 0");
}

static int wait_for_all(void* flags) {
    const struct timespec limit = {5, 0};
    has_gone = syscall(SYS_futex, &word, FUTEX_WAIT | (int)(long)flags, 0, &limit, NULL, 0) == 0 ? 1 : -1;
    syscall(SYS_exit, 0);
    return 0;
}

/// Who waits privately and who wakes for all do not meet, nor the other way round.
static void private_and_shared(void) {
    for (int flags = 0; flags <= FUTEX_PRIVATE_FLAG; flags += FUTEX_PRIVATE_FLAG) {
        has_gone = 0;
        OK(clone(wait_for_all, stacks[3] + sizeof stacks[3], THREAD, (void*)(long)flags));
        nap_ms(20);
        IS(0, syscall(SYS_futex, &word, FUTEX_WAKE | (flags ^ FUTEX_PRIVATE_FLAG), 1, NULL, NULL, 0));
        IS(1, syscall(SYS_futex, &word, FUTEX_WAKE | flags, 1, NULL, NULL, 0));
        nap_ms(20);
        IS(1, has_gone);
    }
}

int main(void) {
    const int tid = clone(wait_until_told, stacks[0] + sizeof stacks[0], THREAD, NULL);
    numbers(tid);
    goes_on = 1;
    while (!has_gone) sched_yield();
    nap_ms(20);
    FAILS(ESRCH, kill(tid, 0));
    whose_children();
    words_that_are_none();
    private_and_shared();
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        clone(look_at_both, stacks[0] + sizeof stacks[0], THREAD, NULL);
        syscall(SYS_exit, 0);
    }
    check_end(child, "exit 0");
    return done();
}
