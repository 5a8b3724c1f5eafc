// Sets the stage, runs every operation (or those that are asked for), and ends the machine.
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { DEFAULT_ROUNDS = 5 };

char buffer[MIB];
static const char* current = "start";
static int rounds = DEFAULT_ROUNDS;

_Noreturn void fail(const char* what) {
    printf("@@FAIL %s %s (%s)\n", current, what, strerror(errno));
    fflush(stdout);
    if (getpid() != 1) _exit(1);
    end_machine();
}

enum Proof lacking(const char* what) {
    const int error = errno;
    if (error != ENOSYS && error != EAFNOSUPPORT && error != EOPNOTSUPP && error != EINVAL) fail(what);
    printf("@@NONE %s %s: %s\n", current, what, strerror(error));
    return NOT_SUPPORTED;
}

static void set_stage(void) {
    mkdir("/proc", 0755);
    REQUIRE(mount("proc", "/proc", "proc", 0, NULL) == 0);
    mkdir("/desk", 0755);
    REQUIRE(mount("tmpfs", "/desk", "tmpfs", 0, NULL) == 0);
    REQUIRE(chdir("/desk") == 0);
    REQUIRE(mknod("null", S_IFCHR | 0666, makedev(1, 3)) == 0);
    REQUIRE(mknod("zero", S_IFCHR | 0666, makedev(1, 5)) == 0);
}

static void measure(const struct Operation* operation) {
    current = operation->name;
    if (operation->prepare) operation->prepare();
    if (operation->prove() == PROVED) {
        operation->run(operation->count < 16 ? operation->count : operation->count / 4);  // warm
        uint64_t counted[64];
        for (int round = 0; round < rounds; ++round) {
            open_region();
            const uint64_t start = instructions();
            operation->run(operation->count);
            counted[round] = instructions() - start;
            close_region();
        }
        if (operation->overhead) {
            const uint64_t start = instructions();
            for (int i = 0; i < 8; ++i) operation->overhead();
            printf("@@OVERHEAD %s %llu\n", operation->name, (unsigned long long)(instructions() - start) / 8);
        }
        for (int round = 0; round < rounds; ++round)
            printf("@@OP %s %d %ld %llu\n", operation->name, round, operation->count,
                   (unsigned long long)counted[round]);
    }
    if (operation->clean_up) operation->clean_up();
    fflush(stdout);
}

static const struct Operation* const families[] = {call_operations,   pipe_operations,   file_operations,
                                                   name_operations,   memory_operations, signal_operations,
                                                   ready_operations,  switch_operations, process_operations,
                                                   thread_operations, socket_operations};

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
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {          // what `exo bench` asks on the host
        for_each_operation(print_name);
        return 0;
    }
    const char* text = getenv("rounds");
    if (text) rounds = atoi(text);
    if (rounds < 1 || rounds > 64) fail("rounds= is 1 to 64");
    set_stage();
    for_each_operation(measure_if_wanted);
    printf("@@DONE\n");
    fflush(stdout);
    end_machine();
}
