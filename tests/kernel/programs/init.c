// Process 1 of the test machine: runs the tests that `kernel_test=` on the kernel's command line names, each in rounds.
// The first rounds fill the kernel's caches (stacks kept in reserve, slabs); after each later one everything must be as
// it was.
#define _GNU_SOURCE
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP_ROUNDS = 3, ROUNDS = 10, REPEATS = 16, ATTEMPTS = 4 };

static const struct test* const FAMILIES[] = {privileged_tests, entry_tests,     memory_tests, process_tests,
                                              file_tests,       long_call_tests, thread_tests, failure_tests,
                                              storm_tests,      register_tests};
#define FAMILY_COUNT (sizeof(FAMILIES) / sizeof(FAMILIES[0]))

static void print_line(const char* line) {
    if (write(1, line, strlen(line)) < 0) _exit(99);
}

static void print(const char* format, ...) __attribute__((format(printf, 1, 2)));
static void print(const char* format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    print_line(line);
}

_Noreturn void fail(const char* format, ...) {
    char text[300];
    const int error = errno;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    print("@fail %s (errno %d)\n", text, error);
    _exit(98);
}

static int is_warming_up;

int count_of(const char* name, int normally) {
    const char* value = getenv(name);
    const int count = value != NULL ? atoi(value) : normally;
    return is_warming_up ? (count + 9) / 10 : count;
}

int status_of(int pid) {
    int status = 0;
    if (waitpid(pid, &status, 0) != pid) fail("waitpid %d", pid);
    return status;
}

// R, S, D, T or Z of /proc/PID/task/TID/stat; 0 if there is no such thread.
static char state_of(int pid, int thread) {
    char text[256];
    snprintf(text, sizeof(text), "/proc/%d/task/%d/stat", pid, thread);
    const int file = open(text, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    const ssize_t size = read(file, text, sizeof(text) - 1);
    close(file);
    text[size > 0 ? size : 0] = '\0';
    const char* end = strrchr(text, ')');
    return end != NULL ? end[2] : 0;
}

void wait_until_asleep(int pid) {
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    // A thread may also sleep on its way to where it stays: twice in a row is enough.
    for (int in_a_row = 0; in_a_row < 2;) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        DIR* threads = opendir(path);
        if (threads == NULL) fail("opendir %s", path);
        int are_asleep = 1;
        const struct dirent* thread;
        while ((thread = readdir(threads)) != NULL) {
            const int tid = atoi(thread->d_name);  // 0 for . and ..
            if (tid != 0 && tid != gettid() && state_of(pid, tid) != 'S') are_asleep = 0;
        }
        closedir(threads);
        in_a_row = are_asleep ? in_a_row + 1 : 0;
    }
}

int slowness(void) {
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    return cpus > 1 ? 20 * (int)cpus : 1;
}

int start_sleeper(void) {
    const int pid = fork();
    if (pid != 0) return pid;
    while (1) pause();
}

void handle(int signal, void (*handler)(int, siginfo_t*, void*), int flags) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    CHECK(sigaction(signal, &action, NULL) == 0);
}

// Children and whoever they left behind.
static int run_child(const struct test* test) {
    const int child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
        setpgid(0, 0);
        test->run();
        _exit(0);
    }
    int status = -1;
    int one;
    int pid;
    while ((pid = waitpid(-1, &one, 0)) > 0) {
        if (pid == child) {
            status = one;
            kill(-child, SIGKILL);
        }
    }
    return status;
}

static int run_round(const struct test* test) {
    for (int i = 0; i < (test->repeats ? test->repeats : REPEATS); ++i) {
        const int status = run_child(test);
        if (status == test->ending) continue;
        if (status != EXITS(98))
            print("@fail %s ended with status %#x, not %#x\n", test->name, status, test->ending);
        return 0;
    }
    // The last one's kernel stack is freed by whoever runs next.
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    return 1;
}

static void run_test(const struct test* test) {
    print("@begin %s\n", test->name);
    if (test->rounds == CROWDED) {
        (void)run_round(test);
        goto end;
    }
    struct resources before = read_resources();  // the first look at /proc fills a cache, too
    is_warming_up = 1;
    for (int round = 0; round < WARM_UP_ROUNDS; ++round)
        if (!run_round(test)) goto end;
    is_warming_up = 0;
    const int rounds = test->rounds ? test->rounds : ROUNDS;
    // The heap keeps some free objects at hand, which can hold a page or not: it may be off by that sometimes. What leaks
    // is missing after each attempt. With several CPUs each of them keeps some.
    const int attempts = ATTEMPTS * (int)sysconf(_SC_NPROCESSORS_ONLN);
    for (int attempt = 0; attempt < attempts; ++attempt) {
        before = read_resources();
        for (int round = 0; round < rounds; ++round)
            if (!run_round(test)) goto end;
        const struct resources after = read_resources();
        if (*difference(&before, &after) == '\0') goto end;
        if (only_free_memory_differs(&before, &after)) {
            if (after.free_kib > before.free_kib) goto end;
            if (attempt + 1 < attempts) continue;
        }
        print("@fail %s: after %d rounds%s\n", test->name, rounds, difference(&before, &after));
        goto end;
    }
end:
    is_warming_up = 0;
    print("@end %s\n", test->name);
}

static int is_named(const char* names, const char* name) {
    const size_t length = strlen(name);
    for (const char* at = names; (at = strstr(at, name)) != NULL; at += length)
        if ((at == names || at[-1] == ',') && (at[length] == ',' || at[length] == '\0')) return 1;
    return 0;
}

// /init started by a test: a new program's extended registers are fresh (XMM5 is one that the C library leaves alone
// until here, and the test has filled).
static int check_fresh_registers(void) {
    uint64_t words[2];
    asm volatile("movdqu %%xmm5, %0" : "=m"(words));
    return words[0] != 0 || words[1] != 0;
}

int main(int count, char** arguments) {
    if (count > 1 && strcmp(arguments[1], "fpu") == 0) return check_fresh_registers();
    if (count > 1 && strcmp(arguments[1], "storm") == 0) return executed_by_storm();
    if (getpid() != 1) return 2;
    mkdir("/proc", 0755);
    mkdir("/tmp", 01777);
    if (mount("proc", "/proc", "proc", 0, NULL) != 0) fail("mount /proc");
    const char* names = getenv("kernel_test");
    const int lists = names == NULL || strcmp(names, "list") == 0;
    for (size_t family = 0; family < FAMILY_COUNT; ++family) {
        for (const struct test* test = FAMILIES[family]; test->name != NULL; ++test) {
            if (lists) print("@test %s programs\n", test->name);
            if (!lists && is_named(names, test->name)) run_test(test);
        }
    }
    print_line("@done\n");
    reboot(RB_POWER_OFF);
    return 1;
}
