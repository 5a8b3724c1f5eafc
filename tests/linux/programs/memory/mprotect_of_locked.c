// Locked private memory that becomes writable is copied at once: its pages are there without a write.
#include "check.h"

static void tell(const char* what, char* memory, int pages) {
    unsigned char there[8] = {0};
    OK(mincore(memory, pages * PAGE, there));
    char text[16];
    for (int i = 0; i < pages; i++) text[i] = there[i] & 1 ? '1' : '0';
    text[pages] = 0;
    SAY("%s: %s", what, text);
}

static char* map(int protection, int flags) {
    char* const memory = mmap(NULL, 4 * PAGE, protection, flags, -1, 0);
    TRUE(memory != MAP_FAILED);
    return memory;
}

int main(void) {
    char* memory = map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
    FAILS(ENOMEM, mlock(memory, 4 * PAGE));
    tell("nobody may touch it", memory, 4);
    OK(mprotect(memory + PAGE, PAGE, PROT_READ));
    tell("one can be read", memory, 4);
    OK(mprotect(memory + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE));
    tell("two can be written", memory, 4);
    munmap(memory + 3 * PAGE, PAGE);
    FAILS(ENOMEM, mprotect(memory, 4 * PAGE, PROT_WRITE));
    tell("all that is there, and then nothing", memory, 3);

    memory = map(PROT_NONE, MAP_SHARED | MAP_ANONYMOUS);
    mlock(memory, 4 * PAGE);
    OK(mprotect(memory, 2 * PAGE, PROT_READ | PROT_WRITE));
    tell("shared", memory, 4);

    memory = map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
    OK(syscall(SYS_mlock2, memory, 4 * PAGE, 1 /* MLOCK_ONFAULT */));
    OK(mprotect(memory, 2 * PAGE, PROT_READ | PROT_WRITE));
    tell("locked as it is touched", memory, 4);

    memory = map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
    OK(mprotect(memory, 2 * PAGE, PROT_READ | PROT_WRITE));
    tell("not locked", memory, 4);
    return done();
}
