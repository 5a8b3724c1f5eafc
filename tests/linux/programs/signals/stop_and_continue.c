// A stopped process does not run; SIGCONT and SIGKILL reach it, others wait.
#include "check.h"

int main(void) {
    volatile long* count = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = SPAWN(for (;;)(*count)++);
    nap_ms(30);
    OK(kill(child, SIGSTOP));
    int status;
    waitpid(child, &status, WUNTRACED);
    long before = *count;
    nap_ms(50);
    TRUE(*count == before);
    OK(kill(child, SIGTERM));
    nap_ms(30);
    IS(0, waitpid(child, &status, WNOHANG));
    OK(kill(child, SIGCONT));
    check_end(child, "SIGTERM");
    child = SPAWN(raise(SIGSTOP));
    waitpid(child, &status, WUNTRACED);
    OK(kill(child, SIGKILL));
    check_end(child, "SIGKILL");
    return done();
}
