// Owners of futexes with priority inheritance that end: by exit, by a signal, by exec; with and without a robust list.
#include "check.h"

enum { LOCK = 6, UNLOCK = 7, TRYLOCK = 8 };
#define WAITERS 0x80000000u
#define DIED 0x40000000u
#define NUMBER 0x3fffffffu

static long futex(void* word, int operation, void* time) {
    return syscall(SYS_futex, word, operation, 0, time, NULL, 0);
}

struct lock {
    struct lock* next;
    uint32_t word;
};
struct head {
    void* first;
    long offset;
    void* pending;
};
static struct shared {
    struct head head;
    struct lock locks[4];
    volatile int ready;
    volatile uint32_t seen[3];
}* shared;

static void show(const char* what, uint32_t word) {
    SAY("%s: %s%s%s", what,
        (word & NUMBER) == (uint32_t)getpid() ? "mine"
        : (word & NUMBER) == 0                ? "free"
                                              : "another's",
        word & WAITERS ? "+waiters" : "", word & DIED ? "+died" : "");
}

enum end { EXIT, KILLED, EXEC };

// A child that owns the first two locks and ends.
static pid_t owner(enum end end, int robust, int waits) {
    memset(shared, 0, sizeof *shared);
    const pid_t child = OK(fork());
    if (child != 0) {
        while (!shared->ready) nap_ms(1);
        return child;
    }
    shared->head = (struct head){&shared->head, offsetof(struct lock, word), NULL};
    if (robust) {
        shared->head.first = (char*)&shared->locks[0] + 1;  // with priority inheritance
        shared->locks[0].next = (void*)((char*)&shared->locks[1] + 1);
        shared->locks[1].next = (void*)&shared->head;
        syscall(SYS_set_robust_list, &shared->head, sizeof shared->head);
    }
    for (int i = 0; i < 2; ++i)
        if (futex(&shared->locks[i].word, LOCK, NULL) != 0) _exit(1);
    shared->ready = 1;
    nap_ms(waits);
    if (end == KILLED) kill(getpid(), SIGKILL);
    if (end == EXEC) execl("/proc/self/exe", "pi", "sleep", NULL);
    _exit(0);
}

static void cases(const char* name, enum end end, int robust) {
    SAY("%s%s", name, robust ? ", robust" : "");
    // Somebody waits when the owner ends.
    pid_t child = owner(end, robust, 50);
    errno = 0;
    long result = futex(&shared->locks[0].word, LOCK, NULL);
    SAY("waited: %s", result == 0 ? "taken" : error_name(errno));
    show("word", shared->locks[0].word);
    if (end != EXEC) OK(waitpid(child, NULL, 0));
    if (result == 0) {
        show("other", shared->locks[1].word);
        IS(0, futex(&shared->locks[0].word, UNLOCK, NULL));
        show("unlocked", shared->locks[0].word);
    }
    // Somebody comes later.
    errno = 0;
    result = futex(&shared->locks[1].word, end == EXEC && !robust ? TRYLOCK : LOCK, NULL);
    SAY("later: %s", result == 0 ? "taken" : error_name(errno));
    show("word", shared->locks[1].word & (end == EXEC ? ~NUMBER : ~0u));
    if (end == EXEC) {
        kill(child, SIGKILL);
        OK(waitpid(child, NULL, 0));
    }
}

// Of several waiters the first becomes the owner, and then the next. What each saw is told at the end.
static void queue(void) {
    const pid_t dying = owner(KILLED, 1, 100);
    pid_t waiters[3];
    for (int i = 0; i < 3; ++i) {
        waiters[i] = OK(fork());
        if (waiters[i] == 0) {
            if (futex(&shared->locks[0].word, LOCK, NULL) != 0) _exit(1);
            shared->seen[i] = shared->locks[0].word;
            nap_ms(5);
            if (i == 1) _exit(0);  // ends as its owner
            _exit(futex(&shared->locks[0].word, UNLOCK, NULL) == 0 ? 0 : 1);
        }
        nap_ms(8);
    }
    OK(waitpid(dying, NULL, 0));
    for (int i = 0; i < 3; ++i) check_end(waiters[i], "exit 0");
    for (int i = 0; i < 3; ++i)
        SAY("in turn: %s%s", (shared->seen[i] & NUMBER) == (uint32_t)waiters[i] ? "its own" : "another's",
            shared->seen[i] & DIED ? "+died" : "");
    show("at the end", shared->locks[0].word);
}

// The pending entry: the owner ends between taking a lock and noting that in its list.
static void pending(void) {
    memset(shared, 0, sizeof *shared);
    const pid_t child = OK(fork());
    if (child == 0) {
        shared->head =
            (struct head){&shared->head, offsetof(struct lock, word), (char*)&shared->locks[0] + 1};
        syscall(SYS_set_robust_list, &shared->head, sizeof shared->head);
        futex(&shared->locks[0].word, LOCK, NULL);
        _exit(0);
    }
    OK(waitpid(child, NULL, 0));
    show("pending", shared->locks[0].word);
    IS(0, futex(&shared->locks[0].word, LOCK, NULL));
    show("taken", shared->locks[0].word);
}

int main(int count, char** arguments) {
    if (count > 1 && strcmp(arguments[1], "sleep") == 0) {
        nap_ms(10000);
        return 0;
    }
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cases("exit", EXIT, 0);
    cases("exit", EXIT, 1);
    cases("killed", KILLED, 0);
    cases("killed", KILLED, 1);
    cases("exec", EXEC, 0);
    cases("exec", EXEC, 1);
    queue();
    pending();
    return done();
}
