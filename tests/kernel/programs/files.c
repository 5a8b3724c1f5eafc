// Descriptors, pipes and files of programs that die in the middle; programs that are none.
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void sleep_ms(long milliseconds) {
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

// Dies with all of them open.
static void use_up_descriptors(void) {
    CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){256, 256}) == 0);
    int count = 0;
    int pair[2];
    for (;; ++count) {
        const int kind = count % 4;
        const int made = kind == 0   ? open("/init", O_RDONLY)
                         : kind == 1 ? pipe(pair)
                         : kind == 2 ? eventfd(0, 0)
                                     : open("/proc/self/status", O_RDONLY);
        if (made < 0) break;
    }
    CHECK(errno == EMFILE && count > 150);
    CHECK(pipe(pair) == -1 && errno == EMFILE);
    kill(getpid(), SIGKILL);
}

// Blocked in write, the pipe full; and in read, the pipe empty.
static void killed_in_pipe_io(void) {
    static char block[300000];
    int full[2];
    int empty[2];
    CHECK(pipe(full) == 0 && pipe(empty) == 0);
    const int writer = fork();
    if (writer == 0) _exit(write(full[1], block, sizeof(block)) == 0);
    const int reader = fork();
    if (reader == 0) _exit(read(empty[0], block, sizeof(block)) == 0);
    wait_until_asleep(writer);
    wait_until_asleep(reader);
    CHECK(kill(writer, SIGKILL) == 0 && kill(reader, SIGKILL) == 0);
    CHECK(status_of(writer) == SIGKILL && status_of(reader) == SIGKILL);
    // The pipes are whole: what was written can be read.
    CHECK(read(full[0], block, 4096) == 4096 && write(empty[1], block, 10) == 10);
}

static void killed_in_file_io(void) {
    const int writer = fork();
    if (writer == 0) {
        static char block[20000];
        const int file = open("/tmp/growing", O_CREAT | O_RDWR | O_TRUNC, 0600);
        while (1) {
            (void)!write(file, block, sizeof(block));
            (void)!pread(file, block, sizeof(block), 100);
            if (lseek(file, 0, SEEK_CUR) > 1 << 20) (void)!ftruncate(file, lseek(file, 0, SEEK_SET));
        }
    }
    while (access("/tmp/growing", F_OK) != 0) sleep_ms(1);
    sleep_ms(5);
    CHECK(kill(writer, SIGKILL) == 0 && status_of(writer) == SIGKILL);
    CHECK(unlink("/tmp/growing") == 0);
}

// Names, links and folders made and taken away again.
static void names_come_and_go(void) {
    CHECK(mkdir("/tmp/folder", 0700) == 0);
    for (int i = 0; i < 20; ++i) {
        char name[40] = "/tmp/folder/name-of-some-length-";
        name[strlen(name)] = (char)('a' + i);
        const int file = open(name, O_CREAT | O_WRONLY, 0600);
        CHECK(file >= 0 && write(file, name, sizeof(name)) == sizeof(name) && close(file) == 0);
        CHECK(link(name, "/tmp/folder/second") == 0 && symlink(name, "/tmp/folder/third") == 0);
        CHECK(rename("/tmp/folder/second", "/tmp/folder/fourth") == 0);
        CHECK(unlink("/tmp/folder/fourth") == 0 && unlink("/tmp/folder/third") == 0 && unlink(name) == 0);
        CHECK(access("/tmp/folder/nothing", F_OK) == -1 && errno == ENOENT);
    }
    CHECK(rmdir("/tmp/folder") == 0);
}

// ---- Programs that are none: our own, truncated and with wrong bytes in its headers.

static unsigned char program[1 << 20];
static size_t program_size;

static void read_program(void) {
    const int file = open("/init", O_RDONLY);
    const ssize_t size = read(file, program, sizeof(program));
    CHECK(size > 4096 && close(file) == 0);
    program_size = (size_t)size;
}

// Whatever comes of it, it is the child's trouble alone: an error, a death, or (if the byte did not matter) a run.
static void try_program(size_t size) {
    const int file = open("/tmp/broken", O_CREAT | O_WRONLY | O_TRUNC, 0700);
    CHECK(file >= 0 && write(file, program, size) == (ssize_t)size && close(file) == 0);
    const int child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CPU, &(struct rlimit){1, 1});
        execl("/tmp/broken", "/tmp/broken", "fpu", NULL);
        _exit(77);
    }
    (void)status_of(child);
    CHECK(unlink("/tmp/broken") == 0);
}

static void truncated_programs(void) {
    read_program();
    static const size_t SIZES[] = {0, 1, 4, 16, 52, 63, 64, 65, 100, 119, 120, 200, 500, 4095, 4096, 8192};
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); ++i) try_program(SIZES[i]);
}

static void malformed_programs(void) {
    read_program();
    enum { HEADERS = 64 + 5 * 56 };
    static unsigned char good[HEADERS];
    memcpy(good, program, HEADERS);
    uint32_t state = 4711;
    for (int i = 0; i < 40; ++i) {
        for (int changes = 0; changes < 1 + i % 3; ++changes) {
            state = state * 1664525 + 1013904223;
            static const unsigned char VALUES[] = {0, 0xff, 0x7f, 0x80, 1, 0x10};
            program[4 + (state >> 8) % (HEADERS - 4)] = VALUES[(state >> 24) % sizeof(VALUES)];
        }
        try_program(program_size);
        memcpy(program, good, HEADERS);
    }
}

// Entry points and addresses that are the kernel's.
static void programs_that_ask_for_kernel_memory(void) {
    static const uint64_t ADDRESSES[] = {0,     0x800000000000,    0xffffffff80200000, 0x7ffffffff000,
                                         ~0ULL, 0xffff800000000000};
    read_program();
    for (size_t i = 0; i < sizeof(ADDRESSES) / sizeof(ADDRESSES[0]); ++i) {
        uint64_t* const words = (uint64_t*)program;
        const uint64_t old_entry = words[3];
        words[3] = ADDRESSES[i];
        try_program(program_size);
        words[3] = old_entry;
        // p_vaddr, p_filesz, p_memsz of the first program header.
        for (int field = 0; field < 4; ++field) {
            uint64_t* const word = &words[8 + 2 + (field == 0 ? 0 : field + 1)];
            const uint64_t old = *word;
            *word = ADDRESSES[i];
            try_program(program_size);
            *word = old;
        }
    }
}

// #! that leads to itself, to nothing, or has no end.
static void scripts_without_end(void) {
    static const char* const TEXTS[] = {"#!/tmp/script\n", "#!/nowhere\n", "#!",
                                        "#! \n",           "#!/tmp\n",     "#!/init"};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); ++i) {
        const int file = open("/tmp/script", O_CREAT | O_WRONLY | O_TRUNC, 0700);
        CHECK(file >= 0 && write(file, TEXTS[i], strlen(TEXTS[i])) > 0 && close(file) == 0);
        const int child = fork();
        if (child == 0) {
            execl("/tmp/script", "/tmp/script", "fpu", NULL);
            _exit(77);
        }
        (void)status_of(child);
    }
    CHECK(unlink("/tmp/script") == 0);
}

const struct test file_tests[] = {
    {"use_up_descriptors", use_up_descriptors, DIES_OF(SIGKILL), 2, 10},
    {"killed_in_pipe_io", killed_in_pipe_io, EXITS(0), 2, 10},
    {"killed_in_file_io", killed_in_file_io, EXITS(0), 2, 10},
    {"names_come_and_go", names_come_and_go, EXITS(0), 4, 10},
    {"truncated_programs", truncated_programs, EXITS(0), 1, 4},
    {"malformed_programs", malformed_programs, EXITS(0), 1, 3},
    {"programs_that_ask_for_kernel_memory", programs_that_ask_for_kernel_memory, EXITS(0), 1, 3},
    {"scripts_without_end", scripts_without_end, EXITS(0), 2, 10},
    {0},
};
