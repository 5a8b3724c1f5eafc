// CLONE_PARENT_SETTID, CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID write the child's number where asked.
#include "check.h"

int main(void) {
    static pid_t parent_tid, child_tid;
    pid_t child = syscall(SYS_clone, SIGCHLD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID, NULL, &parent_tid,
                          &child_tid, 0);
    if (child == 0) _exit(child_tid == getpid() ? 0 : 1);
    TRUE(parent_tid == child);
    IS(0, child_tid);
    check_end(child, "exit 0");
    pid_t* shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *shared = 77;
    child = syscall(SYS_clone, SIGCHLD | CLONE_CHILD_SETTID, NULL, NULL, shared, 0);
    if (child == 0) _exit(0);
    check_end(child, "exit 0");
    TRUE(*shared == child);
    child = syscall(SYS_clone, 0, NULL, NULL, NULL, 0);
    if (child == 0) _exit(6);
    int status;
    FAILS(ECHILD, waitpid(child, &status, 0));
    TRUE(waitpid(child, &status, __WCLONE) == child);
    SAY("%s", ending(status));
    signal(SIGUSR1, SIG_IGN);
    child = syscall(SYS_clone, SIGUSR1, NULL, NULL, NULL, 0);
    if (child == 0) _exit(8);
    TRUE(waitpid(child, &status, __WALL) == child);
    SAY("%s", ending(status));
    return done();
}
