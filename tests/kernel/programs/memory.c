// Memory: used up, overrun, shared with nobody.
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void jump_to_null(void) { ((void (*)(void))NULL)(); }

__attribute__((noinline)) static int recurse(volatile char* above) {
    volatile char block[1024];
    block[0] = above[0];
    return block[0] != 0 ? 0 : recurse(block) + block[0];
}
static void stack_overflow(void) { recurse((volatile char*)""); }

// The handler needs the stack that has run out: no second chance.
static void ignore_fault(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info, (void)context;
}
static void stack_overflow_with_handler(void) {
    handle(SIGSEGV, ignore_fault, 0);
    recurse((volatile char*)"");
}

static void write_to_kernel_memory(void) { *(volatile char*)0xffffffff80200000 = 1; }
static void read_kernel_memory(void) { (void)*(volatile char*)0xffff800000200000; }
static void access_non_canonical(void) { (void)*(volatile char*)0x800000000000; }

// System calls must refuse kernel addresses in every argument that is a pointer.
static void kernel_addresses_as_arguments(void) {
    static const uint64_t ADDRESSES[] = {0xffffffff80200000, 0xffff800000200000, 0x7ffffffff000,
                                         0x800000000000, ~7ULL};
    const int file = open("/init", O_RDONLY);
    CHECK(file >= 0);
    for (size_t i = 0; i < sizeof(ADDRESSES) / sizeof(ADDRESSES[0]); ++i) {
        void* address = (void*)ADDRESSES[i];
        CHECK(read(file, address, 8) == -1 && errno == EFAULT);
        CHECK(write(1, address, 8) == -1 && errno == EFAULT);
        CHECK(open(address, O_RDONLY) == -1 && errno == EFAULT);
        CHECK(pipe(address) == -1 && errno == EFAULT);
        // A range that begins below and ends above.
        CHECK(read(file, (char*)0x7fffffffe000, 0x4000) == -1 && errno == EFAULT);
    }
}

// All memory there is. The kernel must end this process, say so in its log, and live on with the rest.
static void eat_all_memory(void) {
    const size_t chunk = 1 << 20;
    for (;;) {
        char* memory = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) fail("mmap refused before the memory was used up");
        for (size_t at = 0; at < chunk; at += 4096) memory[at] = 1;
    }
}
static void eating_all_memory_is_logged(void) {
    static char log[1 << 16];
    klogctl(5, NULL, 0);  // what comes now is new
    const int other = start_sleeper();
    const int eater = fork();
    if (eater == 0) eat_all_memory();
    CHECK(status_of(eater) == SIGKILL);
    CHECK(kill(other, 0) == 0);
    CHECK(kill(other, SIGKILL) == 0 && status_of(other) == SIGKILL);
    const int size = klogctl(3, log, sizeof(log) - 1);
    CHECK(size > 0);
    log[size] = '\0';
    if (strstr(log, "out of memory: killed process") == NULL) fail("the log says only: %.200s", log);
}

// Files can take all memory too: then write fails, and nobody dies.
static void fill_tmpfs(void) {
    static char block[1 << 16];
    memset(block, 7, sizeof(block));
    const int file = open("/tmp/big", O_CREAT | O_WRONLY | O_TRUNC, 0600);
    CHECK(file >= 0);
    unlink("/tmp/big");
    long written;
    while ((written = write(file, block, sizeof(block))) > 0) continue;
    CHECK(written == -1 && (errno == ENOSPC || errno == ENOMEM));
}

// A page that another process has filled comes back as zeros, wherever it comes back.
static int is_zero(const char* memory, size_t size) {
    for (size_t at = 0; at < size; ++at)
        if (memory[at] != 0) return 0;
    return 1;
}
static void memory_comes_zeroed(void) {
    enum { SIZE = 8 << 20 };
    const int dirty = fork();
    if (dirty == 0) {
        char* memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(memory, 0xaa, SIZE);
        _exit(0);
    }
    CHECK(status_of(dirty) == 0);
    char* memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t at = 64; at < SIZE; at += 4096) memory[at] = 0;  // own pages, not the shared one of zeros
    CHECK(is_zero(memory, SIZE));
    CHECK(munmap(memory, SIZE) == 0);
    char* heap = (char*)syscall(SYS_brk, NULL);
    CHECK((char*)syscall(SYS_brk, heap + (1 << 20)) == heap + (1 << 20));
    for (size_t at = 64; at < 1 << 20; at += 4096) heap[at] = 0;
    CHECK(is_zero(heap, 1 << 20));
    const int file = open("/tmp/holes", O_CREAT | O_RDWR | O_TRUNC, 0600);
    static char block[1 << 16];
    CHECK(file >= 0 && pwrite(file, "x", 1, sizeof(block) - 1) == 1 && pwrite(file, "x", 1, 5000) == 1);
    CHECK(pread(file, block, sizeof(block), 0) == sizeof(block));
    CHECK(block[5000] == 'x' && is_zero(block, 5000) && is_zero(block + 5001, sizeof(block) - 5002));
    CHECK(unlink("/tmp/holes") == 0);
}

// Maps, protects, moves and unmaps at random, and dies in the middle.
static void random_mappings(void) {
    uint32_t state = 12345;
    char* const base = (char*)0x100000000;
    for (int i = 0; i < 300; ++i) {
        state = state * 1664525 + 1013904223;
        char* at = base + (state >> 8) % 64 * 4096;
        const size_t size = ((state >> 16) % 16 + 1) * 4096;
        switch (state >> 28) {
            case 0 ... 7:
                CHECK(mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                           0) == at);
                memset(at, i, size);
                break;
            case 8 ... 9: CHECK(munmap(at, size) == 0); break;
            case 10: (void)mprotect(at, size, PROT_READ); break;
            case 11: (void)mprotect(at, size, PROT_NONE); break;
            case 12: (void)madvise(at, size, MADV_DONTNEED); break;
            case 13: (void)mremap(at, 4096, 3 * 4096, MREMAP_MAYMOVE); break;
            case 14:
                CHECK(mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
                      at);
                break;
            default:
                if (i % 4 == 0 && fork() == 0) _exit(0);
        }
    }
    kill(getpid(), SIGKILL);
}

const struct test memory_tests[] = {
    {"jump_to_null", jump_to_null, DIES_OF(SIGSEGV), 0, 0},
    {"stack_overflow", stack_overflow, DIES_OF(SIGSEGV), 1, 4},
    {"stack_overflow_with_handler", stack_overflow_with_handler, DIES_OF(SIGSEGV), 1, 4},
    {"write_to_kernel_memory", write_to_kernel_memory, DIES_OF(SIGSEGV), 4, 4},
    {"read_kernel_memory", read_kernel_memory, DIES_OF(SIGSEGV), 4, 4},
    {"access_non_canonical", access_non_canonical, DIES_OF(SIGSEGV), 4, 4},
    {"kernel_addresses_as_arguments", kernel_addresses_as_arguments, EXITS(0), 2, 4},
    {"eating_all_memory_is_logged", eating_all_memory_is_logged, EXITS(0), 1, 3},
    {"fill_tmpfs", fill_tmpfs, EXITS(0), 1, 3},
    {"memory_comes_zeroed", memory_comes_zeroed, EXITS(0), 1, 4},
    {"random_mappings", random_mappings, DIES_OF(SIGKILL), 4, 10},
    {0},
};
