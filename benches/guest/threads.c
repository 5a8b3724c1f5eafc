// Threads and what they wait on.
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
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

// Threads that sleep.
enum { IDLE = 3 };
static pthread_t idle[IDLE];
static int idle_word, idle_count;
static void* sleep_until_told(void* unused) {
    wait_while(&idle_word, 0);
    return unused;
}
void start_idle_threads(void) {
    idle_word = idle_count = 0;
    while (idle_count < IDLE && pthread_create(&idle[idle_count], NULL, sleep_until_told, NULL) == 0)
        ++idle_count;
    sched_yield();
}
void stop_idle_threads(void) {
    __atomic_store_n(&idle_word, 1, __ATOMIC_SEQ_CST);
    CALL6(SYS_futex, &idle_word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, IDLE, 0, 0, 0);
    while (idle_count > 0) pthread_join(idle[--idle_count], NULL);
}

// A turn that two threads hand to each other and back, by a mutex and a condition variable.
static pthread_mutex_t turn_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static int turn;
static int take_turn(int own, int next) {
    pthread_mutex_lock(&turn_mutex);
    while (turn != own && !ends) pthread_cond_wait(&turn_changed, &turn_mutex);
    turn = next;
    const int over = ends;
    pthread_cond_signal(&turn_changed);
    pthread_mutex_unlock(&turn_mutex);
    return !over;
}
static void* take_turns(void* unused) {
    while (take_turn(1, 0)) continue;
    return unused;
}
static void start_turns(void) {
    ends = turn = 0;
    has_partner = pthread_create(&partner, NULL, take_turns, NULL) == 0;
}
static void stop_turns(void) {
    if (!has_partner) return;
    pthread_mutex_lock(&turn_mutex);
    ends = 1;
    pthread_cond_broadcast(&turn_changed);
    pthread_mutex_unlock(&turn_mutex);
    pthread_join(partner, NULL);
}
static void run_turns(long count) {
    while (count--) take_turn(0, 1);
    pthread_mutex_lock(&turn_mutex);
    while (turn != 0) pthread_cond_wait(&turn_changed, &turn_mutex);
    pthread_mutex_unlock(&turn_mutex);
}
static enum Proof prove_turns(void) {
    if (!has_partner) return prove_pingpong();
    run_turns(2);
    REQUIRE(turn == 0);
    return PROVED;
}

// A signal to a thread that waits for it, and its answer.
static volatile int partner_tid;
static void* take_signals(void* unused) {
    sigset_t awaited;
    sigemptyset(&awaited), sigaddset(&awaited, SIGUSR1);
    partner_tid = (int)CALL0(SYS_gettid);
    for (int got = 1; !ends; ++got) {
        if (CALL4(SYS_rt_sigtimedwait, &awaited, NULL, NULL, 8) != SIGUSR1) continue;
        set_and_wake(&word_back, got);
    }
    return unused;
}
static void start_signals(void) {
    sigset_t blocked;
    sigemptyset(&blocked), sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    word_back = ends = partner_tid = 0;
    has_partner = pthread_create(&partner, NULL, take_signals, NULL) == 0;
    while (has_partner && partner_tid == 0) sched_yield();
}
static void run_signals(long count) {
    int answered = word_back;
    for (; count--; ++answered) {
        CALL3(SYS_tgkill, getpid(), partner_tid, SIGUSR1);
        wait_while(&word_back, answered);
    }
}
static void stop_signals(void) {
    if (!has_partner) return;
    ends = 1;
    CALL3(SYS_tgkill, getpid(), partner_tid, SIGUSR1);  // or it sees by itself that it is over
    pthread_join(partner, NULL);
}
static enum Proof prove_signals(void) {
    if (!has_partner) return prove_pingpong();
    run_signals(1);
    REQUIRE(word_back == 1);
    return PROVED;
}

// A hundred threads that one call wakes, and of which the last one wakes the waker.
enum { MANY = 100 };
static pthread_t many[MANY];
static int many_count, many_woken;
static void* wait_with_others(void* unused) {
    for (int round = 0;; ++round) {
        wait_while(&word_there, round);
        if (ends) return unused;
        if (__atomic_add_fetch(&many_woken, 1, __ATOMIC_SEQ_CST) == MANY * (round + 1))
            set_and_wake(&word_back, round + 1);
    }
}
static void start_many(void) {
    word_there = word_back = ends = many_count = many_woken = 0;
    while (many_count < MANY && pthread_create(&many[many_count], NULL, wait_with_others, NULL) == 0)
        ++many_count;
}
static void wake_many(int round) {
    __atomic_store_n(&word_there, round, __ATOMIC_SEQ_CST);
    CALL6(SYS_futex, &word_there, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, MANY, 0, 0, 0);
}
static void run_many(long count) {
    for (int round = word_there; count--; ++round) {
        wake_many(round + 1);
        wait_while(&word_back, round);
    }
}
static void stop_many(void) {
    ends = 1;
    wake_many(word_there + 1);
    while (many_count > 0) pthread_join(many[--many_count], NULL);
}
static enum Proof prove_many(void) {
    if (many_count < MANY) {
        errno = ENOSYS;
        return lacking("thread");
    }
    run_many(2);
    REQUIRE(many_woken == 2 * MANY && word_back == 2);
    return PROVED;
}

// A program that a process of four threads executes.
static char* const exit_arguments[] = {"/init", "--exit", NULL};
static char* const no_environment[] = {NULL};
static void run_exec_of_threads(long count) {
    while (count--) {
        const long child = fork();
        if (child == 0) {
            start_idle_threads();
            if (idle_count == IDLE) CALL3(SYS_execve, "/init", exit_arguments, no_environment);
            CALL1(SYS_exit_group, 9);
        }
        int status = -1;
        CALL4(SYS_wait4, child, &status, 0, NULL);
        REQUIRE(status == 0);
    }
}
static enum Proof prove_exec_of_threads(void) {
    if (prove_thread() != PROVED) return NOT_SUPPORTED;
    run_exec_of_threads(1);
    return PROVED;
}

const struct Operation thread_operations[] = {
    {"thread_create_join", 50, NULL, prove_thread, run_thread, NULL, NULL},
    {"futex_wake_nobody", 1000, NULL, prove_wake, run_wake, NULL, NULL},
    {"futex_pingpong", 300, start_answer, prove_pingpong, run_pingpong, stop_answer, NULL},
    {"futex_contended", 400, NULL, prove_contended, run_contended, NULL, NULL},
    {"condition_handover", 300, start_turns, prove_turns, run_turns, stop_turns, NULL},
    {"thread_signal", 300, start_signals, prove_signals, run_signals, stop_signals, NULL},
    {"wake_100_threads", 20, start_many, prove_many, run_many, stop_many, NULL},
    {"exec_of_4_threads", 20, NULL, prove_exec_of_threads, run_exec_of_threads, NULL, NULL},
    {NULL},
};
