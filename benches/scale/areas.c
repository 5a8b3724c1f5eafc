// One operation on memory in a program with n areas.
#define _GNU_SOURCE
#include "scale.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAP_ANY(size, protection) \
    ((char*)CALL6(SYS_mmap, 0, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))

static char *field, *own;

// `count` areas of a page each, which differ in what they allow, and three pages that the operation is about.
static void make_areas(long count) {
    own = MAP_ANY(3 * PAGE, PROT_READ | PROT_WRITE);
    REQUIRE((long)own > 0);
    own[0] = own[PAGE] = own[2 * PAGE] = 1;
    if (count == 0) return;
    field = MAP_ANY(count * PAGE, PROT_READ | PROT_WRITE);
    REQUIRE((long)field > 0);
    for (long i = 0; i < count; i += 2) REQUIRE(CALL3(SYS_mprotect, field + i * PAGE, PAGE, PROT_READ) == 0);
}
// The same, with a page of nothing behind each.
static void make_holes(long count) {
    make_areas(0);
    if (count == 0) return;
    field = MAP_ANY(2 * count * PAGE, PROT_READ | PROT_WRITE);
    REQUIRE((long)field > 0);
    for (long i = 0; i < 2 * count; i += 2) REQUIRE(CALL2(SYS_munmap, field + i * PAGE, PAGE) == 0);
}

static void map_one(void) {
    char* map = MAP_ANY(PAGE, PROT_READ | PROT_WRITE);
    REQUIRE((long)map > 0 && CALL2(SYS_munmap, map, PAGE) == 0);
}
static void map_two_pages(void) {
    char* map = MAP_ANY(2 * PAGE, PROT_READ | PROT_WRITE);
    REQUIRE((long)map > 0 && CALL2(SYS_munmap, map, 2 * PAGE) == 0);
}
static void protect_middle(void) {
    REQUIRE(CALL3(SYS_mprotect, own + PAGE, PAGE, PROT_READ) == 0);
    REQUIRE(CALL3(SYS_mprotect, own + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
}
static void touch(void) { ++*(volatile char*)own; }
static void discard(void) { REQUIRE(CALL3(SYS_madvise, own, PAGE, MADV_DONTNEED) == 0); }
static void move_break(void) {
    char* const end = (char*)CALL1(SYS_brk, 0);
    REQUIRE((char*)CALL1(SYS_brk, end + PAGE) == end + PAGE && (char*)CALL1(SYS_brk, end) == end);
}
static void grow_and_shrink(void) {
    char* map = (char*)CALL6(SYS_mremap, own, 3 * PAGE, 6 * PAGE, MREMAP_MAYMOVE, 0, 0);
    REQUIRE((long)map > 0 && (char*)CALL6(SYS_mremap, map, 6 * PAGE, 3 * PAGE, 0, 0, 0) == map);
    own = map;
}
static void lock_one(void) {
    REQUIRE(CALL2(SYS_mlock, own + PAGE, PAGE) == 0 && CALL2(SYS_munlock, own + PAGE, PAGE) == 0);
}
static void ask_residency(void) {
    unsigned char there;
    REQUIRE(CALL3(SYS_mincore, own, PAGE, &there) == 0);
}
static void fork_one(void) { fork_and_wait(NULL); }
static void vfork_one(void) {
    int status = -1;
    const pid_t child = vfork();
    if (child == 0) _exit(0);
    REQUIRE(CALL4(SYS_wait4, child, &status, 0, NULL) == child && status == 0);
}
static void ask_usage(void) {
    struct rusage usage;
    REQUIRE(CALL2(SYS_getrusage, RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss > 0);
}
static void ask_cpu_clock(void) {
    struct timespec time;
    REQUIRE(CALL2(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &time) == 0);
}
static void read_start_of(const char* name) {
    const int file = (int)CALL3(SYS_open, name, O_RDONLY, 0);
    REQUIRE(file >= 0 && CALL3(SYS_read, file, buffer, 64) > 0 && CALL1(SYS_close, file) == 0);
}
static void read_statm(void) { read_start_of("/proc/self/statm"); }
static void read_stat(void) { read_start_of("/proc/self/stat"); }
static void read_status(void) { read_start_of("/proc/self/status"); }
static void read_maps(void) { read_start_of("/proc/self/maps"); }

static long areas;
static void make_counted_areas(long count) { make_areas(areas = count); }
static void unmap_all(void) {
    if (areas) REQUIRE(CALL2(SYS_munmap, field, areas * PAGE) == 0);
}
static void map_all_again(void) {
    CALL2(SYS_munmap, own, 3 * PAGE);
    make_areas(areas);
}

const struct Growth area_rows[] = {
    {"areas_mmap_munmap", 1024, NULL, make_areas, map_one, NULL, NULL},
    {"areas_mmap_beside_holes", 1024, NULL, make_holes, map_two_pages, NULL, NULL},
    {"areas_mprotect", 256, NULL, make_areas, protect_middle, NULL, NULL},
    {"areas_fault", 256, NULL, make_areas, touch, discard, NULL},
    {"areas_brk", 256, NULL, make_areas, move_break, NULL, NULL},
    {"areas_mremap", 256, NULL, make_areas, grow_and_shrink, NULL, NULL},
    {"areas_mlock", 256, NULL, make_areas, lock_one, NULL, NULL},
    {"areas_mincore", 256, NULL, make_areas, ask_residency, NULL, NULL},
    {"areas_getrusage", 256, NULL, make_areas, ask_usage, NULL, NULL},
    {"areas_cpu_clock", 256, NULL, make_areas, ask_cpu_clock, NULL, NULL},
    {"areas_statm", 256, NULL, make_areas, read_statm, NULL, NULL},
    {"areas_stat", 256, NULL, make_areas, read_stat, NULL, NULL},
    {"areas_status", 256, NULL, make_areas, read_status, NULL, NULL},
    {"areas_maps_start", 256, NULL, make_areas, read_maps, NULL, NULL},
    {"areas_vfork", 256, NULL, make_areas, vfork_one, NULL, NULL},
    {"areas_fork", 64, "each area is copied", make_areas, fork_one, NULL, NULL},
    {"areas_munmap_all", 64, "each area is taken out", make_counted_areas, unmap_all, map_all_again, NULL},
    {NULL},
};
