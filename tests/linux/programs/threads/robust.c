// Robust lists at the end of a thread and at exec: words of dead owners, lists that loop or point nowhere, the pending entry.

#define FUTEX_WAITERS 0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK 0x3fffffffu
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID)
static char stack[65536] __attribute__((aligned(16)));
static volatile int ended;

struct lock {
    struct lock* next;
    uint32_t word;
};
static struct {
    struct lock* first;
    long offset;
    struct lock* pending;
} head;
static struct lock locks[4];
static enum { CHAIN, CIRCLE, BAD_NEXT, BAD_WORD, PENDING, UNLOCKED_PENDING } kind;

static int body(void* unused) {
    (void)unused;
    const uint32_t tid = (uint32_t)syscall(SYS_gettid);
    head.first = (void*)&head;
    head.offset = offsetof(struct lock, word);
    head.pending = NULL;
    for (int i = 0; i < 4; ++i) locks[i].word = tid;
    switch (kind) {
        case CHAIN:
            head.first = &locks[0];
            locks[0].next = &locks[1];
            locks[1].next = (void*)&head;
            locks[1].word = tid | FUTEX_WAITERS;
            break;
        case CIRCLE:
            head.first = &locks[0];
            locks[0].next = &locks[1];
            locks[1].next = &locks[0];
            break;
        case BAD_NEXT:
            head.first = &locks[0];
            locks[0].next = KERNEL_ADDRESS;
            break;
        case BAD_WORD: head.first = KERNEL_ADDRESS; break;
        case PENDING: head.pending = &locks[2]; break;
        case UNLOCKED_PENDING:
            head.pending = &locks[3];
            locks[3].word = 0;
            break;
    }
    syscall(SYS_set_robust_list, &head, sizeof head);
    return 0;
}

static void run(const char* name) {
    ended = 1;
    OK(clone(body, stack + sizeof stack, THREAD, NULL, NULL, NULL, (void*)&ended));
    while (ended) sched_yield();
    printf("%s:", name);
    for (int i = 0; i < 4; ++i)
        printf(" %s%s%s", locks[i].word & FUTEX_OWNER_DIED ? "died" : "held",
               locks[i].word & FUTEX_WAITERS ? "+waiters" : "",
               locks[i].word & FUTEX_TID_MASK ? "" : "+free");
    printf("\n");
}

int main(void) {
    kind = CHAIN, run("chain");
    kind = CIRCLE, run("circle");
    kind = BAD_NEXT, run("bad next");
    kind = BAD_WORD, run("bad word");
    kind = PENDING, run("pending");
    kind = UNLOCKED_PENDING, run("unlocked pending");
    FAILS(EINVAL, syscall(SYS_set_robust_list, &head, 23));
    OK(syscall(SYS_set_robust_list, &head, 24));
    void* found;
    size_t size;
    OK(syscall(SYS_get_robust_list, 0, &found, &size));
    TRUE(found == &head && size == 24);
    OK(syscall(SYS_get_robust_list, getpid(), &found, &size));
    FAILS(ESRCH, syscall(SYS_get_robust_list, 4000000, &found, &size));
    // An address that looks like an error is one.
    struct robust_list_head* const before = found;
    OK(syscall(SYS_set_robust_list, -1L, 24));
    FAILS(EPERM, syscall(SYS_get_robust_list, 0, &found, &size));
    OK(syscall(SYS_set_robust_list, -14L, 24));
    FAILS(EFAULT, syscall(SYS_get_robust_list, 0, &found, &size));
    OK(syscall(SYS_set_robust_list, -4096L, 24));
    OK(syscall(SYS_get_robust_list, 0, &found, &size));
    TRUE(found == (void*)-4096L);
    OK(syscall(SYS_set_robust_list, before, 24));
    FAILS(EFAULT, syscall(SYS_get_robust_list, 0, &found, NULL));
    FAILS(EFAULT, syscall(SYS_get_robust_list, 0, NULL, &size));
    return done();
}
