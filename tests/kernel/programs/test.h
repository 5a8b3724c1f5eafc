// Programs that misbehave, and what must be left of them: nothing. Each test runs in a child of init, many times, and init
// compares the kernel's resources before and after (init.c, resources.c).
#pragma once

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

// How the child must end.
#define EXITS(code) ((code) << 8)
#define DIES_OF(signal) (signal)

struct test {
    const char* name;
    void (*run)(void);
    int ending;
    int repeats;  // a round, so that a small leak adds up to a page; 0: 16
    // 0: 10. CROWDED: one, and resources are not compared, because so many processes come and go that the heap keeps now more and now
    // fewer pages in reserve.
    int rounds;
};
enum { CROWDED = -1 };

extern const struct test privileged_tests[];
extern const struct test entry_tests[];
extern const struct test memory_tests[];
extern const struct test process_tests[];
extern const struct test file_tests[];
extern const struct test long_call_tests[];
extern const struct test thread_tests[];
extern const struct test failure_tests[];
extern const struct test storm_tests[];
extern const struct test register_tests[];

// Prints `@fail …` with errno, and ends the child.
_Noreturn void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));
#define CHECK(condition) ((condition) ? (void)0 : fail("%s:%d: %s", __FILE_NAME__, __LINE__, #condition))

// How often a test does something: the word `name` of the kernel's command line, or `normally`; a tenth of it in the rounds that only fill
// caches.
int count_of(const char* name, int normally);

// What `/init storm` does, the program that storms.c executes.
int executed_by_storm(void);

// waitpid of one child, its status.
int status_of(int pid);
// Comes back when each thread of the process sleeps in the kernel, but for the caller.
void wait_until_asleep(int pid);
// By how much a limit of time has to be longer than on one CPU, where the instructions are the clock. With several it is the host's, whose
// processors are fewer and have other work.
int slowness(void);
// A process that sleeps until it is killed; its pid.
int start_sleeper(void);
// Handles `signal` with SA_SIGINFO; the handler may go on with what it changes in the context.
void handle(int signal, void (*handler)(int, siginfo_t*, void*), int flags);

struct resources {
    long free_kib;       // MemFree
    long committed_kib;  // Committed_AS
    long tables_kib;     // PageTables
    long stacks_kib;     // KernelStack: one for each thread there is
    long shared_kib;     // Shmem: pages of tmpfs and pipes
    int processes;
    int descriptors;  // init's own
};
struct resources read_resources(void);
// Empty if they are the same, else what differs.
const char* difference(const struct resources* before, const struct resources* after);
int only_free_memory_differs(const struct resources* before, const struct resources* after);
