// vfork(): the child has the parent's memory, and the parent waits until it is done with it.
#include "check.h"

int main(int argc, char** argv) {
    if (argc > 1) return 5;
    static volatile int shared;
    pid_t child = vfork();
    if (child == 0) {
        nap_ms(30);
        shared = 1;
        _exit(3);
    }
    IS(1, shared);
    check_end(child, "exit 3");
    child = vfork();
    if (child == 0) {
        execl(argv[0], argv[0], "x", NULL);
        _exit(1);
    }
    check_end(child, "exit 5");
    child = vfork();
    if (child == 0) {
        execl("/nothing", "nothing", NULL);
        shared = errno;
        _exit(4);
    }
    check_end(child, "exit 4");
    SAY("exec gave %s", error_name(shared));
    // The one that waits for it is deaf meanwhile.
    pid_t deaf = vfork();
    if (deaf == 0) {
        char path[64], state = 'R';
        snprintf(path, sizeof path, "/proc/%d/stat", getppid());
        // On several CPUs the child may run before the parent has begun to wait.
        for (int i = 0; i < 2000 && state == 'R'; i++) {
            if (i > 0) nap_ms(1);
            state = strrchr(content_of(path), ')')[2];
        }
        SAY("%c", state);
        _exit(0);
    }
    waitpid(deaf, NULL, 0);
    return done();
}
