// Processes: too many, spinning, killed at a bad moment; and what they must not see of each other.
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void sleep_ms(long milliseconds) {
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

// Every process forks until the user may not have more.
static void fork_without_end(void) {
    CHECK(setrlimit(RLIMIT_NPROC, &(struct rlimit){48, 48}) == 0 && setuid(1000) == 0);
    while (fork() >= 0) continue;
    if (errno != EAGAIN) fail("fork");
    while (1) pause();  // init kills the group when its leader is gone
}
static void fork_bomb(void) {
    const int bomb = fork();
    if (bomb == 0) fork_without_end();
    sleep_ms(20);
    CHECK(kill(-getpgrp(), SIGTERM) == 0);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Who sleeps wakes in time, and the bomb ends when it is killed.
static void sleeper_beside_a_fork_bomb(void) {
    const int bomb = fork();
    if (bomb == 0) {
        CHECK(setrlimit(RLIMIT_NPROC, &(struct rlimit){300, 300}) == 0 && setsid() > 0 && setuid(1000) == 0);
        while (1) fork();
    }
    for (int i = 0; i < 2; ++i) {
        const double before = seconds();
        sleep_ms(150);
        const double slept = seconds() - before;
        if (slept > 0.35 * slowness()) fail("150 ms lasted %d ms", (int)(slept * 1000));
    }
    const double start = seconds();
    CHECK(kill(-bomb, SIGKILL) == 0 && status_of(bomb) == SIGKILL);
    // The others are init's to reap.
    while (kill(-bomb, SIGKILL) == 0 && seconds() - start < 2 * slowness()) sleep_ms(10);
    if (seconds() - start > slowness()) fail("the bomb lived for %d ms", (int)((seconds() - start) * 1000));
}

// Children that outlive their parent are init's.
static void orphans(void) {
    for (int i = 0; i < 4; ++i) {
        if (fork() == 0) {
            if (fork() == 0) sleep_ms(2);
            _exit(0);
        }
    }
}

static void zombies_left_to_init(void) {
    for (int i = 0; i < 8; ++i)
        if (fork() == 0) _exit(i);
    sleep_ms(1);
}

// A loop without system calls: others must get their turn.
static void spinning_program_is_preempted(void) {
    const int spinner = fork();
    if (spinner == 0)
        while (1) asm volatile("");
    for (int i = 0; i < 3; ++i) sleep_ms(5);
    CHECK(kill(spinner, SIGKILL) == 0 && status_of(spinner) == SIGKILL);
}

// Two that spin get about the same share.
static void two_spinners_share_the_cpu(void) {
    int pids[2];
    for (int i = 0; i < 2; ++i) {
        pids[i] = fork();
        if (pids[i] == 0)
            while (1) asm volatile("");
    }
    for (int i = 0; i < 40; ++i) sleep_ms(10);
    double used[2];
    for (int i = 0; i < 2; ++i) {
        struct rusage before;
        struct rusage after;
        getrusage(RUSAGE_CHILDREN, &before);
        kill(pids[i], SIGKILL);
        CHECK(status_of(pids[i]) == SIGKILL);
        getrusage(RUSAGE_CHILDREN, &after);
        used[i] = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1e3 +
                  (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e3;
    }
    if (used[0] < used[1] / 2 || used[1] < used[0] / 2) fail("%d ms and %d ms", (int)used[0], (int)used[1]);
}

// ---- Extended registers: each process has its own, whoever ran in between.

struct vectors {
    uint64_t ymm[4][4];
};

static int* running;  // processes that keep registers
static void keep_registers(uint64_t mark, int switches) {
    const int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    struct vectors loaded;
    struct vectors found;
    for (int i = 0; i < 4; ++i)
        for (int word = 0; word < 4; ++word) loaded.ymm[i][word] = mark * 1000 + (uint64_t)(i * 4 + word);
    const uint32_t control = 0x1f80 | (uint32_t)(mark & 3) << 13;  // MXCSR: another rounding for each
    uint16_t x87_control = (uint16_t)(0x037f | (mark & 3) << 10);
    double x87 = (double)mark;
    struct rusage usage;
    do {
        uint32_t found_control = 0;
        uint16_t found_x87_control = 0;
        double found_x87 = 0;
        // Loads, spins without a system call for longer than a time slice now and then, stores.
        asm volatile(
            "ldmxcsr %[control]; fninit; fldcw %[x87_control]; fldl %[x87]\n\t"
            "vmovdqu (%[in]), %%ymm0; vmovdqu 32(%[in]), %%ymm1; vmovdqu 64(%[in]), %%ymm7; vmovdqu "
            "96(%[in]), %%ymm15\n\t"
            "mov $200000, %%ecx\n\t"
            "1: dec %%ecx; jnz 1b\n\t"
            "vmovdqu %%ymm0, (%[out]); vmovdqu %%ymm1, 32(%[out]); vmovdqu %%ymm7, 64(%[out]); vmovdqu "
            "%%ymm15, 96(%[out])\n\t"
            "stmxcsr %[found_control]; fnstcw %[found_x87_control]; fstpl %[found_x87]\n\t"
            "vzeroupper"
            : [found_control] "=m"(found_control), [found_x87_control] "=m"(found_x87_control),
              [found_x87] "=m"(found_x87)
            : [control] "m"(control), [x87_control] "m"(x87_control), [x87] "m"(x87), [in] "r"(&loaded),
              [out] "r"(&found)
            : "rcx", "memory", "xmm0", "xmm1", "xmm7", "xmm15");
        CHECK(memcmp(&loaded, &found, sizeof(found)) == 0);
        CHECK(found_control == control && found_x87_control == x87_control && found_x87 == x87);
        getrusage(RUSAGE_SELF, &usage);
        // Where no more run than there are CPUs, each may be alone on its own and never switch.
    } while (usage.ru_nivcsw + usage.ru_nvcsw < switches &&
             (cpus == 1 || __atomic_load_n(running, __ATOMIC_SEQ_CST) > cpus));
    __atomic_sub_fetch(running, 1, __ATOMIC_SEQ_CST);
}

static void ignore_signal(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info, (void)context;
}

// Also across signals that interrupt the loop: handlers use the FPU. No process is alone on its CPU.
static void fpu_state_is_kept_apart(void) {
    enum { ON_EACH_CPU = 3, MOST_CPUS = 8 };
    int pids[ON_EACH_CPU * MOST_CPUS];
    const int count = ON_EACH_CPU * (int)sysconf(_SC_NPROCESSORS_ONLN);
    CHECK(count <= ON_EACH_CPU * MOST_CPUS);
    running = mmap(NULL, sizeof(*running), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(running != MAP_FAILED);
    *running = count;
    for (int i = 0; i < count; ++i) {
        pids[i] = fork();
        if (pids[i] != 0) continue;
        handle(SIGALRM, ignore_signal, SA_RESTART);
        setitimer(ITIMER_REAL, &(struct itimerval){{0, 3000}, {0, 3000}}, NULL);
        keep_registers((uint64_t)i + 1, 6);
        _exit(0);
    }
    for (int i = 0; i < count; ++i) CHECK(status_of(pids[i]) == 0);
}

// A new program finds fresh registers, not its predecessor's.
static void fpu_state_of_a_new_process(void) {
    const int dirty = fork();
    if (dirty == 0) {
        asm volatile("vpcmpeqd %%xmm5, %%xmm5, %%xmm5" : : : "xmm5");
        execl("/init", "/init", "fpu", NULL);
        _exit(1);
    }
    CHECK(status_of(dirty) == 0);
}

// Killed while it waits in fork's and vfork's places.
static void killed_in_vfork(void) {
    const int parent = fork();
    if (parent == 0) {
        const int child = vfork();
        if (child == 0) {
            sleep_ms(50);
            _exit(0);
        }
        _exit(1);
    }
    sleep_ms(2);
    CHECK(kill(parent, SIGKILL) == 0);
    CHECK(status_of(parent) == SIGKILL);
}

const struct test process_tests[] = {
    {"fork_bomb", fork_bomb, DIES_OF(SIGTERM), 1, 10},
    {"sleeper_beside_a_fork_bomb", sleeper_beside_a_fork_bomb, EXITS(0), 1, 1},
    {"orphans", orphans, EXITS(0), 2, 10},
    {"zombies_left_to_init", zombies_left_to_init, EXITS(0), 2, 10},
    {"spinning_program_is_preempted", spinning_program_is_preempted, EXITS(0), 1, 2},
    {"two_spinners_share_the_cpu", two_spinners_share_the_cpu, EXITS(0), 1, 1},
    {"fpu_state_is_kept_apart", fpu_state_is_kept_apart, EXITS(0), 1, 1},
    {"fpu_state_of_a_new_process", fpu_state_of_a_new_process, EXITS(0), 2, 4},
    {"killed_in_vfork", killed_in_vfork, EXITS(0), 2, 4},
    {0},
};
