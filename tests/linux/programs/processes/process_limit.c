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
    // A zombie counts, and who becomes another user counts there from then on.
    int out[2], changed[2];
    OK(pipe(out));
    OK(pipe(changed));
    const pid_t leaver = SPAWN({
        char byte;
        OK(setresuid(1234, 1234, 0));
        write(changed[1], "x", 1);
        read(out[0], &byte, 1);
        OK(setresuid(0, 0, 0));
        write(changed[1], "x", 1);
        for (;;) pause();
    });
    char byte;
    IS(1, read(changed[0], &byte, 1));
    CHILD("exit 0", {
        struct rlimit limit = {3, 3};
        OK(setrlimit(RLIMIT_NPROC, &limit));
        become_user(1234, 1234);
        const pid_t zombie = SPAWN(_exit(0));
        siginfo_t information;
        OK(waitid(P_PID, (id_t)zombie, &information, WEXITED | WNOWAIT));
        FAILS(EAGAIN, fork());
        OK(waitpid(zombie, NULL, 0));
        CHILD("exit 0", FAILS(EAGAIN, fork()));
        write(out[1], "x", 1);
        IS(1, read(changed[0], &byte, 1));
        CHILD("exit 0", CHILD("exit 0", FAILS(EAGAIN, fork())));
    });
    kill(leaver, SIGKILL);
    OK(waitpid(leaver, NULL, 0));
    CHILD("exit 0", {
        struct rlimit limit = {0, 0};
        setrlimit(RLIMIT_NPROC, &limit);
        CHILD("exit 0", SAY("root is not bound"));
    });
    return done();
}
