// RLIMIT_NPROC bounds a user's processes: fork gives EAGAIN, and goes on when some have ended.
#include "check.h"

int main(void) {
    CHILD("exit 0", {
        struct rlimit limit = {10, 10};
        OK(setrlimit(RLIMIT_NPROC, &limit));
        become_user(1234, 1234);
        pid_t children[20];
        int count = 0;
        while (count < 20 && (children[count] = fork()) >= 0) {
            if (children[count] == 0)
                for (;;) pause();
            count++;
        }
        SAY("%d children, then %s", count, error_name(errno));
        FAILS(EAGAIN, fork());
        for (int i = 0; i < count; i++) kill(children[i], SIGKILL);
        for (int i = 0; i < count; i++) waitpid(children[i], NULL, 0);
        CHILD("exit 0", SAY("again possible"));
    });
    CHILD("exit 0", {
        struct rlimit limit = {0, 0};
        setrlimit(RLIMIT_NPROC, &limit);
        CHILD("exit 0", SAY("root is not bound"));
    });
    return done();
}
