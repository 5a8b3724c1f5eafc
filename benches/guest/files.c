// The contents of files on a tmpfs.
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int file, other;

static void open_files(void) {
    REQUIRE((file = open("content", O_RDWR | O_CREAT | O_TRUNC, 0644)) >= 0);
    REQUIRE((other = open("other", O_RDWR | O_CREAT | O_TRUNC, 0644)) >= 0);
    for (size_t i = 0; i < sizeof buffer; ++i) buffer[i] = (char)(i / PAGE + i);
    REQUIRE(write(file, buffer, MIB) == MIB && write(other, buffer, MIB) == MIB);
}
static void close_files(void) {
    close(file);
    close(other);
    unlink("content");
    unlink("other");
}

static enum Proof prove_pread(size_t size) {
    char* copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(copy != MAP_FAILED);
    REQUIRE(CALL4(SYS_pread64, file, copy, size, 0) == (long)size && memcmp(copy, buffer, size) == 0);
    munmap(copy, size);
    return PROVED;
}
static void run_pread(long count, size_t size) {
    while (count--) CALL4(SYS_pread64, file, buffer, size, 0);
}
static enum Proof prove_pwrite(size_t size) {
    buffer[0] ^= 0x55;
    buffer[size - 1] ^= 0x33;
    REQUIRE(CALL4(SYS_pwrite64, file, buffer, size, 0) == (long)size);
    return prove_pread(size);
}
static void run_pwrite(long count, size_t size) {
    while (count--) CALL4(SYS_pwrite64, file, buffer, size, 0);
}
#define SIZES(name, size)                                                      \
    static enum Proof prove_pread_##name(void) { return prove_pread(size); }   \
    static void run_pread_##name(long count) { run_pread(count, size); }       \
    static enum Proof prove_pwrite_##name(void) { return prove_pwrite(size); } \
    static void run_pwrite_##name(long count) { run_pwrite(count, size); }
SIZES(4k, 4 * KIB)
SIZES(64k, 64 * KIB)
SIZES(1m, MIB)

// A new file of 64 KiB: its pages are made anew each time.
static enum Proof prove_append(void) {
    struct stat status;
    REQUIRE(ftruncate(other, 0) == 0 && lseek(other, 0, SEEK_SET) == 0);
    REQUIRE(write(other, buffer, 64 * KIB) == 64 * KIB && fstat(other, &status) == 0);
    REQUIRE(status.st_size == 64 * KIB);
    return PROVED;
}
static void run_append(long count) {
    while (count--) {
        CALL2(SYS_ftruncate, other, 0);
        CALL4(SYS_pwrite64, other, buffer, 64 * KIB, 0);
    }
}

static enum Proof prove_sendfile(void) {
    off_t from = 0;
    char* copy = buffer + 64 * KIB;
    REQUIRE(ftruncate(other, 0) == 0 && lseek(other, 0, SEEK_SET) == 0);
    if (sendfile(other, file, &from, 64 * KIB) != 64 * KIB) return lacking("sendfile");
    REQUIRE(pread(file, buffer, 64 * KIB, 0) == 64 * KIB && pread(other, copy, 64 * KIB, 0) == 64 * KIB);
    REQUIRE(memcmp(buffer, copy, 64 * KIB) == 0);
    return PROVED;
}
static void run_sendfile(long count) {
    while (count--) {
        off_t from = 0;
        CALL3(SYS_lseek, other, 0, SEEK_SET);
        CALL4(SYS_sendfile, other, file, &from, 64 * KIB);
    }
}

static enum Proof prove_fstat(void) {
    struct stat status;
    REQUIRE(CALL2(SYS_fstat, file, &status) == 0 && status.st_size == MIB && S_ISREG(status.st_mode));
    return PROVED;
}
static void run_fstat(long count) {
    struct stat status;
    while (count--) CALL2(SYS_fstat, file, &status);
}

static enum Proof prove_lseek(void) {
    REQUIRE(CALL3(SYS_lseek, file, 5, SEEK_SET) == 5 && CALL3(SYS_lseek, file, 2, SEEK_CUR) == 7);
    return PROVED;
}
static void run_lseek(long count) {
    while (count--) CALL3(SYS_lseek, file, 0, SEEK_SET);
}

static enum Proof prove_dup(void) {
    const int copy = (int)CALL1(SYS_dup, file);
    char byte;
    REQUIRE(copy > file && pread(copy, &byte, 1, 0) == 1 && close(copy) == 0 &&
            pread(copy, &byte, 1, 0) == -1);
    return PROVED;
}
static void run_dup(long count) {
    while (count--) CALL1(SYS_close, CALL1(SYS_dup, file));
}

// A record lock, set and taken back, as sqlite and dpkg do.
static enum Proof prove_record_lock(void) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
    if (CALL3(SYS_fcntl, file, F_SETLK, &lock) != 0) return lacking("fcntl(F_SETLK)");
    const int again = open("content", O_RDWR);
    struct flock probe = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    REQUIRE(CALL3(SYS_fcntl, again, F_OFD_GETLK, &probe) == 0);
    REQUIRE(probe.l_type == F_WRLCK && probe.l_start == 10 && probe.l_len == 5);
    lock.l_type = F_UNLCK;
    REQUIRE(CALL3(SYS_fcntl, file, F_SETLK, &lock) == 0);
    probe = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET};
    REQUIRE(CALL3(SYS_fcntl, again, F_OFD_GETLK, &probe) == 0 && probe.l_type == F_UNLCK);
    close(again);
    return PROVED;
}
static void run_record_lock(long count) {
    struct flock set = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
    struct flock clear = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
    while (count--) {
        CALL3(SYS_fcntl, file, F_SETLK, &set);
        CALL3(SYS_fcntl, file, F_SETLK, &clear);
    }
}

// 64 KiB of a file, mapped, each page read, unmapped.
static enum Proof prove_map(void) {
    char* map = mmap(NULL, 64 * KIB, PROT_READ, MAP_SHARED, file, 0);
    REQUIRE(map != MAP_FAILED && pread(file, buffer, 64 * KIB, 0) == 64 * KIB);
    REQUIRE(memcmp(map, buffer, 64 * KIB) == 0 && munmap(map, 64 * KIB) == 0);
    return PROVED;
}
static void run_map(long count) {
    while (count--) {
        const volatile char* map = (char*)CALL6(SYS_mmap, 0, 64 * KIB, PROT_READ, MAP_SHARED, file, 0);
        for (int page = 0; page < 16; ++page) (void)map[page * PAGE];
        CALL2(SYS_munmap, map, 64 * KIB);
    }
}

static void open_files_beside_threads(void) { open_files(), start_idle_threads(); }
static void close_files_beside_threads(void) { stop_idle_threads(), close_files(); }

const struct Operation file_operations[] = {
    {"fstat", 1000, open_files, prove_fstat, run_fstat, close_files, NULL},
    {"lseek", 1000, open_files, prove_lseek, run_lseek, close_files, NULL},
    {"lseek_4_threads", 1000, open_files_beside_threads, prove_lseek, run_lseek, close_files_beside_threads,
     NULL},
    {"dup_close", 1000, open_files, prove_dup, run_dup, close_files, NULL},
    {"pread_4k", 1000, open_files, prove_pread_4k, run_pread_4k, close_files, NULL},
    {"pwrite_4k", 1000, open_files, prove_pwrite_4k, run_pwrite_4k, close_files, NULL},
    {"pread_64k", 100, open_files, prove_pread_64k, run_pread_64k, close_files, NULL},
    {"pwrite_64k", 100, open_files, prove_pwrite_64k, run_pwrite_64k, close_files, NULL},
    {"pread_1m", 10, open_files, prove_pread_1m, run_pread_1m, close_files, NULL},
    {"pwrite_1m", 10, open_files, prove_pwrite_1m, run_pwrite_1m, close_files, NULL},
    {"truncate_write_64k", 50, open_files, prove_append, run_append, close_files, NULL},
    {"sendfile_64k", 100, open_files, prove_sendfile, run_sendfile, close_files, NULL},
    {"record_lock_pair", 1000, open_files, prove_record_lock, run_record_lock, close_files, NULL},
    {"mmap_file_64k", 50, open_files, prove_map, run_map, close_files, NULL},
    {NULL},
};
