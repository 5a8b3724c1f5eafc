// O_CREAT|O_EXCL by many processes at once: just one of them makes each file.
#include "check.h"

int main(void) {
    int* made = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t children[5];
    for (int c = 0; c < 5; c++)
        children[c] = SPAWN(for (int i = 0; i < 50; i++) {
            char name[16];
            snprintf(name, sizeof name, "file%d", i);
            int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
            if (fd >= 0) __atomic_add_fetch(made, 1, __ATOMIC_SEQ_CST);
            close(fd);
            if (i % 5 == c) sched_yield();
        });
    for (int c = 0; c < 5; c++) check_end(children[c], "exit 0");
    IS(50, *made);
    return done();
}
