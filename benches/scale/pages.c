// One operation on a file, or on memory, of n pages.
#include "scale.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int file;
static long pages;
static char* memory;

// `count` pages that are there, and one more.
static void fill_file(long count) {
    pages = count;
    file = open("pages", O_RDWR | O_CREAT | O_TRUNC, 0600);
    REQUIRE(file >= 0);
    for (long i = 0; i <= count; ++i) REQUIRE(CALL4(SYS_pwrite64, file, buffer, PAGE, i * PAGE) == PAGE);
}
// A hole of `count` pages, and one page behind it.
static void make_hole(long count) {
    pages = count;
    file = open("hole", O_RDWR | O_CREAT | O_TRUNC, 0600);
    REQUIRE(file >= 0 && CALL4(SYS_pwrite64, file, buffer, PAGE, count * PAGE) == PAGE);
}
static void fill_memory(long count) {
    pages = count;
    memory = mmap(NULL, (count + 2) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    madvise(memory, (count + 2) * PAGE, MADV_NOHUGEPAGE);  // the same pages on every kernel
    for (long i = 0; i < count + 2; ++i) memory[i * PAGE] = 1;
}

static void read_last(void) { REQUIRE(CALL4(SYS_pread64, file, buffer, PAGE, pages * PAGE) == PAGE); }
static void write_last(void) { REQUIRE(CALL4(SYS_pwrite64, file, buffer, PAGE, pages * PAGE) == PAGE); }
static void cut_last(void) { REQUIRE(CALL2(SYS_ftruncate, file, pages * PAGE) == 0); }
static void punch_last(void) { REQUIRE(CALL4(SYS_fallocate, file, 3, pages * PAGE, PAGE) == 0); }
static void cut_all(void) { REQUIRE(CALL2(SYS_ftruncate, file, 0) == 0); }
static void fill_again(void) {
    for (long i = 0; i <= pages; ++i) REQUIRE(CALL4(SYS_pwrite64, file, buffer, PAGE, i * PAGE) == PAGE);
}
static void seek_data(void) { REQUIRE(CALL3(SYS_lseek, file, 0, SEEK_DATA) == pages * PAGE); }
static void seek_hole(void) { REQUIRE(CALL3(SYS_lseek, file, 0, SEEK_HOLE) == (pages + 1) * PAGE); }
static void discard_one(void) { REQUIRE(CALL3(SYS_madvise, memory, PAGE, MADV_DONTNEED) == 0); }
static void touch_one(void) { memory[0] = 1; }
static void unmap_one(void) { REQUIRE(CALL2(SYS_munmap, memory + PAGE, PAGE) == 0); }
static void map_one(void) {
    REQUIRE(CALL6(SYS_mmap, memory + PAGE, PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == (long)memory + PAGE);
    memory[PAGE] = 1;
}
static void fork_one(void) { fork_and_wait(NULL); }

const struct Growth page_rows[] = {
    {"pages_pread", 128, NULL, fill_file, read_last, NULL, NULL},
    {"pages_pwrite", 128, NULL, fill_file, write_last, NULL, NULL},
    {"pages_truncate_last", 128, NULL, fill_file, cut_last, write_last, NULL},
    {"pages_punch_last", 128, NULL, fill_file, punch_last, write_last, NULL},
    {"pages_seek_data", 128, NULL, make_hole, seek_data, NULL, NULL},
    {"pages_discard_one", 128, NULL, fill_memory, discard_one, touch_one, NULL},
    {"pages_fault_one", 128, NULL, fill_memory, touch_one, discard_one, NULL},
    {"pages_munmap_one", 128, NULL, fill_memory, unmap_one, map_one, NULL},
    {"pages_seek_hole", 64, "each page is looked at", fill_file, seek_hole, NULL, NULL},
    {"pages_truncate_all", 64, "each page is freed", fill_file, cut_all, fill_again, NULL},
    {"pages_fork", 64, "each page is shared with the child", fill_memory, fork_one, NULL, NULL},
    {NULL},
};
