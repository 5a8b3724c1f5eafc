// Runs every row (or those that are asked for) with each number of others, and ends the machine.
#include "scale.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEFAULT_ROUNDS = 5, MOST_ROUNDS = 64 };

char buffer[MIB];
static char current[64] = "start";
static int rounds = DEFAULT_ROUNDS;

_Noreturn void fail(const char* what) {
    printf("@@FAIL %s %s (%s)\n", current, what, strerror(errno));
    fflush(stdout);
    if (getpid() != 1) _exit(1);
    end_machine();
}

static void set_stage(void) {
    REQUIRE(mkdir("/proc", 0755) == 0 && mount("proc", "/proc", "proc", 0, NULL) == 0);
    REQUIRE(mkdir("/desk", 0755) == 0);
    REQUIRE(mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
    raise_limits();
}

// In the worker. The first two runs warm what the operation needs; they are not counted.
static void measure(const struct Growth* row, long count) {
    static uint64_t counted[MOST_ROUNDS];
    row->populate(count);
    for (int warm = 0; warm < 2; ++warm) {
        row->run();
        if (row->restore) row->restore();
    }
    for (int round = 0; round < rounds; ++round) {
        open_region();
        const uint64_t start = instructions();
        row->run();
        const uint64_t end = instructions();
        close_region();
        counted[round] = end - start;  // not before: after a fork the page is copied
        if (row->restore) row->restore();
    }
    for (int round = 0; round < rounds; ++round)
        printf("@@OP %s %d 1 %llu\n", current, round, (unsigned long long)counted[round]);
    fflush(stdout);
    if (row->clean_up) row->clean_up(count);
}

// Whatever processes are left go, and a fresh file system for names is laid out for each worker.
static void measure_in_worker(const struct Growth* row, long count) {
    int status = -1;
    snprintf(current, sizeof current, "%s@%ld", row->name, count);
    REQUIRE(mount("tmpfs", "/desk", "tmpfs", 0, "mode=777") == 0);
    const pid_t worker = fork();
    REQUIRE(worker >= 0);
    if (worker == 0) {
        REQUIRE(chdir("/desk") == 0 && setsid() > 0);
        measure(row, count);
        _exit(0);
    }
    REQUIRE(waitpid(worker, &status, 0) == worker);
    if (status != 0) {
        printf("@@FAIL %s the worker ended with status %x\n", current, status);
        end_machine();
    }
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0) {
    }
    REQUIRE(umount2("/desk", MNT_DETACH) == 0);
}

static const struct Growth* const families[] = {area_rows,   map_rows,   page_rows,    name_rows,
                                                file_rows,   mount_rows, process_rows, group_rows,
                                                signal_rows, pipe_rows,  argument_rows};

static void for_each_row(void (*act)(const struct Growth* row)) {
    for (size_t family = 0; family < sizeof families / sizeof *families; ++family)
        for (const struct Growth* row = families[family]; row->name; ++row) act(row);
}

static void print_row(const struct Growth* row) {
    printf("%s %ld %s\n", row->name, row->n, row->linear ? row->linear : "");
}

static void measure_if_wanted(const struct Growth* row) {
    if (!is_wanted(row->name)) return;
    measure_in_worker(row, 0);
    for (long count = row->n; count <= 16 * row->n; count *= 4) measure_in_worker(row, count);
}

int main(int argc, char** argv) {
    if (argc > 1 && strcmp(argv[1], "--exit") == 0) _exit(0);  // what the rows about execve execute
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {          // what `exo bench` asks on the host
        for_each_row(print_row);
        return 0;
    }
    const char* text = getenv("rounds");
    if (text) rounds = atoi(text);
    if (rounds < 1 || rounds > MOST_ROUNDS) fail("rounds= is 1 to 64");
    set_stage();
    for_each_row(measure_if_wanted);
    printf("@@DONE\n");
    fflush(stdout);
    end_machine();
}
