// A file that is cut and punched while many areas of several processes show it: split, moved, and copied by fork.
#include "check.h"

enum { PAGES = 48 };

static int file, ends[2];

static int can_read(const char* page) {
    char byte;
    if (write(ends[1], page, 1) != 1) return 0;
    return read(ends[0], &byte, 1) == 1;
}
static void show(const char* what, char* const* maps) {
    printf("%s: ", what);
    for (int i = 0; i < PAGES; i++) printf("%c", can_read(maps[i]) ? *maps[i] : '-');
    printf("\n");
    fflush(stdout);
}

int main(void) {
    char *shared[PAGES], *own[PAGES];
    OK(pipe(ends));
    file = OK(open("/tmp/cut", O_RDWR | O_CREAT | O_TRUNC, 0600));
    OK(ftruncate(file, PAGES * PAGE));
    char* whole = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char* copy = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    for (int i = 0; i < PAGES; i++) {
        whole[i * PAGE] = (char)('A' + i);
        shared[i] = whole + i * PAGE;
        own[i] = copy + i * PAGE;
        if (i % 3 == 0) *own[i] = 'z';
        if (i % 4 == 1) OK(mprotect(shared[i], PAGE, PROT_READ));
    }
    // Some pages lie elsewhere now, in no order.
    for (int i = 0; i < PAGES; i += 5) {
        char* target = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        shared[i] = mremap(shared[i], PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
        TRUE(shared[i] == target);
    }
    int start[2], finished[2];
    OK(pipe(start));
    OK(pipe(finished));
    const pid_t child = fork();
    if (child == 0) {
        char byte;
        for (int round = 0; round < 2; round++) {
            read(start[0], &byte, 1);
            show("child shared", shared);
            show("child own", own);
            write(finished[1], "x", 1);
        }
        _exit(0);
    }
    OK(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10 * PAGE, 4 * PAGE));
    for (int round = 0; round < 2; round++) {
        char byte;
        show("shared", shared);
        show("own", own);
        write(start[1], "x", 1);
        read(finished[0], &byte, 1);
        if (round == 0) OK(ftruncate(file, 30 * PAGE - 100));
    }
    int status;
    OK(waitpid(child, &status, 0));
    IS(0, status);
    OK(ftruncate(file, PAGES * PAGE));
    show("grown", shared);
    show("grown own", own);
    return done();
}
