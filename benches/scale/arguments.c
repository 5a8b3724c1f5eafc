// One call with n of something among its arguments, or by a process that has n of it.
#include "scale.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 16 * 1024 };
static unsigned groups[MOST];
static long amount;
static char* words[MOST + 4];
static struct iovec pieces[1024];
static char path[8192];
static int null;

// As a user in `count` groups, and a file of the last of them.
static void join_groups(long count) {
    make_file("shared", 3);
    REQUIRE(chmod("shared", 0640) == 0 && chown("shared", 0, (gid_t)(10 * count + 10)) == 0);
    amount = count + 1;
    for (long i = 0; i < amount; ++i) groups[i] = (unsigned)(10 * i + 10);
    REQUIRE(CALL2(SYS_setgroups, amount, groups) == 0 && CALL3(SYS_setresuid, 1000, 1000, 1000) == 0);
}
static void open_shared(void) { REQUIRE(CALL1(SYS_close, CALL3(SYS_open, "shared", O_RDONLY, 0)) == 0); }
static void fork_one(void) { fork_and_wait(NULL); }
static void ask_groups(void) { REQUIRE(CALL2(SYS_getgroups, 0, NULL) == amount); }

static void gather(long count) {
    for (long i = 0; i < 1024; ++i) pieces[i] = (struct iovec){buffer, 1};
    amount = count + 1 < 1024 ? count + 1 : 1024;
    REQUIRE((null = open("/dev/null", O_WRONLY)) >= 0);
}
static void write_pieces(void) { REQUIRE(CALL3(SYS_writev, null, pieces, amount) == amount); }

static void write_path(long count) {
    strcpy(path, ".");
    for (long i = 0; i < count; ++i) strcat(path, "/.");
}
static void stat_path(void) {
    struct stat status;
    REQUIRE(CALL2(SYS_stat, path, &status) == 0);
}

static void write_words(long count) {
    words[0] = "/init";
    words[1] = "--exit";
    for (long i = 0; i < count; ++i) words[2 + i] = "word";
}
static void execute(void) {
    int status = -1;
    static char* const nothing[] = {NULL};
    const pid_t child = vfork();
    if (child == 0) {
        execve("/init", words, nothing);
        _exit(9);
    }
    REQUIRE(CALL4(SYS_wait4, child, &status, 0, NULL) == child && status == 0);
}

const struct Growth argument_rows[] = {
    {"supplementary_open", 256, NULL, join_groups, open_shared, NULL, NULL},
    {"supplementary_fork", 256, NULL, join_groups, fork_one, NULL, NULL},
    {"supplementary_count", 256, NULL, join_groups, ask_groups, NULL, NULL},
    {"pieces_writev", 63, "each piece is written", gather, write_pieces, NULL, NULL},
    {"path_stat", 64, "each component is walked", write_path, stat_path, NULL, NULL},
    {"arguments_exec", 256, "each argument is copied", write_words, execute, NULL, NULL},
    {NULL},
};
