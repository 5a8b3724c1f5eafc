// Sets the stage, runs every operation (or those that are asked for) on all CPUs, and ends the machine.
#define _GNU_SOURCE
#include "smp.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_ROUNDS = 5, WARM_UP = 4, FUTEX_WAIT = 0, FUTEX_WAKE = 1 };

// Where the workers of an operation meet; all processes share it. Each word is in a line of its own.
struct Meeting {
    int arrived;  // how often a worker came to an end: of its preparation, of a round
    char gap[124];
    int begun;  // rounds that may run
};

static struct Meeting* meeting;
static const char* current = "start";
static int rounds = DEFAULT_ROUNDS;
static int times = 1;  // how often a worker does its operations in a round
static int cpus;

_Noreturn void fail(const char* what) {
    printf("@@FAIL %s %s (%s)\n", current, what, strerror(errno));
    fflush(stdout);
    end_machine();
}

int cpu_count(void) { return cpus; }

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void set_stage(void) {
    mkdir("/proc", 0755);
    REQUIRE(mount("proc", "/proc", "proc", 0, NULL) == 0);
    mkdir("/desk", 0755);
    REQUIRE(mount("tmpfs", "/desk", "tmpfs", 0, NULL) == 0);
    REQUIRE(chdir("/desk") == 0);
    meeting = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(meeting != MAP_FAILED);
    cpu_set_t set;
    CPU_ZERO(&set);
    REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
    cpus = CPU_COUNT(&set);
    REQUIRE(cpus <= MAX_WORKERS);
    printf("@@CPUS %d\n", cpus);
}

static void stay_on(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    REQUIRE(sched_setaffinity(0, sizeof set, &set) == 0);
}
static void stay_anywhere(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int cpu = 0; cpu < cpus; ++cpu) CPU_SET(cpu, &set);
    REQUIRE(sched_setaffinity(0, sizeof set, &set) == 0);
}

// ---- Workers that meet. One that has a CPU of its own waits in spin_until, which `exo bench smp` knows by its name and does not
// count. Workers that share a CPU sleep.

__attribute__((noinline, noclone)) void spin_until(const int* word, int least) {
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) < least) __builtin_ia32_pause();
}

static void wait_until(int* word, int least, int share_cpus) {
    if (!share_cpus) {
        spin_until(word, least);
        return;
    }
    for (int now; (now = __atomic_load_n(word, __ATOMIC_ACQUIRE)) < least;)
        CALL6(SYS_futex, word, FUTEX_WAIT, now, 0, 0, 0);
}

static void count_up(int* word, int share_cpus) {
    __atomic_fetch_add(word, 1, __ATOMIC_ACQ_REL);
    if (share_cpus) CALL6(SYS_futex, word, FUTEX_WAKE, INT_MAX, 0, 0, 0);
}

struct Work {
    const struct Operation* operation;
    int worker, share_cpus;
};

static void begin(const struct Work* work) {
    const struct Operation* operation = work->operation;
    if (operation->kind != WHOLE) stay_on(work->worker % cpus);
    if (operation->prepare) operation->prepare(work->worker);
    operation->prove(work->worker);
    operation->run(work->worker, operation->count / WARM_UP + 1);
}

static void* follow(void* data) {
    const struct Work* work = data;
    begin(work);
    count_up(&meeting->arrived, work->share_cpus);
    for (int round = 0; round < rounds; ++round) {
        wait_until(&meeting->begun, round + 1, work->share_cpus);
        work->operation->run(work->worker, times * work->operation->count);
        count_up(&meeting->arrived, work->share_cpus);
    }
    if (work->operation->clean_up) work->operation->clean_up(work->worker);
    return NULL;
}

/// What worker 0 does. The regions begin when all others wait, and end when all have arrived.
static void lead(const struct Work* work, int workers) {
    const struct Operation* operation = work->operation;
    const long operations = times * operation->count * (operation->kind == PAIRS ? workers / 2 : workers);
    uint64_t took[64];
    begin(work);
    for (int round = 0; round < rounds; ++round) {
        wait_until(&meeting->arrived, (workers - 1) * (round + 1), work->share_cpus);
        const uint64_t start = nanoseconds();
        open_region();
        count_up(&meeting->begun, work->share_cpus);
        operation->run(0, times * operation->count);
        wait_until(&meeting->arrived, (workers - 1) * (round + 2), work->share_cpus);
        close_region();
        took[round] = nanoseconds() - start;
    }
    // After the last one: on Linux too, the console's own work is not between two rounds.
    for (int round = 0; round < rounds; ++round)
        printf("@@OP %s %d %ld %llu\n", operation->name, round, operations, (unsigned long long)took[round]);
    if (operation->clean_up) operation->clean_up(0);
}

static int workers_of(const struct Operation* operation) {
    if (operation->kind == WHOLE) return 1;
    return operation->kind == PAIRS ? (cpus < 2 ? 2 : cpus / 2 * 2) : cpus;
}

static void measure(const struct Operation* operation) {
    const int workers = workers_of(operation);
    struct Work works[MAX_WORKERS];
    pid_t children[MAX_WORKERS];
    pthread_t threads[MAX_WORKERS];
    current = operation->name;
    *meeting = (struct Meeting){0};
    if (operation->set_up) operation->set_up(workers);
    fflush(stdout);
    for (int worker = 0; worker < workers; ++worker)
        works[worker] = (struct Work){operation, worker, workers > cpus};
    for (int worker = 1; worker < workers; ++worker) {
        if (operation->kind == THREADS) {
            REQUIRE(pthread_create(&threads[worker], NULL, follow, &works[worker]) == 0);
            continue;
        }
        REQUIRE((children[worker] = fork()) >= 0);
        if (children[worker] == 0) {
            follow(&works[worker]);
            _exit(0);
        }
    }
    lead(&works[0], workers);
    for (int worker = 1; worker < workers; ++worker) {
        int status = -1;
        if (operation->kind == THREADS)
            REQUIRE(pthread_join(threads[worker], NULL) == 0);
        else
            REQUIRE(waitpid(children[worker], &status, 0) == children[worker] && status == 0);
    }
    stay_anywhere();
    if (operation->tear_down) operation->tear_down(workers);
    fflush(stdout);
}

static const struct Operation* const families[] = {own_operations, shared_operations, pair_operations,
                                                   group_operations, graph_operations};

static void for_each_operation(void (*act)(const struct Operation* operation)) {
    for (size_t family = 0; family < sizeof families / sizeof *families; ++family)
        for (const struct Operation* operation = families[family]; operation->name; ++operation)
            act(operation);
}

static void print_name(const struct Operation* operation) { puts(operation->name); }

static void measure_if_wanted(const struct Operation* operation) {
    if (is_wanted(operation->name)) measure(operation);
}

int main(int argc, char** argv) {
    if (argc > 1 && strcmp(argv[1], "--exit") == 0) _exit(0);  // what the exec operations execute
    if (argc > 3 && strcmp(argv[1], "--job") == 0) return do_job(argv[2], atoi(argv[3]));
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {  // what `exo bench smp` asks on the host
        for_each_operation(print_name);
        return 0;
    }
    const char* text = getenv("rounds");
    if (text) rounds = atoi(text);
    if (rounds < 1 || rounds > 64) fail("rounds= is 1 to 64");
    if ((text = getenv("times")) != NULL) times = atoi(text);
    if (times < 1 || times > 1000) fail("times= is 1 to 1000");
    set_stage();
    for_each_operation(measure_if_wanted);
    printf("@@DONE\n");
    fflush(stdout);
    end_machine();
}
