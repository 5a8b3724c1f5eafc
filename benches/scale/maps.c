// One operation on a file that is mapped n times.
#include "scale.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAP_FILE_PAGE(protection, page) \
    ((char*)CALL6(SYS_mmap, 0, PAGE, protection, MAP_SHARED, file, (page) * PAGE))

static int file;
static long maps;
static char* own;

static void open_file(long pages) {
    file = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    REQUIRE(file >= 0 && ftruncate(file, pages * PAGE) == 0);
}
static long protection_of(long map) { return map & 1 ? PROT_READ | PROT_WRITE : PROT_READ; }

// All of them map the first of the file's pages.
static void map_first_page(long count) {
    open_file(2);
    for (long i = 0; i < count; ++i) REQUIRE((long)MAP_FILE_PAGE(protection_of(i), 0) > 0);
}
// Each maps a page of its own, and the file has one more.
static void map_each_page(long count) {
    open_file((maps = count) + 1);
    for (long i = 0; i < count; ++i) REQUIRE((long)MAP_FILE_PAGE(protection_of(i), i) > 0);
    own = MAP_FILE_PAGE(PROT_READ | PROT_WRITE, count);
    REQUIRE((long)own > 0);
    own[0] = 1;
}
static void cut_all(void) { REQUIRE(CALL2(SYS_ftruncate, file, 0) == 0); }
static void extend_again(void) { REQUIRE(CALL2(SYS_ftruncate, file, 2 * PAGE) == 0); }
static void cut_last(void) { REQUIRE(CALL2(SYS_ftruncate, file, maps * PAGE) == 0); }
static void extend_last(void) {
    REQUIRE(CALL2(SYS_ftruncate, file, (maps + 1) * PAGE) == 0);
    own[0] = 1;
}
static void punch_last(void) { REQUIRE(CALL4(SYS_fallocate, file, 3, maps * PAGE, PAGE) == 0); }
static void touch_last(void) { own[0] = 1; }
static void map_once_more(void) {
    char* map = MAP_FILE_PAGE(PROT_READ, 0);
    REQUIRE((long)map > 0 && CALL2(SYS_munmap, map, PAGE) == 0);
}
static void write_page(void) { REQUIRE(CALL4(SYS_pwrite64, file, buffer, PAGE, 0) == PAGE); }
static void fault_last(void) { ++*(volatile char*)own; }
static void discard_last(void) { REQUIRE(CALL3(SYS_madvise, own, PAGE, MADV_DONTNEED) == 0); }
static void sync_last(void) { REQUIRE(CALL3(SYS_msync, own, PAGE, MS_SYNC) == 0); }

// In `count` processes, each with its own copy of a mapping.
static void map_in_processes(long count) {
    open_file(2);
    REQUIRE((long)MAP_FILE_PAGE(PROT_READ | PROT_WRITE, 0) > 0);
    for (long i = 0; i < count; ++i) {
        const pid_t child = fork();
        REQUIRE(child >= 0);
        while (child == 0) pause();
    }
    let_others_run();
}

const struct Growth map_rows[] = {
    {"maps_truncate_all", 32, "each mapping loses its page", map_first_page, cut_all, extend_again, NULL},
    {"maps_truncate_in_processes", 16, "each process's mapping loses its page", map_in_processes, cut_all,
     extend_again, NULL},
    {"maps_truncate_elsewhere", 128, NULL, map_each_page, cut_last, extend_last, NULL},
    {"maps_punch_elsewhere", 128, NULL, map_each_page, punch_last, touch_last, NULL},
    {"maps_mmap_munmap", 1024, NULL, map_first_page, map_once_more, NULL, NULL},
    {"maps_write", 128, NULL, map_first_page, write_page, NULL, NULL},
    {"maps_fault", 128, NULL, map_each_page, fault_last, discard_last, NULL},
    {"maps_msync", 128, NULL, map_each_page, sync_last, NULL, NULL},
    {NULL},
};
