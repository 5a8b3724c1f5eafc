// execve(): what survives it (descriptors, ids, masks, directory) and what does not (handlers, close-on-exec).
#include "check.h"

int main(int argc, char** argv) {
    sigset_t set;
    struct sigaction action;
    char path[64];
    if (argc > 1) {
        SAY("descriptor 5: %d, descriptor 6: %d", fcntl(5, F_GETFD), fcntl(6, F_GETFD));
        sigaction(SIGUSR1, NULL, &action);
        SAY("handled signal: %s", action.sa_handler == SIG_DFL ? "default" : "not default");
        sigaction(SIGUSR2, NULL, &action);
        SAY("ignored signal: %s", action.sa_handler == SIG_IGN ? "ignored" : "not ignored");
        sigprocmask(SIG_BLOCK, NULL, &set);
        SAY("blocked: SIGHUP %d SIGINT %d", sigismember(&set, SIGHUP), sigismember(&set, SIGINT));
        sigpending(&set);
        SAY("pending: SIGHUP %d", sigismember(&set, SIGHUP));
        SAY("umask %o, directory %s", umask(0), getcwd(path, sizeof path));
        SAY("same pid: %d", atoi(argv[1]) == getpid());
        SAY("alarm left: %d", alarm(0) > 0);
        prctl(PR_GET_NAME, path);
        SAY("name %s", path);
        stack_t stack;
        sigaltstack(NULL, &stack);
        SAY("alternate stack: %s", stack.ss_flags & SS_DISABLE ? "none" : "kept");
        return done();
    }
    dup2(0, 5), dup3(0, 6, O_CLOEXEC);
    handle(SIGUSR1, (void (*)(int))abort, 0);
    signal(SIGUSR2, SIG_IGN);
    set = set_of(SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGHUP);
    umask(031);
    mkdir("there", 0777), chdir("there");
    alarm(100);
    static char alternate[16384];
    sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = sizeof alternate}, NULL);
    snprintf(path, sizeof path, "%d", getpid());
    execl(argv[0], argv[0], path, NULL);
    FAILS(0, -1);
    return done();
}
