// /proc/PID/timers, which a task's own directory does not have.
#include "timers.h"

int main(void) {
    char path[64];
    SAY("%s.", content_of("/proc/self/timers"));
    int id;
    OK(timer_make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0x1234567890, &id));
    OK(timer_make(CLOCK_REALTIME, SIGEV_NONE, 0, 0, &id));
    OK(timer_make(CLOCK_BOOTTIME, SIGEV_THREAD, 40, 5, &id));
    OK(timer_make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL | SIGEV_THREAD_ID, SIGUSR2, 0, &id));
    OK(timer_make(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR2, 0, &id));
    OK(syscall(SYS_timer_create, CLOCK_TAI, NULL, &id));
    OK(timer_end(2));
    const char* text = content_of("/proc/self/timers");
    snprintf(path, sizeof path, ".%d\n", getpid());
    for (const char* at = text; *at != 0;) {
        if (strncmp(at, path, strlen(path)) == 0) {
            printf(".PID\n");
            at += strlen(path);
        } else {
            putchar(*at++);
        }
    }
    struct stat status;
    OK(stat("/proc/self/timers", &status));
    SAY("%o %d", status.st_mode, (int)status.st_size);
    snprintf(path, sizeof path, "/proc/self/task/%d/timers", getpid());
    FAILS(ENOENT, stat(path, &status));
    int fds[2];
    pipe(fds);
    pid_t child = fork();
    if (child == 0) {
        close(fds[1]);
        read(fds[0], path, 1);
        _exit(0);
    }
    snprintf(path, sizeof path, "/proc/%d/timers", child);
    int fd = open(path, O_RDONLY);
    close(fds[0]), close(fds[1]);
    nap_ms(50);
    SAY("a zombie's: %s.", content_of(path));
    waitpid(child, NULL, 0);
    FAILS(ESRCH, read(fd, path, sizeof path));
    return done();
}
