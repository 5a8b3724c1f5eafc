// What a program gives to rt_sigqueueinfo arrives byte by byte, whatever its code says it means; how much of it is looked at.
#include "check.h"

#include <sys/signalfd.h>

/// As the kernel sees it: the part that it keeps, and the rest.
struct record {
    int signo, error, code;
    unsigned words[29];
};
static struct record seen;

static void handler(int number, siginfo_t* info, void* context) {
    (void)number, (void)context;
    memcpy(&seen, info, sizeof seen);
}
static void show(const char* how) {
    SAY("%s: %d %d %d, %x %x %x %x %x %x %x %x %x, %x", how, seen.signo, seen.error, seen.code, seen.words[0],
        seen.words[1], seen.words[2], seen.words[3], seen.words[4], seen.words[5], seen.words[6],
        seen.words[7], seen.words[8], seen.words[9]);
}
static long queue(int number, const struct record* record) {
    return syscall(SYS_rt_sigqueueinfo, getpid(), number, record);
}

int main(void) {
    const int numbers[] = {SIGUSR1, SIGCHLD, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP, SIGIO, SIGSYS, 40};
    const int codes[] = {-100, -61, -60, -59, -8, -7, -6, -3, -2, -1,   0,
                         1,    3,   5,   6,   7,  9,  10, 15, 16, 0x80, 0x81};
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) OK(sigaction(numbers[i], &action, NULL));
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        for (size_t c = 0; c < ARRAY_SIZE(codes); c++) {
            struct record record = {-5, 8, codes[c], {0}};
            for (unsigned w = 0; w < 9; w++) record.words[w] = 0x1000 + w;
            memset(&seen, 0, sizeof seen);
            IS(0, queue(numbers[i], &record));
            show("kept");
            // What nobody can say the meaning of must not be longer than what is kept.
            record.words[28] = 1;
            memset(&seen, 0, sizeof seen);
            SAY("%d %d longer: %s", numbers[i], codes[c],
                queue(numbers[i], &record) == 0 ? "sent" : error_name(errno));
            if (seen.signo != 0) show("kept of it");
        }

    // The end of a page lies behind what is kept.
    char* page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    OK(munmap(page + 4096, 4096));
    struct record* short_one = (struct record*)(page + 4096 - 48);
    memcpy(short_one, &(struct record){.code = -1, .words = {1, 2}}, 48);
    OK(queue(SIGUSR1, short_one));
    short_one->code = 7;
    FAILS(EFAULT, queue(SIGUSR1, short_one));
    FAILS(EFAULT, queue(SIGUSR1, (struct record*)((char*)short_one + 1)));
    short_one->code = -1;
    OK(syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGUSR1, short_one));
    FAILS(EINVAL, syscall(SYS_rt_tgsigqueueinfo, -1, gettid(), SIGUSR1, short_one));
    short_one->code = 7;
    FAILS(EFAULT, syscall(SYS_rt_tgsigqueueinfo, -1, gettid(), SIGUSR1, short_one));

    // The same bytes by way of a wait and of a descriptor.
    sigset_t set;
    sigemptyset(&set), sigaddset(&set, 40), sigaddset(&set, SIGCHLD);
    OK(sigprocmask(SIG_BLOCK, &set, NULL));
    struct record record = {0, 8, 9, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
    OK(queue(40, &record));
    IS(40, sigtimedwait(&set, (siginfo_t*)&seen, &(struct timespec){1, 0}));
    show("waited for");
    OK(queue(40, &record));
    record.code = 3;
    OK(queue(SIGCHLD, &record));
    int fd = signalfd(-1, &set, 0);
    struct signalfd_siginfo info;
    for (int i = 0; i < 2; i++) {
        IS((long)sizeof info, read(fd, &info, sizeof info));
        SAY("%d %d %d: %d %d %d %d %lx %lx %lx %d", info.ssi_signo, info.ssi_errno, info.ssi_code,
            info.ssi_pid, info.ssi_uid, info.ssi_status, info.ssi_int, (long)info.ssi_utime,
            (long)info.ssi_stime, (long)info.ssi_ptr, info.ssi_tid);
    }
    // By way of a pidfd the siginfo itself names the signal.
    int pidfd = syscall(SYS_pidfd_open, getpid(), 0);
    record = (struct record){40, 8, 7, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
    OK(syscall(SYS_pidfd_send_signal, pidfd, 40, &record, 0));
    record.words[28] = 1;
    FAILS(E2BIG, syscall(SYS_pidfd_send_signal, pidfd, 40, &record, 0));
    record.code = 6;
    OK(syscall(SYS_pidfd_send_signal, pidfd, 40, &record, 0));
    FAILS(EINVAL, syscall(SYS_pidfd_send_signal, pidfd, 41, &record, 0));
    return done();
}
