// Programs whose file ends too early: execve succeeds once the headers are there, and what is missing is SIGBUS when touched.
#include "check.h"

static char* const none[] = {NULL};

static void run(const char* what) {
    pid_t child = fork();
    if (child == 0) {
        char* const arguments[] = {"cut", "child", NULL};
        execve("cut", arguments, none);
        _exit(errno);
    }
    int status;
    waitpid(child, &status, 0);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    SAY("%s: %s", what, code == 111 ? "runs" : code != 0 ? error_name(code) : ending(status));
}

static void write_cut(const void* image, size_t length) {
    unlink("cut");
    int fd = open("cut", O_CREAT | O_TRUNC | O_WRONLY, 0755);
    write(fd, image, length);
    close(fd);
}

// This program itself, cut at many places.
static void cut_itself(const char* path) {
    static unsigned char image[1 << 20];
    const size_t size = read(open(path, O_RDONLY), image, sizeof image);
    struct {
        uint32_t type, flags;
        uint64_t offset, address, physical, in_file, in_memory, align;
    } header;
    char what[64];
    for (int at = 64; (memcpy(&header, image + at, sizeof header), header.type) == 1; at += 56) {
        const uint64_t end = header.offset + header.in_file;
        const uint64_t lengths[] = {header.offset + 1, (header.offset + end) / 2, end - 1, end & -PAGE,
                                    (end & -PAGE) + 1};
        for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
            write_cut(image, lengths[i]);
            snprintf(what, sizeof what, "segment with flags %x, cut %zu", header.flags, i);
            run(what);
        }
    }
    write_cut(image, size);
    run("whole");
}

// A program of few bytes, which ends with 111 and may touch its data first. Its data lie in page 1 of the file, which
// is not there.
static void made(const char* what, uint32_t data_flags, uint64_t data_in_file, uint64_t data_in_memory,
                 const char* code, size_t code_size) {
    static unsigned char image[PAGE];
    memset(image, 0, sizeof image);
    memcpy(image,
           "\x7f"
           "ELF\2\1\1",
           7);
    *(uint16_t*)(image + 16) = 2, *(uint16_t*)(image + 18) = 62, *(uint32_t*)(image + 20) = 1;
    *(uint64_t*)(image + 24) = 0x400100, *(uint64_t*)(image + 32) = 64;
    *(uint16_t*)(image + 52) = 64, *(uint16_t*)(image + 54) = 56, *(uint16_t*)(image + 56) = 2;
    const uint64_t segments[2][6] = {{0, 0x400000, 0x400000, 0x800, 0x800, PAGE},
                                     {PAGE, 0x410000, 0x410000, data_in_file, data_in_memory, PAGE}};
    for (int i = 0; i < 2; i++) {
        *(uint32_t*)(image + 64 + i * 56) = 1, *(uint32_t*)(image + 68 + i * 56) = i ? data_flags : 5;
        memcpy(image + 72 + i * 56, segments[i], 48);
    }
    memcpy(image + 0x100, code, code_size);
    write_cut(image, sizeof image);
    run(what);
}

#define EXIT "\xbf\x6f\0\0\0\xb8\xe7\0\0\0\x0f\x05"
#define LOAD "\x8a\x04\x25\0\0\x41\0"
#define STORE "\xc6\x04\x25\0\0\x41\0\1"

int main(int argc, char** argv) {
    if (argc > 1) return 111;
    cut_itself(argv[0]);
    for (uint32_t flags = 4; flags <= 6; flags += 2) {
        SAY("data with flags %x", flags);
        made("only data, untouched", flags, 0x800, 0x800, EXIT, sizeof EXIT);
        made("only data, read", flags, 0x800, 0x800, LOAD EXIT, sizeof LOAD EXIT);
        made("only data, written", flags, 0x800, 0x800, STORE EXIT, sizeof STORE EXIT);
        made("with zeros, untouched", flags, 0x800, 0x3000, EXIT, sizeof EXIT);
        made("with zeros, read", flags, 0x800, 0x3000, LOAD EXIT, sizeof LOAD EXIT);
        made("with zeros in the page, untouched", flags, 0x800, 0x900, EXIT, sizeof EXIT);
        made("zeros that start with a page, untouched", flags, 0x1000, 0x3000, EXIT, sizeof EXIT);
        made("only zeros", flags, 0, 0x3000, LOAD EXIT, sizeof LOAD EXIT);
    }
    return done();
}
