// Threads and what they wait on.
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_PRIVATE_FLAG = 128 };  // linux/futex.h

static void* add_one(void* number) {
    ++*(int*)number;
    return number;
}
static enum Proof prove_thread(void) {
    pthread_t thread;
    int number = 1;
    void* result = NULL;
    const int error = pthread_create(&thread, NULL, add_one, &number);
    if (error != 0) {
        errno = error == EAGAIN ? ENOSYS : error;  // musl says EAGAIN whatever clone() said
        return lacking("thread");
    }
    REQUIRE(pthread_join(thread, &result) == 0 && result == &number && number == 2);
    return PROVED;
}
static void run_thread(long count) {
    while (count--) {
        pthread_t thread;
        int number = 0;
        pthread_create(&thread, NULL, add_one, &number);
        pthread_join(thread, NULL);
    }
}

static enum Proof prove_wake(void) {
    int word = 5;
    const long woken = CALL6(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0);
    if (woken < 0) {
        errno = (int)-woken;
        return lacking("futex");
    }
    REQUIRE(woken == 0);
    REQUIRE(CALL6(SYS_futex, &word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 4, 0, 0, 0) == -EAGAIN);
    return PROVED;
}
static void run_wake(long count) {
    int word = 0;
    while (count--) CALL6(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0);
}

// A word there and back again between two threads.
static int word_there, word_back;
static volatile int ends;
static pthread_t partner;
static int has_partner;

static void set_and_wake(int* word, int value) {
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
    CALL6(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0);
}
static void wait_while(int* word, int value) {
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == value)
        CALL6(SYS_futex, word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, value, 0, 0, 0);
}
static void* answer(void* unused) {
    for (int turn = 0; !ends; ++turn) {
        wait_while(&word_there, turn);
        set_and_wake(&word_back, turn + 1);
    }
    return unused;
}
static void start_answer(void) {
    word_there = word_back = ends = 0;
    has_partner = pthread_create(&partner, NULL, answer, NULL) == 0;
}
static void stop_answer(void) {
    if (!has_partner) return;
    ends = 1;
    set_and_wake(&word_there, word_there + 1);
    pthread_join(partner, NULL);
}
static void run_pingpong(long count) {
    int turn = word_there;
    for (; count--; ++turn) {
        set_and_wake(&word_there, turn + 1);
        wait_while(&word_back, turn);
    }
}
static enum Proof prove_pingpong(void) {
    if (!has_partner) {
        errno = ENOSYS;
        return lacking("thread");
    }
    run_pingpong(1);
    REQUIRE(word_back == 1);
    return PROVED;
}

// Four threads that want one mutex and give up the CPU while they have it. An operation is one critical section.
enum { CROWD = 4 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long entered, share;
static void* enter_often(void* unused) {
    for (long i = 0; i < share; ++i) {
        pthread_mutex_lock(&mutex);
        ++entered;
        sched_yield();
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}
static void run_contended(long count) {
    pthread_t threads[CROWD];
    share = count / CROWD;
    for (int i = 0; i < CROWD; ++i) pthread_create(&threads[i], NULL, enter_often, NULL);
    for (int i = 0; i < CROWD; ++i) pthread_join(threads[i], NULL);
}
static enum Proof prove_contended(void) {
    if (prove_thread() != PROVED) return NOT_SUPPORTED;
    entered = 0;
    run_contended(40);
    REQUIRE(entered == 40);
    return PROVED;
}

const struct Operation thread_operations[] = {
    {"thread_create_join", 50, NULL, prove_thread, run_thread, NULL, NULL},
    {"futex_wake_nobody", 1000, NULL, prove_wake, run_wake, NULL, NULL},
    {"futex_pingpong", 300, start_answer, prove_pingpong, run_pingpong, stop_answer, NULL},
    {"futex_contended", 400, NULL, prove_contended, run_contended, NULL, NULL},
    {NULL},
};
