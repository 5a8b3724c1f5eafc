// Taking every descriptor and every pipe, again and again, ends with errnos.
#include "check.h"

int main(void) {
    struct rlimit limit = {256, 256};
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int round = 0; round < 3; round++) {
        int count = 0, ends[2];
        while (pipe(ends) == 0) count++;
        SAY("%d pipes, %s", count, error_name(errno));
        for (int fd = 3; fd < 256; fd++) close(fd);
    }
    pid_t children[10];
    for (int i = 0; i < 10; i++)
        children[i] = SPAWN(int n = 0; while (open("/dev/null", O_RDONLY) >= 0) n++; _exit(n == 253 ? 0 : 1));
    for (int i = 0; i < 10; i++) check_end(children[i], "exit 0");
    return done();
}
