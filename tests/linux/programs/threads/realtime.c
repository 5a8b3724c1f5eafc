// Realtime threads: static priorities order them, SCHED_FIFO goes on until it blocks or yields, SCHED_RR takes turns, and all of them
// leave other threads a share of the time.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID)
enum { MOST = 16, WAIT = 0, WAKE = 1 };

struct worker {
    int policy, priority, run_ms;  // it runs for so long once `gate` is open
    int yields;                    // it yields between its halves
    volatile int began, ended;     // the order, from 1
    volatile int alive, is_ready;
};

static struct worker workers[MOST];
static char stacks[MOST][65536] __attribute__((aligned(16)));
static volatile uint32_t gate;
static volatile int events;

static long milliseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void spin(long run_ms) {
    const long end = milliseconds(CLOCK_THREAD_CPUTIME_ID) + run_ms;
    while (milliseconds(CLOCK_THREAD_CPUTIME_ID) < end) continue;
}

static void set_policy(int policy, int priority) {
    const struct sched_param parameters = {priority};
    if (syscall(SYS_sched_setscheduler, 0, policy, &parameters) != 0)
        SAY("sched_setscheduler: %s", strerror(errno));
}

static int work(void* argument) {
    struct worker* self = argument;
    set_policy(self->policy, self->priority);
    self->is_ready = 1;
    while (!gate) syscall(SYS_futex, &gate, WAIT, 0, NULL, NULL, 0);
    self->began = __sync_add_and_fetch(&events, 1);
    spin(self->run_ms);
    if (self->yields) {
        sched_yield();
        spin(self->run_ms);
    }
    self->ended = __sync_add_and_fetch(&events, 1);
    return 0;
}

// Starts the workers, most of which sleep at the gate when it returns, and gives the caller the highest priority.
static void start(int count) {
    gate = 0;
    events = 0;
    set_policy(SCHED_FIFO, 90);
    for (int i = 0; i < count; ++i) {
        workers[i].alive = 1;
        workers[i].is_ready = 0;
        clone(work, stacks[i] + sizeof stacks[i], THREAD, &workers[i], NULL, NULL, (void*)&workers[i].alive);
        while (!workers[i].is_ready) nap_ms(1);
    }
    nap_ms(20);
}

static void open_gate(void) {
    gate = 1;
    syscall(SYS_futex, &gate, WAKE, MOST, NULL, NULL, 0);
}

static void finish(int count) {
    for (int i = 0; i < count; ++i)
        while (workers[i].alive) nap_ms(1);
    set_policy(SCHED_OTHER, 0);
}

static void allow_cpus(int count) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; i < count; ++i) CPU_SET(i, &set);
    OK(sched_setaffinity(0, sizeof set, &set));
}

// Woken in the wrong order, they run in the order of their priorities.
static void by_priority(void) {
    workers[0] = (struct worker){.policy = SCHED_FIFO, .priority = 10, .run_ms = 5};
    workers[1] = (struct worker){.policy = SCHED_RR, .priority = 30, .run_ms = 5};
    workers[2] = (struct worker){.policy = SCHED_FIFO, .priority = 20, .run_ms = 5};
    workers[3] = (struct worker){.policy = SCHED_FIFO, .priority = 40, .run_ms = 5};
    start(4);
    open_gate();
    finish(4);
    for (int i = 0; i < 4; ++i)
        SAY("priority %d: begins %d, ends %d", workers[i].priority, workers[i].began, workers[i].ended);
}

// Equals with SCHED_FIFO run one after the other, also when a more urgent one comes between; one that yields goes behind the other.
static void first_in_first_out(int yields) {
    workers[0] = (struct worker){.policy = SCHED_FIFO, .priority = 10, .run_ms = 60, .yields = yields};
    workers[1] = (struct worker){.policy = SCHED_FIFO, .priority = 10, .run_ms = 20};
    start(2);
    open_gate();
    for (int i = 0; i < 5; ++i) nap_ms(5);  // this thread preempts them
    finish(2);
    SAY("yields %d: %d-%d %d-%d", yields, workers[0].began, workers[0].ended, workers[1].began,
        workers[1].ended);
}

// Equals with SCHED_RR share: the second begins before the first ends.
static void round_robin(void) {
    workers[0] = (struct worker){.policy = SCHED_RR, .priority = 10, .run_ms = 250};
    workers[1] = (struct worker){.policy = SCHED_RR, .priority = 10, .run_ms = 250};
    start(2);
    open_gate();
    finish(2);
    SAY("round robin: both begin first: %d", workers[0].began <= 2 && workers[1].began <= 2);
}

// A change of priority moves threads that are waiting for their turn.
static void changes(void) {
    workers[0] = (struct worker){.policy = SCHED_FIFO, .priority = 10, .run_ms = 5};
    workers[1] = (struct worker){.policy = SCHED_FIFO, .priority = 20, .run_ms = 5};
    start(2);
    open_gate();
    // Both wait for this thread to sleep. The first thread's number is the process's plus one.
    const struct sched_param above = {30};
    DIR* tasks = opendir("/proc/self/task");
    int lowest = 1 << 30;
    for (struct dirent* entry; (entry = readdir(tasks)) != NULL;) {
        const int number = atoi(entry->d_name);
        if (number != getpid() && number > 0 && number < lowest) lowest = number;
    }
    closedir(tasks);
    IS(0, syscall(SYS_sched_setparam, lowest, &above));
    finish(2);
    SAY("raised: begins %d, the other %d", workers[0].began, workers[1].began);
}

// A realtime thread without end leaves the others a share: 50 ms of each second.
static void leaves_a_share(void) {
    workers[0] = (struct worker){.policy = SCHED_FIFO, .priority = 10, .run_ms = 2500};
    workers[1] = (struct worker){.policy = SCHED_OTHER, .priority = 0, .run_ms = 20};
    start(2);
    open_gate();
    finish(2);
    SAY("the other ends first: %d", workers[1].ended < workers[0].ended);
}

// As many urgent threads as CPUs wake while as many less urgent ones run: the urgent ones go first on all of them.
static void on_all_cpus(int cpus) {
    for (int i = 0; i < cpus; ++i) {
        workers[i] = (struct worker){.policy = SCHED_FIFO, .priority = 10, .run_ms = 300};
        workers[cpus + i] = (struct worker){.policy = SCHED_FIFO, .priority = 20, .run_ms = 30};
    }
    start(2 * cpus);
    open_gate();
    finish(2 * cpus);
    int is_first = 1;
    for (int i = 0; i < cpus; ++i)
        for (int j = 0; j < cpus; ++j) is_first &= workers[cpus + j].ended < workers[i].ended;
    SAY("the urgent ones end first: %d", is_first);
}

static void write_setting(const char* name, const char* text) {
    char path[64];
    snprintf(path, sizeof path, "/proc/sys/kernel/%s", name);
    const int fd = open(path, O_WRONLY);
    const ssize_t written = write(fd, text, strlen(text));
    SAY("%s = %s: %s", name, text, written < 0 ? strerror(errno) : "ok");
    close(fd);
}

static void settings(void) {
    write_setting("sched_rt_runtime_us", "-2");
    write_setting("sched_rt_runtime_us", "1000001");
    write_setting("sched_rt_runtime_us", "900000");
    write_setting("sched_rt_period_us", "0");
    write_setting("sched_rt_period_us", "-1");
    write_setting("sched_rt_period_us", "899999");
    write_setting("sched_rt_runtime_us", "-1");
    write_setting("sched_rt_period_us", "500000");
    write_setting("sched_rt_period_us", "1000000");
    write_setting("sched_rt_runtime_us", "950000");
    struct timespec slice;
    set_policy(SCHED_RR, 1);
    IS(0, sched_rr_get_interval(0, &slice));
    SAY("slice: %ld s %ld ns", (long)slice.tv_sec, slice.tv_nsec);
    set_policy(SCHED_FIFO, 1);
    IS(0, sched_rr_get_interval(0, &slice));
    SAY("slice: %ld s %ld ns", (long)slice.tv_sec, slice.tv_nsec);
    set_policy(SCHED_OTHER, 0);
}

int main(void) {
    cpu_set_t all;
    sched_getaffinity(0, sizeof all, &all);
    const int cpus = CPU_COUNT(&all) < MOST / 2 ? CPU_COUNT(&all) : MOST / 2;
    settings();
    on_all_cpus(cpus);
    allow_cpus(1);
    by_priority();
    first_in_first_out(0);
    first_in_first_out(1);
    round_robin();
    changes();
    leaves_a_share();
    return done();
}
