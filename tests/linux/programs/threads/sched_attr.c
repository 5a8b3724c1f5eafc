// sched_setattr and sched_getattr, of the caller and of another thread; affinity and parameters of another thread.
#include "check.h"

struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t util_min, util_max;
    uint64_t more[8];
};

static long set(int tid, struct attributes* a, unsigned flags) { return syscall(314, tid, a, flags); }
static long get(int tid, struct attributes* a, unsigned size, unsigned flags) {
    return syscall(315, tid, a, size, flags);
}
static void show(const char* what, int tid) {
    struct attributes a;
    memset(&a, 0x55, sizeof a);
    IS(0, get(tid, &a, 48, 0));
    SAY("%s: size %u policy %u flags %lx nice %d priority %u runtime %lu", what, a.size, a.policy,
        (unsigned long)a.flags, a.nice, a.priority, (unsigned long)a.runtime);
}

static char stack[65536] __attribute__((aligned(16)));
static volatile int tid, over;
static int thread(void* unused) {
    (void)unused;
    tid = (int)syscall(SYS_gettid);
    while (!over) nap_ms(1);
    return 0;
}

static void of_another_thread(void) {
    volatile int ended = 1;
    OK(clone(thread, stack + sizeof stack,
             CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID, NULL,
             NULL, NULL, (void*)&ended));
    while (!tid) sched_yield();
    show("thread", tid);
    struct attributes a = {.size = 48, .policy = SCHED_FIFO, .priority = 7};
    IS(0, set(tid, &a, 0));
    show("thread", tid);
    show("caller", 0);
    struct sched_param parameters = {9};
    IS(0, syscall(SYS_sched_setparam, tid, &parameters));
    parameters.sched_priority = 0;
    IS(0, syscall(SYS_sched_getparam, tid, &parameters));
    SAY("priority %d policy %ld", parameters.sched_priority, syscall(SYS_sched_getscheduler, tid));
    parameters.sched_priority = 0;
    IS(0, syscall(SYS_sched_setscheduler, tid, SCHED_OTHER, &parameters));
    unsigned long mask[16] = {1};
    IS(0, syscall(SYS_sched_setaffinity, tid, sizeof mask, mask));
    memset(mask, 0, sizeof mask);
    TRUE(syscall(SYS_sched_getaffinity, tid, sizeof mask, mask) > 0);
    SAY("mask %lx", mask[0]);
    IS(0, setpriority(PRIO_PROCESS, (id_t)tid, 4));
    show("thread", tid);
    SAY("caller %d", getpriority(PRIO_PROCESS, 0));
    over = 1;
    while (ended) sched_yield();
    while (syscall(SYS_tgkill, getpid(), tid, 0) == 0)
        sched_yield();  // its number goes after its word is cleared
    FAILS(ESRCH, set(tid, &a, 0));
}

int main(void) {
    struct attributes a = {.size = 48};
    show("at first", 0);
    FAILS(EINVAL, set(-1, &a, 0));
    FAILS(EINVAL, set(0, NULL, 0));
    FAILS(EINVAL, set(0, &a, 1));
    FAILS(EFAULT, set(0, (void*)8, 0));
    FAILS(ESRCH, set(4000000, &a, 0));
    FAILS(EINVAL, get(-1, &a, 48, 0));
    FAILS(EINVAL, get(0, NULL, 48, 0));
    FAILS(EINVAL, get(0, &a, 47, 0));
    FAILS(EINVAL, get(0, &a, 4097, 0));
    FAILS(EINVAL, get(0, &a, 48, 1));
    FAILS(ESRCH, get(4000000, &a, 48, 0));
    FAILS(EFAULT, get(0, (void*)8, 48, 0));
    FAILS(EFAULT, get(0, KERNEL_ADDRESS, 48, 0));

    a = (struct attributes){.size = 40};
    FAILS(E2BIG, set(0, &a, 0));
    SAY("size %u", a.size);
    a = (struct attributes){.size = 5000};
    FAILS(E2BIG, set(0, &a, 0));
    a = (struct attributes){.size = 64};
    IS(0, set(0, &a, 0));
    a.more[0] = 1;
    FAILS(E2BIG, set(0, &a, 0));
    SAY("size %u", a.size);
    a = (struct attributes){.size = 0};
    IS(0, set(0, &a, 0));
    a = (struct attributes){.size = 48, .policy = 4};
    FAILS(EINVAL, set(0, &a, 0));
    a = (struct attributes){.size = 48, .policy = 0x80000000u};
    FAILS(EINVAL, set(0, &a, 0));
    a = (struct attributes){.size = 48, .priority = 1};
    FAILS(EINVAL, set(0, &a, 0));
    a = (struct attributes){.size = 48, .policy = SCHED_RR};
    FAILS(EINVAL, set(0, &a, 0));
    a = (struct attributes){.size = 48, .policy = SCHED_RR, .priority = 100};
    FAILS(EINVAL, set(0, &a, 0));
    a = (struct attributes){.size = 48, .flags = 0x80};
    FAILS(EINVAL, set(0, &a, 0));
    a = (struct attributes){.size = 48, .flags = 0x20};
    FAILS(EINVAL, set(0, &a, 0));
    a = (struct attributes){.size = 48, .policy = SCHED_RR, .priority = 99, .flags = 1};
    IS(0, set(0, &a, 0));
    show("rr", 0);
    a = (struct attributes){.size = 48, .policy = SCHED_OTHER, .flags = 8, .priority = 5};
    IS(0, set(0, &a, 0));
    show("keeps the policy", 0);
    a = (struct attributes){.size = 48, .policy = SCHED_OTHER, .flags = 8};
    FAILS(EINVAL, set(0, &a, 0));
    a = (struct attributes){.size = 48, .policy = SCHED_OTHER, .flags = 24};
    IS(0, set(0, &a, 0));
    show("keeps all", 0);
    a = (struct attributes){.size = 48, .policy = SCHED_BATCH, .nice = 100};
    IS(0, set(0, &a, 0));
    show("batch", 0);
    a = (struct attributes){.size = 48, .policy = SCHED_IDLE, .nice = 3};
    IS(0, set(0, &a, 0));
    show("idle", 0);
    a = (struct attributes){.size = 48, .policy = SCHED_OTHER, .nice = -100};
    IS(0, set(0, &a, 0));
    show("other", 0);
    a = (struct attributes){.size = 48, .policy = SCHED_OTHER};
    IS(0, set(0, &a, 0));
    a = (struct attributes){.size = 48, .policy = 6};
    FAILS(EINVAL, set(0, &a, 0));
    a = (struct attributes){.size = 48, .policy = 6, .runtime = 1000, .deadline = 2000000, .period = 2000000};
    FAILS(EINVAL, set(0, &a, 0));
    memset(&a, 0x55, sizeof a);
    IS(0, get(0, &a, sizeof a, 0));
    SAY("size %u, behind it %lx", a.size, (unsigned long)a.more[0]);
    of_another_thread();
    CHILD("exit 0", {
        OK(setgid(1000));
        OK(setuid(1000));
        a = (struct attributes){.size = 48, .nice = 5};
        IS(0, set(0, &a, 0));
        a.nice = 4;
        FAILS(EPERM, set(0, &a, 0));
        a = (struct attributes){.size = 48, .policy = SCHED_FIFO, .priority = 1};
        FAILS(EPERM, set(0, &a, 0));
        a = (struct attributes){
            .size = 48, .policy = 6, .runtime = 100000, .deadline = 2000000, .period = 2000000};
        FAILS(EPERM, set(0, &a, 0));
        a = (struct attributes){.size = 48, .nice = 6};
        FAILS(EPERM, set(1, &a, 0));
        show("init's", 1);
    });
    return done();
}
