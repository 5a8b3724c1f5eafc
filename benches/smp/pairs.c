// Two processes that answer each other, each on a CPU of its own where there are two. An operation is a question and its answer.
#include "smp.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_PAIRS = MAX_WORKERS / 2, FUTEX_WAIT = 0, FUTEX_WAKE = 1 };

// ---- Through descriptors: [pair][direction][end]; direction 0 is that of the questions.

static int channels[MAX_PAIRS][2][2];

static void make_pipes(int workers) {
    for (int pair = 0; pair < workers / 2; ++pair)
        REQUIRE(pipe(channels[pair][0]) == 0 && pipe(channels[pair][1]) == 0);
}
static void make_sockets(int workers) {
    for (int pair = 0; pair < workers / 2; ++pair)
        for (int direction = 0; direction < 2; ++direction)
            REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, channels[pair][direction]) == 0);
}
static void close_channels(int workers) {
    for (int pair = 0; pair < workers / 2; ++pair)
        for (int direction = 0; direction < 2; ++direction)
            for (int end = 0; end < 2; ++end) close(channels[pair][direction][end]);
}
static void run_channels(int worker, long count) {
    int(*channel)[2] = channels[worker / 2];
    long wrong = 0;
    for (char expected = 1; count--; ++expected) {
        char byte = expected;
        if (worker % 2 == 0) {
            wrong |= CALL3(SYS_write, channel[0][1], &byte, 1) ^ 1;
            wrong |= CALL3(SYS_read, channel[1][0], &byte, 1) ^ 1;
            wrong |= (char)(byte ^ (char)(expected + 1));
        } else {
            wrong |= CALL3(SYS_read, channel[0][0], &byte, 1) ^ 1;
            wrong |= (char)(byte ^ expected);
            ++byte;
            wrong |= CALL3(SYS_write, channel[1][1], &byte, 1) ^ 1;
        }
    }
    REQUIRE(wrong == 0);
}
static void prove_channels(int worker) { run_channels(worker, 1); }

// ---- Through futexes in shared memory

struct Words {
    int asked;
    char gap[124];
    int answered;
    char end[124];
};
static struct Words* words;

static void make_words(int workers) {
    (void)workers;
    words = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(words != MAP_FAILED);
}
static void remove_words(int workers) {
    (void)workers;
    munmap(words, PAGE);
}
static void set_and_wake(int* word, int value) {
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
    CALL6(SYS_futex, word, FUTEX_WAKE, 1, 0, 0, 0);
}
static void wait_for_change(int* word, int value) {
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == value)
        CALL6(SYS_futex, word, FUTEX_WAIT, value, 0, 0, 0);
}
static void run_words(int worker, long count) {
    struct Words* const own = &words[worker / 2];
    int turn = worker % 2 == 0 ? own->asked : own->answered;
    for (; count--; ++turn) {
        if (worker % 2 == 0) {
            set_and_wake(&own->asked, turn + 1);
            wait_for_change(&own->answered, turn);
            REQUIRE(own->answered == turn + 1);
        } else {
            wait_for_change(&own->asked, turn);
            REQUIRE(own->asked == turn + 1);
            set_and_wake(&own->answered, turn + 1);
        }
    }
}
static void prove_words(int worker) { run_words(worker, 1); }

const struct Operation pair_operations[] = {
    {"futex_pingpong", PAIRS, 1000, make_words, NULL, prove_words, run_words, NULL, remove_words},
    {"pipe_pingpong", PAIRS, 1000, make_pipes, NULL, prove_channels, run_channels, NULL, close_channels},
    {"unix_pingpong", PAIRS, 1000, make_sockets, NULL, prove_channels, run_channels, NULL, close_channels},
    {NULL},
};
