// Mapping, faulting and protecting memory.
#include "bench.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAULT_PAGES = 1024 };

#define MAP_ANY(size) \
    ((char*)CALL6(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))

static char* area;

static enum Proof prove_map(void) {
    char* map = MAP_ANY(PAGE);
    REQUIRE((long)map > 0);
    *map = 'x';
    REQUIRE(*map == 'x' && CALL2(SYS_munmap, map, PAGE) == 0);
    // Nothing is there any more: the kernel itself cannot read it.
    int ends[2];
    REQUIRE(pipe(ends) == 0 && write(ends[1], map, 1) == -1);
    close(ends[0]);
    close(ends[1]);
    return PROVED;
}
static void run_map(long count) {
    while (count--) CALL2(SYS_munmap, MAP_ANY(PAGE), PAGE);
}
static void run_map_touch(long count) {
    while (count--) {
        volatile char* map = MAP_ANY(PAGE);
        *map = 1;
        CALL2(SYS_munmap, map, PAGE);
    }
}

// One fault a page; the mapping and the unmapping of the 4 MiB is shared by its 1024 faults.
static enum Proof prove_fault(void) {
    char* map = MAP_ANY(FAULT_PAGES * PAGE);
    REQUIRE((long)map > 0);
    for (long i = 0; i < FAULT_PAGES * PAGE; ++i) REQUIRE(map[i] == 0);
    memset(map, 1, FAULT_PAGES * PAGE);
    REQUIRE(munmap(map, FAULT_PAGES * PAGE) == 0);
    return PROVED;
}
static void run_fault(long count) {
    volatile char* map = MAP_ANY(count * PAGE);
    for (long page = 0; page < count; ++page) map[page * PAGE] = 1;
    CALL2(SYS_munmap, map, count * PAGE);
}

static void make_area(void) { REQUIRE((long)(area = MAP_ANY(16 * PAGE)) > 0 && memset(area, 1, 16 * PAGE)); }
static void remove_area(void) { munmap(area, 16 * PAGE); }
static enum Proof prove_protect(void) {
    int status;
    REQUIRE(CALL3(SYS_mprotect, area, PAGE, PROT_READ) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        *(volatile char*)area = 2;
        _exit(0);
    }
    REQUIRE(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == 11);
    REQUIRE(CALL3(SYS_mprotect, area, PAGE, PROT_READ | PROT_WRITE) == 0);
    *(volatile char*)area = 3;
    return PROVED;
}
static void run_protect(long count) {
    while (count--) {
        CALL3(SYS_mprotect, area, PAGE, PROT_READ);
        CALL3(SYS_mprotect, area, PAGE, PROT_READ | PROT_WRITE);
    }
}

// Pages given back and taken anew.
static enum Proof prove_discard(void) {
    memset(area, 1, 16 * PAGE);
    REQUIRE(CALL3(SYS_madvise, area, 16 * PAGE, MADV_DONTNEED) == 0);
    for (int i = 0; i < 16 * PAGE; ++i) REQUIRE(area[i] == 0);
    return PROVED;
}
static void run_discard(long count) {
    while (count--) {
        for (int page = 0; page < 16; ++page) ((volatile char*)area)[page * PAGE] = 1;
        CALL3(SYS_madvise, area, 16 * PAGE, MADV_DONTNEED);
    }
}

static enum Proof prove_brk(void) {
    char* end = (char*)CALL1(SYS_brk, 0);
    REQUIRE((char*)CALL1(SYS_brk, end + 16 * PAGE) == end + 16 * PAGE);
    memset(end, 1, 16 * PAGE);
    REQUIRE((char*)CALL1(SYS_brk, end) == end);
    return PROVED;
}
static void run_brk(long count) {
    char* const end = (char*)CALL1(SYS_brk, 0);
    while (count--) {
        CALL1(SYS_brk, end + PAGE);
        CALL1(SYS_brk, end);
    }
}

const struct Operation memory_operations[] = {
    {"mmap_munmap", 500, NULL, prove_map, run_map, NULL, NULL},
    {"mmap_touch_munmap", 500, NULL, prove_map, run_map_touch, NULL, NULL},
    {"page_fault", FAULT_PAGES, NULL, prove_fault, run_fault, NULL, NULL},
    {"mprotect_twice", 500, make_area, prove_protect, run_protect, remove_area, NULL},
    {"touch_discard_64k", 50, make_area, prove_discard, run_discard, remove_area, NULL},
    {"brk_twice", 500, NULL, prove_brk, run_brk, NULL, NULL},
    {NULL},
};
