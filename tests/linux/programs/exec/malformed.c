// Broken ELF files: each is refused with an errno or dies by itself, and harms nobody else.
#include "check.h"

static unsigned char image[1 << 20];
static size_t size;
static char* const none[] = {NULL};

static void attempt(const char* what, size_t length) {
    unlink("broken");
    int fd = open("broken", O_CREAT | O_TRUNC | O_WRONLY, 0755);
    write(fd, image, length);
    close(fd);
    pid_t child = fork();
    if (child == 0) {
        char* const arguments[] = {"broken", "child", NULL};
        execve("broken", arguments, none);
        _exit(errno);
    }
    int status;
    waitpid(child, &status, 0);
    int error = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    // Linux sees some mistakes only when there is no way back; to refuse them earlier is as good.
    SAY("%s: %s", what, error == 111 ? "runs" : error == ENOEXEC ? "ENOEXEC" : "refused or killed");
}

static void with(const char* what, size_t offset, const void* bytes, size_t count) {
    unsigned char saved[64];
    memcpy(saved, image + offset, count);
    memcpy(image + offset, bytes, count);
    attempt(what, size);
    memcpy(image + offset, saved, count);
}

int main(int argc, char** argv) {
    if (argc > 1) return 111;
    size = read(open(argv[0], O_RDONLY), image, sizeof image);
    attempt("whole", size);
    attempt("4 bytes", 4);
    attempt("half a header", 32);
    attempt("header only", 64);
    attempt("header and half a table", 64 + 30);
    with("bad magic", 1, "XLF", 3);
    with("32 bit class", 4, "\1", 1);
    with("big endian", 5, "\2", 1);
    with("relocatable", 16, "\1", 1);
    with("core", 16, "\4", 1);
    with("machine", 18, "\3", 1);
    with("no program headers", 56, "\0\0", 2);
    with("65535 program headers", 56, "\xff\xff", 2);
    with("program header size", 54, "\x20", 1);
    with("table beyond the file", 32, "\xff\xff\xff\x7f", 4);
    with("table at the end of the world", 32, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    with("entry 0", 24, "\0\0\0\0\0\0\0\0", 8);
    with("entry in the kernel", 24, "\0\0\0\x81\xff\xff\xff\xff", 8);
    with("entry not canonical", 24, "\0\0\0\0\0\x90\0\0", 8);
    size_t load = 64;
    while (*(unsigned*)(image + load) != 1) load += 56;
    with("segment at a kernel address", load + 16, "\0\0\0\x81\xff\xff\xff\xff", 8);
    with("segment wraps", load + 40, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    with("file size above memory size", load + 40, "\1\0\0\0\0\0\0\0", 8);
    with("segment beyond the file", load + 8, "\0\0\0\x10\0\0\0\0", 8);
    with("offset not congruent", load + 8, "\7", 1);
    with("a huge segment", load + 40, "\0\0\0\0\0\x40\0\0", 8);
    with("an interpreter that is no string", load, "\3", 1);
    attempt("whole again", size);
    return done();
}
