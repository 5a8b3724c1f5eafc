// build: glibc
// Mutexes with priority inheritance as the C library makes them: normal, recursive, robust, shared by processes.
#include "check.h"

#include <pthread.h>

#define ROUNDS 300
static pthread_mutex_t mutex;
static volatile int counter, inside;

static void make(pthread_mutex_t* made, int type, int robust, int shared) {
    pthread_mutexattr_t attributes;
    IS(0, pthread_mutexattr_init(&attributes));
    IS(0, pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT));
    IS(0, pthread_mutexattr_settype(&attributes, type));
    if (robust) IS(0, pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
    if (shared) IS(0, pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED));
    IS(0, pthread_mutex_init(made, &attributes));
}

static void* count_up(void* unused) {
    (void)unused;
    for (int i = 0; i < ROUNDS; ++i) {
        pthread_mutex_lock(&mutex);
        if (inside++) printf("two are inside\n");
        ++counter;
        if (i % 10 == 0) sched_yield();
        --inside;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void* takes_and_ends(void* lock) {
    pthread_mutex_lock(lock);
    return NULL;
}

static void* waits(void* lock) {
    const int result = pthread_mutex_lock(lock);
    SAY("waiter: %s", result == 0 ? "0" : result == EOWNERDEAD ? "owner died" : error_name(result));
    if (result == EOWNERDEAD) IS(0, pthread_mutex_consistent(lock));
    pthread_mutex_unlock(lock);
    return NULL;
}

int main(void) {
    pthread_t threads[8];
    for (int type = 0; type < 3; ++type) {
        make(&mutex,
             type == 0   ? PTHREAD_MUTEX_NORMAL
             : type == 1 ? PTHREAD_MUTEX_RECURSIVE
                         : PTHREAD_MUTEX_ERRORCHECK,
             0, 0);
        counter = 0;
        for (int i = 0; i < 8; ++i) IS(0, pthread_create(&threads[i], NULL, count_up, NULL));
        for (int i = 0; i < 8; ++i) pthread_join(threads[i], NULL);
        SAY("%d", counter);
        IS(0, pthread_mutex_lock(&mutex));
        if (type == 1) IS(0, pthread_mutex_lock(&mutex));
        if (type == 2) SAY("%s", error_name(pthread_mutex_lock(&mutex)));
        SAY("%s", type == 1 ? "recursive" : error_name(pthread_mutex_trylock(&mutex)));
        struct timespec past = {1, 0};
        if (type != 1) SAY("%s", error_name(pthread_mutex_timedlock(&mutex, &past)));
    }
    // Robust.
    pthread_mutex_t* shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    make(shared, PTHREAD_MUTEX_NORMAL, 1, 1);
    IS(0, pthread_create(&threads[0], NULL, takes_and_ends, shared));
    IS(0, pthread_join(threads[0], NULL));
    TRUE(pthread_mutex_lock(shared) == EOWNERDEAD);
    IS(0, pthread_mutex_consistent(shared));
    IS(0, pthread_mutex_unlock(shared));
    // A process dies as the owner, while a thread here waits.
    const pid_t child = OK(fork());
    if (child == 0) {
        pthread_mutex_lock(shared);
        nap_ms(60);
        kill(getpid(), SIGKILL);
    }
    nap_ms(20);
    for (int i = 0; i < 2; ++i) pthread_create(&threads[i], NULL, waits, shared);
    for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
    OK(waitpid(child, NULL, 0));
    // One that nobody has made consistent cannot be used any more.
    IS(0, pthread_create(&threads[0], NULL, takes_and_ends, shared));
    IS(0, pthread_join(threads[0], NULL));
    TRUE(pthread_mutex_lock(shared) == EOWNERDEAD);
    IS(0, pthread_mutex_unlock(shared));
    TRUE(pthread_mutex_lock(shared) == ENOTRECOVERABLE);
    return done();
}
