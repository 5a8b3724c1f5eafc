// rseq: registration, the CPU's number, critical sections that signals and other threads end, and areas that are not right.
#include "check.h"

#define SIGNATURE 0x53053053u
#define UNREGISTER 1

struct section {
    uint32_t version, flags;
    uint64_t start, length, abort;
};
struct area {
    uint32_t cpu_start, cpu;
    uint64_t section;
    uint32_t flags;
} __attribute__((aligned(32)));

static struct area area __attribute__((aligned(32)));
static struct area other __attribute__((aligned(32)));
static struct section section __attribute__((aligned(32)));

// Counts down inside a critical section: 1 if it came to the end, 0 if it was aborted.
long count_down(uint64_t from, struct section* section, struct area* area);
extern char section_start[], section_end[], section_abort[];
__asm__(
    ".text\n"
    ".globl count_down, section_start, section_end, section_abort\n"
    "count_down: mov %rdi, %rcx\n"
    "mov %rsi, 8(%rdx)\n"
    "section_start: dec %rcx\n"
    "jnz section_start\n"
    "section_end: mov $1, %eax\n"
    "ret\n"
    ".byte 0x0f, 0xb9, 0x3d\n"
    ".long 0x53053053\n"
    "section_abort: xor %eax, %eax\n"
    "ret\n");

static long rseq(void* where, unsigned size, int flags, unsigned signature) {
    return syscall(SYS_rseq, where, size, flags, signature);
}

static void reset(void) {
    section = (struct section){0, 0, (uint64_t)section_start, (uint64_t)(section_end - section_start),
                               (uint64_t)section_abort};
}

static volatile int caught;
static volatile uint64_t seen_in_handler;
static void note(int signal) {
    caught = signal;
    seen_in_handler = area.section;
}

static void start_timer(int ms) {
    const struct itimerval time = {.it_value = {0, ms * 1000}};
    OK(setitimer(ITIMER_REAL, &time, NULL));
}

static void registrations(void) {
    FAILS(EINVAL, rseq(&area, 32, UNREGISTER, SIGNATURE));  // there is none
    FAILS(EINVAL, rseq(&area, 32, 2, SIGNATURE));
    FAILS(EINVAL, rseq(&area, 32, 3, SIGNATURE));
    FAILS(EINVAL, rseq(&area, 31, 0, SIGNATURE));
    FAILS(EINVAL, rseq(&area, 33, 0, SIGNATURE));
    FAILS(EINVAL, rseq(&area, 64, 0, SIGNATURE));
    FAILS(EINVAL, rseq((char*)&area + 8, 32, 0, SIGNATURE));
    FAILS(EFAULT, rseq((void*)0xffffffff81000000ul, 32, 0, SIGNATURE));
    FAILS(EFAULT, rseq((void*)0x7fffffffffe0ul, 32, 0, SIGNATURE));
    FAILS(EFAULT, rseq(NULL, 32, 0, SIGNATURE));
    FAILS(EFAULT, rseq((void*)64, 32, 0, SIGNATURE));
    FAILS(EINVAL, rseq(NULL, 32, UNREGISTER, SIGNATURE));
    area.cpu = area.cpu_start = 77777;
    area.section = 0;
    IS(0, rseq(&area, 32, 0, SIGNATURE));
    TRUE(area.cpu < 4096 && area.cpu == area.cpu_start);
    FAILS(EBUSY, rseq(&area, 32, 0, SIGNATURE));
    FAILS(EINVAL, rseq(&other, 32, 0, SIGNATURE));
    FAILS(EINVAL, rseq(&area, 16, 0, SIGNATURE));
    FAILS(EPERM, rseq(&area, 32, 0, SIGNATURE + 1));
    FAILS(EINVAL, rseq(&other, 32, UNREGISTER, SIGNATURE));
    FAILS(EINVAL, rseq(&area, 16, UNREGISTER, SIGNATURE));
    FAILS(EPERM, rseq(&area, 32, UNREGISTER, SIGNATURE + 1));
    IS(0, rseq(&area, 32, UNREGISTER, SIGNATURE));
    SAY("after the end: %u %x", area.cpu_start, area.cpu);
    FAILS(EINVAL, rseq(&area, 32, UNREGISTER, SIGNATURE));
}

static void numbers(void) {
    IS(0, rseq(&area, 32, 0, SIGNATURE));
    area.cpu = area.cpu_start = 77777;
    nap_ms(5);
    TRUE(area.cpu < 4096 && area.cpu == area.cpu_start);
    // A section that the area names when it is registered is forgotten, and one that the thread is not in.
    reset();
    IS(0, rseq(&area, 32, UNREGISTER, SIGNATURE));
    area.section = 8;
    IS(0, rseq(&area, 32, 0, SIGNATURE));
    TRUE(area.section == 0);
    reset();
    area.section = (uint64_t)&section;
    nap_ms(5);
    TRUE(area.section == 0);
}

static void aborts(void) {
    const struct sigaction action = {.sa_handler = note};
    OK(sigaction(SIGALRM, &action, NULL));
    reset();
    caught = 0;
    seen_in_handler = 1;
    start_timer(20);
    long result;
    do result = count_down(~0ul, &section, &area);  // another thread's turn ends it too
    while (result == 0 && !caught);
    IS(0, result);
    TRUE(caught == SIGALRM && seen_in_handler == 0 && area.section == 0);
    // One that does not block the section's commit.
    long ended = 0;
    for (int i = 0; i < 1000 && !ended; ++i) ended = count_down(10, &section, &area);
    IS(1, ended);
    area.section = 0;
}

static void preemption(void) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    OK(sched_setaffinity(0, sizeof one, &one));
    const pid_t hog = fork();
    if (hog == 0)
        for (;;) continue;
    TRUE(hog > 0);
    // 100 s on a fast machine, were it not for the other process.
    IS(0, count_down(1ul << 38, &section, &area));
    kill(hog, SIGKILL);
    OK(waitpid(hog, NULL, 0));
}

static void wrong(const char* what, void (*spoil)(void)) {
    SAY("%s", what);
    CHILD("SIGSEGV", {
        const struct sigaction action = {.sa_handler = note};
        sigaction(SIGSEGV, &action, NULL);
        spoil();
        nap_ms(5);
        printf("survived\n");
    });
}

static void spin(void) {
    start_timer(10);
    count_down(~0ul, &section, &area);
}
static void spoil_version(void) { section.version = 1, spin(); }
static void spoil_flags(void) { section.flags = 1, spin(); }
static void spoil_other_flags(void) { section.flags = 1 << 7, spin(); }
static void spoil_area_flags(void) { area.flags = 1, spin(); }
static void spoil_signature(void) { section.abort = (uint64_t)section_abort + 2, spin(); }
static void spoil_abort(void) { section.abort = (uint64_t)section_start + 1, spin(); }
static void spoil_abort_kernel(void) { section.abort = 0xffffffff81000000ul, spin(); }
static void spoil_start_kernel(void) { section.start = 0xffffffff81000000ul, spin(); }
static void spoil_length(void) { section.length = ~0ul, spin(); }
static void spoil_pointer(void) { area.section = 0xffffffff81000000ul; }
static void spoil_pointer_null_page(void) { area.section = 64; }
static void spoil_memory(void) {
    void* page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(0, rseq(&area, 32, UNREGISTER, SIGNATURE));
    IS(0, rseq(page, 32, 0, SIGNATURE));
    OK(munmap(page, PAGE));
}
static void spoil_read_only(void) {
    void* page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(0, rseq(&area, 32, UNREGISTER, SIGNATURE));
    IS(0, rseq(page, 32, 0, SIGNATURE));
    OK(mprotect(page, PAGE, PROT_READ));
}
static void register_read_only(void) {
    void* page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(0, rseq(&area, 32, UNREGISTER, SIGNATURE));
    rseq(page, 32, 0, SIGNATURE);
}

static char stack[65536] __attribute__((aligned(16)));
static volatile int ended;
static int thread(void* unused) {
    (void)unused;
    nap_ms(100);  // until the main thread has printed that it made this thread
    IS(0, rseq(&other, 32, 0, SIGNATURE + 1));
    IS(0, rseq(&other, 32, UNREGISTER, SIGNATURE + 1));
    return 0;
}

static void inheritance(void) {
    CHILD("exit 0", FAILS(EBUSY, rseq(&area, 32, 0, SIGNATURE)));
    CHILD("exit 0", {
        area.cpu = 77777;
        nap_ms(5);
        TRUE(area.cpu < 4096);
    });
    ended = 1;
    OK(clone(thread, stack + sizeof stack,
             CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID, NULL,
             NULL, NULL, (void*)&ended));
    while (ended) sched_yield();
    int status;
    const pid_t child = OK(clone(thread, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL));
    OK(waitpid(child, &status, 0));
    SAY("shared memory: %d", status);
}

int main(int count, char** arguments) {
    if (count > 1) {
        IS(0, rseq(&other, 32, 0, 1));
        return done();
    }
    registrations();
    numbers();
    aborts();
    preemption();
    inheritance();
    reset();
    wrong("version", spoil_version);
    wrong("flags", spoil_flags);
    wrong("unknown flags", spoil_other_flags);
    wrong("flags of the area", spoil_area_flags);
    wrong("signature", spoil_signature);
    wrong("abort inside", spoil_abort);
    wrong("abort in the kernel", spoil_abort_kernel);
    wrong("start in the kernel", spoil_start_kernel);
    wrong("length", spoil_length);
    wrong("pointer", spoil_pointer);
    wrong("pointer to nothing", spoil_pointer_null_page);
    wrong("unmapped area", spoil_memory);
    wrong("read-only area", spoil_read_only);
    wrong("area that never could be written", register_read_only);
    CHILD("exit 0", execl("/proc/self/exe", arguments[0], "again", NULL));
    return done();
}
